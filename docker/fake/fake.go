// Package fake is a Docker engine in memory, for unit tests. It passes the same suite as the real one (docker/dockertest).
//
//	engine := fake.New()
//	engine.AddImage(docker.Image{Tags: []string{"dokku/blog:latest"}, Cmd: []string{"serve"}})
//	engine.Behaviour = func(c docker.Container) fake.Behaviour {
//		return fake.Behaviour{Stdout: "listening\n", IP: "127.0.0.1"} // runs until it is stopped, then exits with 0
//	}
//	id, err := engine.Create(ctx, []string{"--name=blog.web.1", "--env=PORT=5000", "dokku/blog"})
//	err = engine.Start(ctx, id)
//	engine.Exit(id, 1)              // it crashes, with all that follows: events, restart policy
//	options := engine.Args(id)      // what it was created with
//	calls := engine.Calls()         // "Create blog.web.1", "Start 4f1c…", …
//
// Nothing runs in its containers: what a program would do is said by a Behaviour. Time is that of package time, so that
// testing/synctest governs it.
package fake

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// Engine is the fake. The exported fields are set before the first call, and not changed after.
type Engine struct {
	// Behaviour says what a container does, each time that it starts; nil: the zero Behaviour. It must not call the engine.
	Behaviour func(docker.Container) Behaviour
	// OnCall is asked before each call, with the method's name and what it is about (a container as the caller named
	// it, an image, or nothing). Its error is the call's. It may call the engine.
	OnCall func(method, subject string) error
	// BuildKit and Session get the engine's end of a connection that DialBuildKit or DialSession made, on a goroutine of
	// their own; they close it. Without them dialling fails.
	BuildKit, Session func(net.Conn)
	// DefaultLogDriver is the answer of LogDriver; empty: json-file.
	DefaultLogDriver string
	// Remaps is the answer of RemapsUsers.
	Remaps bool

	// Logins are the registries that ask for a login, with the one that they take, as "user:password". Others take
	// images from everybody.
	Logins map[string]string

	mu          sync.Mutex
	changed     chan struct{} // closed, and replaced, whenever something happened that somebody may wait for
	containers  []*container  // oldest first
	images      []*image      // oldest first
	remote      map[string]docker.Image
	networks    []docker.Network // oldest first
	subscribers []*subscriber
	addresses   int // given out so far
	calls       []string
}

var _ docker.Engine = (*Engine)(nil)

// Behaviour is what a program does. The zero value runs until it is told to stop, and then ends with exit code 0.
type Behaviour struct {
	StartError  string // Start fails with these words
	Stdout      string // written at the start
	Stderr      string // written at the start
	Exits       bool   // ends at once, with ExitCode
	ExitCode    int
	Farewell    string // written to stdout at the stop signal
	StopCode    int    // exit code at the stop signal
	IgnoresStop bool   // only SIGKILL ends it
	IP          string // its address, on each of its networks; empty: one of its own
	Health      string // "starting", "healthy" or "unhealthy"
	// Exec does what commands do that are run in it, on a goroutine of its own; nil: nothing, with exit code 0.
	Exec func(options docker.ExecOptions, stdin io.Reader, stdout, stderr io.Writer) (exitCode int)
}

// New returns an engine with the networks that every engine has, and no image.
func New() *Engine {
	e := &Engine{changed: make(chan struct{}), remote: map[string]docker.Image{}}
	for _, n := range []struct{ name, driver string }{{"bridge", "bridge"}, {"host", "host"}, {"none", "null"}} {
		e.networks = append(e.networks, newNetwork(n.name, n.driver, nil))
	}
	return e
}

// AddNetwork makes a network that containers may be in.
func (e *Engine) AddNetwork(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.networks = append(e.networks, newNetwork(name, "bridge", nil))
}

// Calls are the calls so far: the method's name and, after a space, what it was about.
func (e *Engine) Calls() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// Args is what a container was created with; zero when there is no such container.
func (e *Engine) Args(id string) Args {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.find(id); c != nil {
		return c.args
	}
	return Args{}
}

// Exit ends a running container's program by itself. Its restart policy applies.
func (e *Engine) Exit(id string, code int) { e.exitWith(id, code, false) }

// OOM ends a running container for lack of memory. Its restart policy applies.
func (e *Engine) OOM(id string) { e.exitWith(id, 137, true) }

func (e *Engine) exitWith(id string, code int, oom bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.find(id)
	if c == nil || !c.Running() {
		return
	}
	if oom {
		e.announce(c, "oom")
	}
	e.exit(c, code, oom)
}

// Write lets a container's program write to stdout and stderr.
func (e *Engine) Write(id, stdout, stderr string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.find(id); c != nil {
		c.write(stdout, stderr)
		e.change()
	}
}

// SetHealth is the result of a health check: "starting", "healthy" or "unhealthy".
func (e *Engine) SetHealth(id, health string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.find(id); c != nil {
		c.Health = health
		e.change()
	}
}

// enter is the first thing that every call does.
func (e *Engine) enter(ctx context.Context, method, subject string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	e.calls = append(e.calls, strings.TrimSpace(method+" "+subject))
	e.mu.Unlock()
	if e.OnCall != nil {
		return e.OnCall(method, subject)
	}
	return nil
}

// change wakes everybody who waits in waitFor. The caller holds mu.
func (e *Engine) change() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// waitFor waits until done, which is asked with mu held.
func (e *Engine) waitFor(ctx context.Context, done func() bool) error {
	for {
		e.mu.Lock()
		finished, changed := done(), e.changed
		e.mu.Unlock()
		if finished {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Version implements docker.Engine.
func (e *Engine) Version(ctx context.Context) (docker.Version, error) {
	if err := e.enter(ctx, "Version", ""); err != nil {
		return docker.Version{}, err
	}
	return docker.Version{Engine: "20.10.0-fake", API: "1.41", OS: "linux", Arch: "amd64"}, nil
}

// LogDriver implements docker.Engine.
func (e *Engine) LogDriver(ctx context.Context) (string, error) {
	if err := e.enter(ctx, "LogDriver", ""); err != nil {
		return "", err
	}
	if e.DefaultLogDriver != "" {
		return e.DefaultLogDriver, nil
	}
	return "json-file", nil
}

// RemapsUsers implements docker.Engine.
func (e *Engine) RemapsUsers(ctx context.Context) (bool, error) {
	return e.Remaps, e.enter(ctx, "RemapsUsers", "")
}

// DialBuildKit implements docker.Engine.
func (e *Engine) DialBuildKit(ctx context.Context) (net.Conn, error) {
	return e.dial(ctx, "DialBuildKit", e.BuildKit)
}

// DialSession implements docker.Engine.
func (e *Engine) DialSession(ctx context.Context, _ string, _ map[string][]string) (net.Conn, error) {
	return e.dial(ctx, "DialSession", e.Session)
}

func (e *Engine) dial(ctx context.Context, method string, serve func(net.Conn)) (net.Conn, error) {
	if err := e.enter(ctx, method, ""); err != nil {
		return nil, err
	}
	if serve == nil {
		return nil, docker.Errorf(docker.ErrNotFound, "this fake engine builds nothing: %s has nobody to talk to", method)
	}
	ours, theirs := net.Pipe()
	go serve(theirs) // ends when either closes
	return ours, nil
}

// newID is 64 random hex digits, like the engine's.
func newID() string {
	var id [32]byte
	_, _ = rand.Read(id[:]) // never fails: it ends the program instead
	return hex.EncodeToString(id[:])
}

// nextAddress is an address that no container had before. The caller holds mu.
func (e *Engine) nextAddress() string {
	e.addresses++
	return fmt.Sprintf("172.17.%d.%d", e.addresses/250, e.addresses%250+2)
}

// now is the time, without the part that Go adds for measuring.
func now() time.Time { return time.Now().UTC().Round(0) }
