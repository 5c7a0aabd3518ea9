package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/state"
)

// stateVersion is the version of the layout that this program writes. It is
// raised by a change that older programs cannot read, together with a step in
// upgrades. (What makes a Dokku's machine ours is plugins/migrate.)
const stateVersion = 1

// upgrades bring the state from version N to N+1, each once. One that is cut
// off is begun again, so it has to bear that.
var upgrades = map[int]func(*state.Store) error{}

// upgrade brings the state to stateVersion. A state newer than this program is
// refused.
func upgrade(store *state.Store, program string) error {
	return upgrader{to: stateVersion, steps: upgrades, program: program}.run(store)
}

// upgrader is upgrade for any version, program being the one that we are.
type upgrader struct {
	to      int
	steps   map[int]func(*state.Store) error
	program string
}

// run takes the state from one version to the next, after a backup of each.
// The version is written down after each step. A state without one is new, or
// a Dokku's: every program of ours has written its version at its start.
func (u upgrader) run(store *state.Store) error {
	path := store.LibPath("data", "slipway", "state-version")
	text, err := store.ReadFile(path)
	if err != nil {
		return err
	}
	version := u.to
	if text = strings.TrimSpace(text); text != "" {
		if version, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("cannot read the version of the state: %s says %q; it should be a number, such as %d", path, text, u.to)
		}
	}
	if version > u.to {
		return fmt.Errorf("the state in %s was written by a newer Slipway (state version %d, this is %s with version %d); start that version again, or restore the backup that it made: %s",
			store.Lib(), version, u.program, u.to, backupPath(store, u.to))
	}
	for ; version < u.to; version++ {
		step := u.steps[version]
		if step == nil {
			return fmt.Errorf("the state in %s has version %d, which this Slipway (%s) cannot bring to version %d; start an older one first", store.Lib(), version, u.program, u.to)
		}
		if err := backUp(store, backupPath(store, version)); err != nil {
			return fmt.Errorf("cannot back up the state before its upgrade: %w", err)
		}
		if err := step(store); err != nil {
			return fmt.Errorf("cannot upgrade the state from version %d: %w", version, err)
		}
		if err := writeVersion(store, path, version+1); err != nil {
			return err
		}
	}
	if text == strconv.Itoa(u.to) {
		return nil
	}
	return writeVersion(store, path, u.to)
}

func writeVersion(store *state.Store, path string, version int) error {
	return store.WriteFile(path, []byte(strconv.Itoa(version)+"\n"), 0o644)
}

// takeOver makes sure that one control plane at a time works on a state
// folder. release ends it; a process that dies ends it too.
func takeOver(cfg Config) (release func(), err error) {
	if err := os.MkdirAll(cfg.Lib, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the state folder: %w", err)
	}
	f, err := os.OpenFile(cfg.Lib+"/.slipwayd.lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the state folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another control plane works on %s already; stop it first (systemctl stop slipwayd)", cfg.Lib)
	}
	return func() { f.Close() }, nil
}
