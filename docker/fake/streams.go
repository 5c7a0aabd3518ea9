package fake

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// logLine is a line that a container's program wrote, with its end.
type logLine struct {
	at     time.Time
	stderr bool
	text   string
}

// write adds to the log. The caller holds the engine's mu.
func (c *container) write(stdout, stderr string) {
	add := func(text string, toStderr bool) {
		for line := range strings.Lines(text) {
			if c.TTY {
				line = strings.TrimSuffix(line, "\n") + "\r\n"
			}
			c.log = append(c.log, logLine{at: now(), stderr: toStderr && !c.TTY, text: line})
		}
	}
	add(stdout, false)
	add(stderr, true)
}

// Logs implements docker.Engine.
func (e *Engine) Logs(ctx context.Context, id string, options docker.LogOptions, stdout, stderr io.Writer) error {
	var c *container
	var next int // the first line to show
	err := e.onContainer(ctx, "Logs", "read the logs of", id, func(found *container) error {
		c = found
		if options.Tail >= 0 {
			next = max(0, len(c.log)-options.Tail)
		}
		return nil
	})
	for err == nil {
		var lines []logLine
		var ended bool
		err = e.waitFor(ctx, func() bool {
			lines, ended = c.log[next:], !c.Running() || !options.Follow
			return len(lines) > 0 || ended
		})
		next += len(lines)
		for _, line := range lines {
			if line.at.Before(options.Since) {
				continue
			}
			if err := line.print(options.Timestamps, stdout, stderr); err != nil {
				return fmt.Errorf("cannot read the logs of container %s: %w", id, err)
			}
		}
		if ended {
			break
		}
	}
	return err
}

func (l logLine) print(stamped bool, stdout, stderr io.Writer) error {
	to, text := stdout, l.text
	if l.stderr {
		to = stderr
	}
	if stamped {
		text = l.at.Format(time.RFC3339Nano) + " " + text
	}
	if to == nil {
		return nil
	}
	_, err := io.WriteString(to, text)
	return err
}

// Exec implements docker.Engine.
func (e *Engine) Exec(ctx context.Context, id string, options docker.ExecOptions, stdin io.Reader, stdout, stderr io.Writer) (exitCode int, err error) {
	if len(options.Cmd) == 0 {
		return 0, docker.Errorf(docker.ErrInvalid, "no command to run in container %s", id)
	}
	var run func(docker.ExecOptions, io.Reader, io.Writer, io.Writer) int
	err = e.onContainer(ctx, "Exec", "run a command in", id, func(c *container) error {
		if !c.Running() {
			return docker.Errorf(docker.ErrConflict, "Container %s is not running", c.ID)
		}
		run = c.behaviour.Exec
		return nil
	})
	if err != nil || run == nil {
		return 0, err
	}
	if stdin == nil {
		stdin = strings.NewReader("")
	}
	out, errs := &gate{to: stdout}, &gate{to: stderr}
	done := make(chan int, 1)
	go func() { done <- run(options, stdin, out, errs) }() // like a real command, it outlives ctx
	select {
	case exitCode = <-done:
		return exitCode, nil
	case <-ctx.Done():
		out.close()
		errs.close()
		return 0, ctx.Err()
	}
}

// gate passes on what is written until it is closed: the writer belongs to the caller of Exec, who has it back after.
type gate struct {
	mu sync.Mutex
	to io.Writer // nil when closed
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.to == nil {
		return len(p), nil
	}
	return g.to.Write(p)
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.to = nil
}
