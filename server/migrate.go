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
// migrations.
const stateVersion = 1

// migrations bring the state from version N to N+1, each once.
var migrations = map[int]func(*state.Store) error{}

// migrate brings the state to stateVersion, after copying the properties
// aside. A state newer than this program is refused.
func migrate(store *state.Store, program string) error {
	path := store.LibPath("data", "slipway", "state-version")
	text, err := store.ReadFile(path)
	if err != nil {
		return err
	}
	version := stateVersion
	if text != "" {
		if version, err = strconv.Atoi(strings.TrimSpace(text)); err != nil {
			return fmt.Errorf("cannot read the version of the state in %s: %w", path, err)
		}
	}
	if version > stateVersion {
		return fmt.Errorf("the state in %s was written by a newer Slipway (state version %d, this is %s with version %d); start that version again, or restore the backup it made",
			store.Lib(), version, program, stateVersion)
	}
	for ; version < stateVersion; version++ {
		backup := store.LibPath("data", "slipway", "backup-"+strconv.Itoa(version))
		if err := os.CopyFS(backup, os.DirFS(store.LibPath("config"))); err != nil && !os.IsExist(err) {
			return fmt.Errorf("cannot back up the state before its migration: %w", err)
		}
		if err := migrations[version](store); err != nil {
			return fmt.Errorf("cannot migrate the state from version %d: %w", version, err)
		}
	}
	return store.WriteFile(path, []byte(strconv.Itoa(stateVersion)+"\n"), 0o644)
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
