package cron

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

const (
	// ttl is how long a task may run, in seconds. Source: Dokku
	// plugins/cron/cron.go, DefaultTTLSeconds.
	ttl = 24 * 60 * 60
	// maxOutput bounds what is kept of the output of a run, in bytes.
	maxOutput = 256 << 10
)

// runner starts the runs that the ticker decides on, and follows them. group
// has a goroutine for each.
type runner struct {
	cron  *cron
	book  *book
	group sync.WaitGroup
}

func (r *runner) start(ctx context.Context, t task, due time.Time) {
	r.cron.host.Log.Info("a scheduled task is due", "app", t.scope(), "task", t.ID, "due", due)
	r.group.Go(func() {
		if t.Global {
			r.runCommand(ctx, t, due)
		} else {
			r.runContainer(ctx, t, due)
		}
	})
}

// runContainer has the scheduler start a container, which is kept when it ends
// until its output and its exit code are read.
func (r *runner) runContainer(ctx context.Context, t task, due time.Time) {
	var answer bytes.Buffer
	output := &capped{}
	printed := trigger.WithStreams(ctx, strings.NewReader(""), &answer, output)
	err := r.cron.schedule(printed, t, map[string]string{
		"DOKKU_DETACH_CONTAINER": "1", "DOKKU_DISABLE_TTY": "true", "DOKKU_RUN_TTL_SECONDS": strconv.Itoa(ttl),
		"SLIPWAY_FOLLOWED": "1",
	})
	name := lastLine(answer.String())
	switch {
	case ctx.Err() != nil && name == "":
		return // said as cut off at the next start
	case err != nil:
		code := command.ExitCode(err)
		said := strings.TrimSpace(output.String())
		if !errors.As(err, new(command.Exit)) {
			said = strings.TrimSpace(said + "\n" + err.Error())
		}
		r.finish(ctx, t, result{Due: due, ExitCode: &code, Error: lastLine(said)}, output)
		return
	}
	found, err := r.cron.host.Docker.Inspect(context.WithoutCancel(ctx), name) // it runs, whoever ends meanwhile
	if err != nil || !r.cron.isRun(found) {                                    // a scheduler that is not on this engine: it has run
		_, _ = output.Write(answer.Bytes())
		code := 0
		r.finish(ctx, t, result{Due: due, ExitCode: &code}, output)
		return
	}
	run := started{t.scope(), t.ID, active{Due: due, Container: found.ID}}
	r.book.change(run.scope, run.id, func(e *entry) { e.Active = append(e.Active, run.active) })
	if err := r.book.save(); err != nil {
		r.cron.host.Log.Error("a run is not followed after a restart", "app", t.App, "task", t.ID, "err", err)
	}
	r.follow(ctx, t, run, output)
}

// follow reads a run's output until it ends. When ctx ends the container goes on.
func (r *runner) follow(ctx context.Context, t task, run started, output *capped) {
	engine := r.cron.host.Docker
	logErr := engine.Logs(ctx, run.Container, docker.LogOptions{Follow: true, Tail: -1}, output, output)
	code, err := engine.Wait(ctx, run.Container)
	if ctx.Err() != nil {
		return
	}
	done := result{Due: run.Due}
	switch {
	case errors.Is(err, docker.ErrNotFound):
		done.Error = "its container was removed before its end was seen"
	case err != nil:
		done.Error = err.Error()
	default:
		done.ExitCode = &code
	}
	if logErr != nil && !errors.Is(logErr, docker.ErrNotFound) {
		r.cron.host.Log.Warn("the output of a task is not complete", "app", t.App, "task", t.ID, "err", logErr)
	}
	if err := engine.Remove(ctx, run.Container); err != nil && !errors.Is(err, docker.ErrNotFound) {
		r.cron.host.Log.Warn("the container of a task is left behind", "app", t.App, "container", run.Container, "err", err)
	}
	r.book.change(run.scope, run.id, func(e *entry) {
		e.Active = slices.DeleteFunc(e.Active, func(a active) bool { return a.Container == run.Container })
	})
	scheduler, err := r.cron.host.Store.Computed(selectedScheduler, t.App)
	if err == nil {
		err = r.cron.host.Bus.Event(ctx, "scheduler-post-run", scheduler, t.App, run.Container, strconv.Itoa(code))
	}
	if err != nil {
		r.cron.host.Log.Warn("a plugin failed after a task", "app", t.App, "task", t.ID, "err", err)
	}
	r.finish(ctx, t, done, output)
}

// adopt follows the runs that the last control plane started, and says which
// it did not get to start.
func (r *runner) adopt(ctx context.Context) {
	for _, cut := range r.book.cutOff() {
		r.sayMissed(ctx, task{ID: cut.id, App: cut.scope}, 1, cut.Due)
	}
	if err := r.book.save(); err != nil {
		r.cron.host.Log.Error("the missed runs are not written down", "err", err)
	}
	for _, run := range r.book.running() {
		t := task{ID: run.id, App: run.scope}
		if found, err := r.cron.tasks(run.scope); err == nil {
			for _, one := range found {
				if one.ID == run.id {
					t = one
				}
			}
		}
		r.group.Go(func() { r.follow(ctx, t, run, &capped{}) })
	}
}

// runCommand runs the command of a plugin, as the system user.
func (r *runner) runCommand(ctx context.Context, t task, due time.Time) {
	limited, cancel := context.WithTimeout(ctx, ttl*time.Second)
	defer cancel()
	output := &capped{}
	cmd := r.cron.host.Exec.Command(limited, "/bin/bash", "-c", t.line())
	cmd.Stdout, cmd.Stderr = output, output
	err := cmd.Run()
	done := result{Due: due}
	if cmd.ProcessState != nil {
		code := cmd.ProcessState.ExitCode()
		done.ExitCode = &code
	}
	if err != nil {
		done.Error = err.Error()
	}
	r.finish(ctx, t, done, output)
}

// finish writes down how a run ended; output may be nil.
func (r *runner) finish(ctx context.Context, t task, done result, output *capped) {
	log := r.cron.host.Log
	done.Ended = time.Now().UTC()
	if output != nil {
		path := r.logPath(t.scope(), t.ID)
		if err := r.cron.host.Store.WriteFile(path, []byte(output.String()), 0o600); err != nil {
			log.Warn("the output of a task is lost", "app", t.scope(), "task", t.ID, "err", err)
		} else {
			done.Log = path
		}
	}
	r.book.change(t.scope(), t.ID, func(e *entry) { e.end(done) })
	if err := r.book.save(); err != nil {
		log.Error("the end of a task is not written down", "app", t.scope(), "task", t.ID, "err", err)
	}
	if done.ExitCode != nil && *done.ExitCode == 0 {
		log.Info("a scheduled task has run", "app", t.scope(), "task", t.ID, "due", done.Due)
	} else {
		log.Warn("a scheduled task has failed", "app", t.scope(), "task", t.ID, "due", done.Due, "exit", exitText(done.ExitCode), "err", done.Error)
	}
	if output != nil {
		if err := r.mail(ctx, t, output.String()); err != nil {
			log.Warn("the output of a task is not mailed", "app", t.scope(), "task", t.ID, "err", err)
		}
	}
}

// sayMissed tells that runs were missed.
func (r *runner) sayMissed(ctx context.Context, t task, count int, last time.Time) {
	r.cron.host.Log.Warn("scheduled runs were missed", "app", t.scope(), "task", t.ID, "runs", count, "last", last)
	err := r.cron.host.Bus.Event(ctx, "slipway-cron-missed", t.scope(), t.ID, strconv.Itoa(count), last.Format(time.RFC3339))
	if err != nil {
		r.cron.host.Log.Warn("a plugin failed after a missed run", "app", t.scope(), "task", t.ID, "err", err)
	}
}

// logPath is where the output of a task's last run is. IDs may be longer than
// the name of a file.
func (r *runner) logPath(scope, id string) string {
	sum := sha256.Sum256([]byte(id))
	dir := r.cron.host.Store.DataDir("cron", scope)
	if scope == state.Global {
		dir = r.cron.host.Store.LibPath("data", "slipway", "cron")
	}
	return dir + "/" + hex.EncodeToString(sum[:8]) + ".log"
}

func exitText(code *int) string {
	if code == nil {
		return "unknown"
	}
	return strconv.Itoa(*code)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

// capped keeps the first maxOutput bytes of what is written to it.
type capped struct {
	mu   sync.Mutex
	data []byte
	lost int
}

var _ io.Writer = (*capped)(nil)

func (c *capped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	room := min(maxOutput-len(c.data), len(p))
	c.data = append(c.data, p[:room]...)
	c.lost += len(p) - room
	return len(p), nil
}

func (c *capped) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost > 0 {
		return fmt.Sprintf("%s\n[%d more bytes are left out]\n", c.data, c.lost)
	}
	return string(c.data)
}
