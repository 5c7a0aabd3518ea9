package tail

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// line is one line that a container wrote.
type line struct {
	source string // its name
	at     time.Time
	stamp  string // at, in the engine's own digits
	text   string
}

// parseLine takes the time off a line as the engine gives it with
// LogOptions.Timestamps. What has none, because it is the rest of a very long
// line, belongs to the line before it.
func parseLine(source, raw string, before line) line {
	stamp, text, _ := strings.Cut(raw, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return line{source: source, at: before.at, stamp: before.stamp, text: raw}
	}
	return line{source: source, at: at, stamp: stamp, text: text}
}

// byTime merges the lines of several containers. Lines of one container keep
// their order where their times are the same.
func byTime(collected [][]line) []line {
	all := slices.Concat(collected...)
	slices.SortStableFunc(all, func(a, b line) int { return a.at.Compare(b.at) })
	return all
}

// reader turns the output of one container into lines.
type reader struct {
	source string
	emit   func(line) // never called twice at once

	mu   sync.Mutex
	last line
}

// logs reads until the output ends or, with Follow, the container does. One
// that is gone has no output.
func (r *reader) logs(ctx context.Context, engine Engine, id string, options docker.LogOptions) error {
	take := func(raw string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.last = parseLine(r.source, raw, r.last)
		r.emit(r.last)
	}
	// Apart, so that half a line of the one does not end up in the other.
	stdout, stderr := command.Lines(take), command.Lines(take)
	options.Timestamps = true
	err := engine.Logs(ctx, id, options, stdout, stderr)
	_ = errors.Join(stdout.Close(), stderr.Close()) // never fail
	if errors.Is(err, docker.ErrNotFound) {
		return nil
	}
	return err
}

// Engine is what a View needs of docker.Engine, which says what
// the methods do.
type Engine interface {
	Logs(ctx context.Context, id string, options docker.LogOptions, stdout, stderr io.Writer) error
}
