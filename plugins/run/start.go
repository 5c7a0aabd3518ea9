package run

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule/attach"
)

type startArgs struct {
	Env      []string `flag:"env" short:"e" help:"set a variable KEY=VALUE, also repeatedly"`
	Labels   []string `flag:"label" help:"label the container KEY=VALUE, also repeatedly"`
	NoTTY    bool     `flag:"no-tty" help:"do not use the terminal"`
	ForceTTY bool     `flag:"force-tty" help:"give the container a terminal"`
	TTL      string   `flag:"ttl-seconds" default:"86400" help:"how long it may run"`
	App      string   `arg:"app"`
	Command  []string `arg:"cmd,optional"`
}

// interrupted is how long a container gets to end when its caller went away or
// pressed Ctrl-C.
const interrupted = 5 * time.Second

// errDeadline says that a container ran for as long as it may.
var errDeadline = errors.New("deadline of --ttl-seconds")

// attached runs a container for the caller and waits for its end.
func (r *run) attached(ctx context.Context, c *command.Call, in startArgs) error {
	if in.NoTTY && in.ForceTTY {
		return command.BadInput("Cannot specify both --force-tty and --no-tty")
	}
	if in.ForceTTY && c.TTY == nil {
		return command.BadInput("--force-tty needs a terminal. Call it with: ssh -t")
	}
	o, err := r.prepare(ctx, c, in)
	if err != nil {
		return err
	}
	o.terminal, o.stdin = c.TTY != nil && !in.NoTTY, true
	id, _, err := r.create(ctx, o)
	if err != nil {
		return err
	}
	code, err := r.attach(ctx, c, o, id)
	if err != nil {
		return err
	}
	if err := r.host.Bus.Event(ctx, "scheduler-post-run", "docker-local", o.app, id, itoa(code)); err != nil {
		return err
	}
	if code != 0 {
		return command.Exit{Code: code}
	}
	return nil
}

// attach starts the container and stays with it. However it leaves, the
// container does not go on.
func (r *run) attach(ctx context.Context, c *command.Call, o oneOff, id string) (code int, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.deadline, errDeadline)
	defer cancel()
	mode := attach.Streams
	if o.terminal {
		mode = attach.Terminal
	}
	said := &lastWords{}
	call := *c
	call.Out = command.NewOutput(c.Out.Stdout(), io.MultiWriter(c.Out.Stderr(), said))
	code, err = attach.Run(ctx, r.host.CLI, &call, mode, "container", "start", "--attach", "--interactive", id)
	if ctx.Err() != nil {
		return 0, r.abandon(ctx, c, o, id)
	}
	if err != nil {
		return 0, errors.Join(err, ignoreGone(r.host.Docker.Remove(ctx, id)))
	}
	return said.exitCode(id, code), nil
}

// abandon ends a container whose caller or whose time is gone.
func (r *run) abandon(ctx context.Context, c *command.Call, o oneOff, id string) error {
	cause := context.Cause(ctx)
	late := context.WithoutCancel(ctx)
	grace := interrupted
	if errors.Is(cause, errDeadline) {
		c.Out.Warn("The container has run for %d seconds and is stopped", int(o.deadline.Seconds()))
		cause = command.Exit{Code: 124} // as timeout(1) has it
		var err error
		if grace, err = r.grace(o.app); err != nil {
			return err
		}
	}
	// A container that was not started yet is not removed by its end.
	if err := ignoreGone(r.host.Docker.Stop(late, id, grace)); err != nil {
		return err
	}
	if err := ignoreGone(r.host.Docker.Remove(late, id)); err != nil {
		return err
	}
	return cause
}

func ignoreGone(err error) error {
	if errors.Is(err, docker.ErrNotFound) {
		return nil
	}
	return err
}

// detached starts a container and prints its name.
func (r *run) detached(ctx context.Context, c *command.Call, in startArgs) error {
	if in.NoTTY && in.ForceTTY {
		return command.BadInput("Cannot specify both --force-tty and --no-tty")
	}
	o, err := r.prepare(ctx, c, in)
	if err != nil {
		return err
	}
	o.terminal, o.stdin = in.ForceTTY, in.ForceTTY
	id, name, err := r.create(ctx, o)
	if err != nil {
		return err
	}
	if err := r.host.Docker.Start(ctx, id); err != nil {
		return errors.Join(err, ignoreGone(r.host.Docker.Remove(context.WithoutCancel(ctx), id)))
	}
	c.Out.Line("%s", name)
	return nil
}

// maxWords bounds what is kept of stderr, in bytes.
const maxWords = 4 << 10

// lastWords keeps the end of what docker wrote to stderr.
type lastWords struct {
	mu   sync.Mutex
	data []byte
}

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data = append(w.data, p...)
	if extra := len(w.data) - maxWords; extra > 0 {
		w.data = append(w.data[:0], w.data[extra:]...)
	}
	return len(p), nil
}

// exitCode tells a command that could not be run from one that exited with 1,
// as `docker run` does but not `docker container start`: 126 for a file that
// cannot be executed, 127 for one that is not there. Only docker's command line
// names the container by its whole ID.
func (w *lastWords) exitCode(id string, code int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	failed := bytes.Contains(w.data, []byte("failed to start containers: "+id))
	switch text := string(w.data); {
	case code != 1 || !failed:
		return code
	case strings.Contains(text, "executable file not found") || strings.Contains(text, "no such file or directory"):
		return 127
	case strings.Contains(text, "permission denied"):
		return 126
	}
	return code
}
