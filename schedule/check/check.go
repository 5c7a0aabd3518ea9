// Package check decides whether a container that was just started is fit to serve: it runs the health checks of app.json
// against it, or the default ones where the app says nothing.
//
//	target := check.Target{App: "blog", Process: "web", Index: 1, ContainerID: id, IP: "172.17.0.2", Port: 5000}
//	settings, err := check.Load(func(name string) (string, error) { return host.Computed("checks", name, "blog") })
//	err = check.Run(ctx, engine, target, check.Config{
//		Checks: check.OfType(appJSON.Healthchecks["web"], check.Startup), Web: true, Settings: settings,
//	}, out)
//
// The default: a web process is fit when its port accepts a connection, which is tried every 50 ms for up to 30 s, or
// where it would replace nothing that listens (Config.Lenient) when it still runs then; any other process when it has run
// for a second. Nothing waits longer than that: a process that exits is noticed at once.
// Once checks:set has set wait, timeout or attempts, Dokku's fixed waits are back; see Settings.
//
// Source of the kinds of check, their defaults and the lines shown: Dokku docs/deployment/zero-downtime-deploys.md, and
// appjson/healthcheck.go and commands/check.go of github.com/dokku/docker-container-healthchecker.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// Engine is what checks need of docker.Engine, which says what
// the methods do.
type Engine interface {
	Inspect(ctx context.Context, id string) (docker.Container, error)
	Wait(ctx context.Context, id string) (exitCode int, err error)
	Exec(ctx context.Context, id string, options docker.ExecOptions, stdin io.Reader, stdout, stderr io.Writer) (exitCode int, err error)
}

// Target is the container to check.
type Target struct {
	App         string
	Process     string // "web"
	Index       int    // from 1
	ContainerID string
	IP          string // "": the container shares the host's network
	Port        int    // $PORT; 0: it has none
	Host        string // the Host header of http checks, the app's first domain; "": the address
	TLS         bool   // the app has a certificate: http checks say X-Forwarded-Proto: https
}

// Dyno is the name of the process in messages: "web.1".
func (t Target) Dyno() string { return fmt.Sprintf("%s.%d", t.Process, t.Index) }

// Config says what to check.
type Config struct {
	Checks   []app.Healthcheck // of this process type; see OfType
	Web      bool              // it is routed to: without checks of its own its port must accept connections
	Lenient  bool              // a port that accepts none is warned of: it replaces nothing that did, and in Dokku such an app is deployed
	Settings Settings
}

// The types of checks in app.json. A check without a type is a startup check.
const (
	Startup   = "startup"
	Readiness = "readiness"
	Liveness  = "liveness"
)

// OfType keeps the checks of one type.
func OfType(checks []app.Healthcheck, kind string) []app.Healthcheck {
	var kept []app.Healthcheck
	for _, c := range checks {
		if c.Type == kind || (c.Type == "" && kind == Startup) {
			kept = append(kept, c)
		}
	}
	return kept
}

// Run checks one container and shows what it does. It returns nil when all checks passed; a check that only warns counts
// as passed. A failure is a command.Error with Dokku's sentence, whose reasons were shown before; when ctx ends, the
// error is ctx's own.
func Run(ctx context.Context, engine Engine, target Target, config Config, out *command.Output) error {
	return newRunner(engine).run(ctx, target, config, out)
}

// runner is what checks are run with; tests replace the network.
type runner struct {
	engine Engine
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

func newRunner(engine Engine) *runner {
	var dialer net.Dialer
	return &runner{engine: engine, dial: dialer.DialContext}
}

func (r *runner) run(ctx context.Context, t Target, c Config, out *command.Output) error {
	container, err := r.engine.Inspect(ctx, t.ContainerID)
	if err != nil {
		return fmt.Errorf("cannot check %s: %w", t.Dyno(), err)
	}
	probes := plan(t, c)
	out.Step("Executing %d healthchecks", len(probes))
	if !container.Running() {
		out.Warn("%s", exitSentence(t, container))
		return failed(t, probes)
	}
	for _, p := range probes {
		out.Text("Running healthcheck %s", p)
	}

	ctx, watched := r.watchExit(ctx, t.ContainerID)
	defer watched()
	began := container.StartedAt
	if c.Settings.fixed() {
		if err := sleepUntil(ctx, began.Add(c.Settings.firstWait())); err != nil {
			return r.ended(ctx, t, probes, err, out)
		}
	}
	failures := r.all(ctx, t, began, probes, out)
	if ctx.Err() != nil {
		return r.ended(ctx, t, probes, context.Cause(ctx), out)
	}
	if failures > 0 {
		return command.Fail("Could not start due to %d failed checks (%s)", failures, t.Dyno())
	}
	out.Text("All checks successful (%s)", t.Dyno())
	return nil
}

// all runs the probes at once and shows each result; it gives the number that failed and do not only warn.
func (r *runner) all(ctx context.Context, t Target, began time.Time, probes []probe, out *command.Output) (failures int) {
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, p := range probes {
		group.Go(func() {
			err := r.probe(ctx, t, began, p)
			if ctx.Err() != nil {
				return // the one reason is shown once, by ended
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				out.Text("Healthcheck succeeded name='%s'", p.Name)
				return
			}
			showOutput(err, out)
			out.Warn("Failure in name='%s': %v", p.Name, err)
			if !p.Warn {
				failures++
			}
			if err := r.onFailure(ctx, t, p, err); err != nil {
				out.Warn("Error in onFailure of name='%s': %v", p.Name, err)
			}
		})
	}
	group.Wait()
	return failures
}

// errExited says that the container's process ended while it was checked.
var errExited = errors.New("the process exited")

// watchExit ends the returned context with errExited as soon as the container does not run. The returned function ends
// the watch and waits for it.
func (r *runner) watchExit(ctx context.Context, id string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() { // ends with ctx, for which the returned function waits
		defer close(done)
		switch _, err := r.engine.Wait(ctx, id); {
		case err == nil || errors.Is(err, docker.ErrNotFound):
			cancel(errExited)
		case ctx.Err() == nil:
			cancel(fmt.Errorf("cannot watch the container: %w", err))
		}
	}()
	return ctx, func() { cancel(context.Canceled); <-done }
}

// ended is the error when the checks were cut short.
func (r *runner) ended(ctx context.Context, t Target, probes []probe, cause error, out *command.Output) error {
	if !errors.Is(cause, errExited) {
		return cause
	}
	container, err := r.engine.Inspect(context.WithoutCancel(ctx), t.ContainerID)
	if err != nil {
		return fmt.Errorf("%s exited and is gone: %w", t.Dyno(), err)
	}
	out.Warn("%s", exitSentence(t, container))
	return failed(t, probes)
}

func exitSentence(t Target, c docker.Container) string {
	switch {
	case c.OOMKilled:
		return fmt.Sprintf("%s was killed for lack of memory (exit code %d) before its checks passed", t.Dyno(), c.ExitCode)
	case c.Error != "":
		return fmt.Sprintf("%s could not be started: %s", t.Dyno(), c.Error)
	case c.Running(): // started anew by its restart policy
		return fmt.Sprintf("%s exited and was restarted before its checks passed", t.Dyno())
	}
	return fmt.Sprintf("%s exited with code %d before its checks passed", t.Dyno(), c.ExitCode)
}

// failed is the error of a container none of whose checks can pass any more.
func failed(t Target, probes []probe) error {
	n := 0
	for _, p := range probes {
		if !p.Warn {
			n++
		}
	}
	return command.Fail("Could not start due to %d failed checks (%s)", max(n, 1), t.Dyno())
}

// sleepUntil waits for a moment; the error is why ctx ended before.
func sleepUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
