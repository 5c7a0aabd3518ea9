package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin/metadata"
	"github.com/slipwayhq/slipway/plugin/remote"
	"github.com/slipwayhq/slipway/sdk/wire"
)

// peers are the plugins that are spoken to: a process or a server elsewhere. Each is made when it is first asked for.
type peers struct {
	host *Host

	mu     sync.Mutex
	all    map[string]*peer
	closed bool
	going  sync.WaitGroup // those that are being closed
}

// peer is one of them, and what it answers.
type peer struct {
	remote.Peer
	plugin Installed

	mu        sync.Mutex
	known     *wire.Registration
	greeted   bool      // it has said what it answers since we run
	failed    error     // of the last time that it was asked
	askAgain  time.Time // not before
	storePath string
}

// askDelay is how long a plugin that could not say what it answers is not asked again.
const askDelay = 30 * time.Second

// of is the peer of a plugin, nil for one of executables.
func (ps *peers) of(p Installed) *peer {
	if p.Metadata.Run.As == metadata.Executables {
		return nil
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if had, ok := ps.all[p.Name]; ok {
		if reflect.DeepEqual(had.plugin.Metadata.Run, p.Metadata.Run) {
			return had
		}
		ps.close(p.Name)
	}
	n := &peer{plugin: p, storePath: ps.host.Store.LibPath("data", "slipway", "plugins", p.Name+".json")}
	cfg := remote.Config{Name: p.Name, Slipway: ps.host.Version, Log: ps.host.log(), Registered: func(r wire.Registration) { ps.keep(n, r) }}
	if p.Metadata.Run.As == metadata.Process {
		n.Peer = remote.NewProcess(cfg, func(ctx context.Context) *exec.Cmd { return ps.host.program(ctx, p) })
	} else {
		n.Peer = remote.NewWeb(cfg, func() (remote.Target, error) { return ps.host.target(p) })
	}
	if ps.closed {
		n.Close()
	}
	if ps.all == nil {
		ps.all = map[string]*peer{}
	}
	ps.all[p.Name] = n
	return n
}

// close ends a peer, on a goroutine of its own. The caller holds mu.
func (ps *peers) close(name string) {
	if n := ps.all[name]; n != nil {
		delete(ps.all, name)
		ps.going.Go(n.Close)
	}
}

// only ends all peers but those of the plugins that take part.
func (ps *peers) only(members []Installed) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	stay := map[string]bool{}
	for _, p := range members {
		stay[p.Name] = true
	}
	for name := range ps.all {
		if !stay[name] {
			ps.close(name)
		}
	}
}

// closeAll ends all of them, waits for that, and starts none any more.
func (ps *peers) closeAll() {
	ps.mu.Lock()
	ps.closed = true
	for name := range ps.all {
		ps.close(name)
	}
	ps.mu.Unlock()
	ps.going.Wait()
}

// program prepares the program of a process plugin. Its environment is that of a hook without a command.
func (h *Host) program(ctx context.Context, p Installed) *exec.Cmd {
	argv := p.Metadata.Run.Command
	path := argv[0]
	if strings.Contains(path, "/") && !filepath.IsAbs(path) {
		path = filepath.Join(p.Dir, path)
	}
	cmd := h.Exec.Command(ctx, path, argv[1:]...)
	cmd.Dir = p.Dir
	if h.Exec.More != nil {
		cmd.Env = append(cmd.Env, h.Exec.More()...)
	}
	return cmd
}

// target is where an HTTP plugin is reached: its config may say it in place of its metadata.
func (h *Host) target(p Installed) (remote.Target, error) {
	run := p.Metadata.Run
	t := remote.Target{URL: run.URL, Auth: run.Auth}
	values, err := h.PluginConfig(p)
	if err != nil {
		return t, err
	}
	for _, v := range values {
		switch {
		case v.Key.Name == "url" && v.Value != "":
			t.URL = v.Value
		case v.Key.Name == "secret":
			t.Secret = v.Value
		}
	}
	switch {
	case t.URL == "":
		return t, command.Fail("It is not known where the plugin %s is. Say it: dokku plugin:config %s set url=https://…", p.Name, p.Name)
	case t.Auth != "none" && t.Secret == "":
		return t, command.Fail("The plugin %s has no secret yet. Give it the one that its server has: dokku plugin:config %s set secret=…", p.Name, p.Name)
	}
	if err := run.CheckURL(t.URL); err != nil {
		return t, command.Fail("The plugin %s cannot be reached: %w", p.Name, err)
	}
	return t, nil
}

// stored is what a plugin answers, kept so that it is known without starting the plugin, and when it cannot be started.
type stored struct {
	Of           string            `json:"of"` // the state of its files
	Registration wire.Registration `json:"registration"`
}

// registration is what the plugin answers, as far as is known: what it said since we run, or what it said before and its
// files are the same, or what it says when it is asked. Where it cannot be asked it is what it said last, whatever became of
// its files: a plugin that guards something must not open the door by not starting.
func (n *peer) registration(ctx context.Context) (wire.Registration, error) {
	n.mu.Lock()
	known, failed, wait := n.known, n.failed, time.Until(n.askAgain) > 0
	n.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	kept, of := n.kept()
	if kept != nil && of == n.files() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.known == nil {
			n.known = kept
		}
		return *n.known, nil
	}
	err := failed
	if !wait {
		var r wire.Registration
		if r, err = n.Registration(ctx); err == nil {
			return r, nil
		}
		n.mu.Lock()
		n.failed, n.askAgain = err, time.Now().Add(askDelay)
		n.mu.Unlock()
	}
	if kept != nil {
		return *kept, nil
	}
	return wire.Registration{}, err
}

// keep is called with what a plugin answers, each time that it says it.
func (ps *peers) keep(n *peer, r wire.Registration) {
	n.mu.Lock()
	n.known, n.greeted, n.failed = &r, true, nil
	n.mu.Unlock()
	text, err := json.Marshal(stored{Of: n.files(), Registration: r})
	if err == nil {
		err = ps.host.Store.WriteFile(n.storePath, text, 0o644)
	}
	if err != nil {
		ps.host.log().Warn("cannot keep what a plugin answers", "plugin", n.plugin.Name, "err", err)
	}
}

func (n *peer) kept() (r *wire.Registration, of string) {
	text, err := os.ReadFile(n.storePath)
	if err != nil {
		return nil, ""
	}
	var s stored
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, "" // it is written anew
	}
	return &s.Registration, s.Of
}

// files is the state of what the plugin is made of: the files in its folder, and its metadata. What is in folders below does
// not count.
func (n *peer) files() string {
	entries, err := os.ReadDir(n.plugin.Dir)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, e := range entries {
		if info, err := e.Info(); err == nil && !e.IsDir() {
			fmt.Fprintf(&b, "%s %d %d\n", e.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

// greet shakes hands once before the first call of an HTTP plugin; a process does it when it starts.
func (n *peer) greet(ctx context.Context) {
	n.mu.Lock()
	greeted := n.greeted
	n.mu.Unlock()
	if !greeted && n.plugin.Metadata.Run.As == metadata.HTTP {
		_, _ = n.Registration(ctx) // the call will say what is wrong
	}
}

// Handshake asks a plugin that is not enabled yet what it answers; one of executables has nothing to say.
func (x *External) Handshake(ctx context.Context, p Installed) error {
	n := x.peers.of(p)
	if n == nil {
		return nil
	}
	_, err := n.Registration(ctx)
	return err
}

// askAgain lets a plugin that could not say what it answers be asked at once: its config changed.
func (x *External) askAgain(name string) {
	x.peers.mu.Lock()
	n := x.peers.all[name]
	x.peers.mu.Unlock()
	if n != nil {
		n.mu.Lock()
		n.askAgain = time.Time{}
		n.mu.Unlock()
	}
}

// Forget ends what runs for a plugin, whose files changed or are gone. With gone nothing is kept of it.
func (x *External) Forget(name string, gone bool) error {
	x.peers.mu.Lock()
	x.peers.close(name)
	x.peers.mu.Unlock()
	x.peers.going.Wait()
	if !gone {
		return nil
	}
	err := os.Remove(x.host.Store.LibPath("data", "slipway", "plugins", name+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Close ends what runs for plugins.
func (x *External) Close() { x.peers.closeAll() }
