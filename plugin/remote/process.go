package remote

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/sdk/wire"
)

// Process is a plugin that is one program. It is started when it is first needed, and again when it is needed after it
// ended. One that ends soon after its start is waited for longer each time.
type Process struct {
	cfg Config
	// start prepares the program: with its environment, in a process group of its own, which ends with ctx.
	start func(ctx context.Context) *exec.Cmd

	mu       sync.Mutex
	program  *program
	failures int       // starts that came to nothing, in a row
	again    time.Time // not before
	last     error     // of the last start or end
	closed   bool
}

const (
	firstDelay = 250 * time.Millisecond
	mostDelay  = time.Minute
	// steady is how long a program must have run for its end not to count as a failed start.
	steady = 10 * time.Second
	// patient is how long a call waits for the next start; a later one is told to the user.
	patient = 2 * time.Second
)

// NewProcess is the plugin that start starts. Nothing is started yet.
func NewProcess(cfg Config, start func(ctx context.Context) *exec.Cmd) *Process {
	cfg.Log = cfg.Log.With("plugin", cfg.Name)
	return &Process{cfg: cfg, start: start}
}

// Registration implements Peer.
func (p *Process) Registration(ctx context.Context) (wire.Registration, error) {
	g, err := p.running(ctx)
	if err != nil {
		return wire.Registration{}, err
	}
	return g.registration, nil
}

// running is the program, started if need be.
func (p *Process) running(ctx context.Context) (*program, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, command.Fail("The plugin %s was stopped", p.cfg.Name)
	}
	if p.program != nil {
		select {
		case <-p.program.gone:
			p.note(p.program.err, time.Since(p.program.began) >= steady)
			p.program = nil
		default:
			return p.program, nil
		}
	}
	if wait := time.Until(p.again); wait > patient {
		return nil, command.Fail("The plugin %s does not run: %w. It is started again in %s", p.cfg.Name, p.last, wait.Round(time.Second))
	} else if wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	g, err := p.launch(ctx)
	if err != nil {
		p.note(err, false)
		return nil, command.Fail("The plugin %s does not run: %w", p.cfg.Name, err)
	}
	p.program = g
	return g, nil
}

// note keeps how the program ended, and when it is started again.
func (p *Process) note(err error, wasSteady bool) {
	p.last = err
	if wasSteady {
		p.failures = 0
	}
	delay := min(firstDelay<<min(p.failures, 10), mostDelay)
	p.failures++
	p.again = time.Now().Add(delay)
	p.cfg.Log.Warn("a plugin's program ended", "err", err, "again_in", delay)
}

// launch starts the program and shakes hands.
func (p *Process) launch(ctx context.Context) (*program, error) {
	g, err := startProgram(p.cfg.Log, p.start)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	if g.registration, err = g.hello(ctx, p.cfg); err != nil {
		g.kill()
		<-g.gone
		if errors.Is(err, errGone) {
			err = g.err
		}
		return nil, err
	}
	p.cfg.Log.Info("a plugin's program runs", "pid", g.cmd.Process.Pid)
	if p.cfg.Registered != nil {
		p.cfg.Registered(g.registration)
	}
	return g, nil
}

// Call implements Peer.
func (p *Process) Call(ctx context.Context, call wire.Call, caller Caller) error {
	g, err := p.running(ctx)
	if err != nil {
		return err
	}
	err = g.call(ctx, call, caller)
	if errors.Is(err, errGone) {
		<-g.gone
		return command.Fail("The plugin %s ended in the middle of %s: %w. What it said is in the log of slipwayd", p.cfg.Name, call.Name, g.err)
	}
	return err
}

// Close implements Peer: the program's input ends, and what is left of its group after a while is killed.
func (p *Process) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.program != nil {
		p.program.stop()
	}
}

// scrap logs what the program says on its standard error.
func scrap(log *slog.Logger) func(line string) {
	return func(line string) { log.Info("a plugin's stderr", "said", line) }
}
