package check

import (
	"context"
	"errors"
	"net"
	"time"
)

// How often a port that does not accept yet is tried: soon, because most apps are up within a second, and less often
// after a while.
const (
	pollFirst = 50 * time.Millisecond
	pollLast  = 250 * time.Millisecond
)

// dialTimeout bounds one connection: an address that does not answer at all must not use up the whole attempt.
const dialTimeout = 2 * time.Second

// probe runs one check until it passes, has failed as often as it may, or ctx ends.
func (r *runner) probe(ctx context.Context, t Target, began time.Time, p probe) error {
	if p.delay > 0 {
		if err := sleepUntil(ctx, began.Add(p.delay)); err != nil {
			return err
		}
	}
	switch p.kind {
	case kindUptime:
		return r.uptime(ctx, t, began, p)
	case kindCommand:
		return attempts(ctx, p, func(ctx context.Context) error { return r.command(ctx, t, p) })
	case kindListening:
		err := attempts(ctx, p, func(ctx context.Context) error { return r.listening(ctx, t, p) })
		return r.explain(ctx, t, p, err)
	}
	err := attempts(ctx, p, func(ctx context.Context) error { return r.http(ctx, t, p) })
	return r.explain(ctx, t, p, err)
}

// attempts tries up to p.attempts times, p.wait apart.
func attempts(ctx context.Context, p probe, try func(context.Context) error) error {
	for n := 1; ; n++ {
		began := time.Now()
		window := p.timeout
		if n < p.attempts && p.wait > 0 {
			window = p.wait
		}
		err := attempt(ctx, p, began.Add(window), try)
		if err == nil || n >= p.attempts || ctx.Err() != nil {
			return err
		}
		if err := sleepUntil(ctx, later(began.Add(p.wait), time.Now())); err != nil {
			return err
		}
	}
}

// attempt is one try; while the port does not accept, it is repeated until the end of the attempt's window.
func attempt(ctx context.Context, p probe, end time.Time, try func(context.Context) error) error {
	for pause := pollFirst; ; pause = min(pause*5/4, pollLast) {
		tryCtx, cancel := context.WithTimeout(ctx, p.timeout)
		err := try(tryCtx)
		cancel()
		again := time.Now().Add(pause)
		if err == nil || !p.poll || !isRefused(err) || again.After(end) {
			return err
		}
		if err := sleepUntil(ctx, again); err != nil {
			return err
		}
	}
}

// isRefused tells whether no connection came about.
func isRefused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
