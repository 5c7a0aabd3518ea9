package check

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/docker"
)

// Failure is a liveness check that failed as often in a row as it may.
type Failure struct {
	Target Target
	Name   string // of the check
	Reason error
}

// Watch runs liveness checks against a running container: each every wait seconds, until ctx ends, the container ends, or
// a check has failed attempts times in a row. Then it calls onFail once, on the goroutine that called Watch, and returns;
// the caller restarts the process and watches what it becomes. A check that only warns calls warn instead, which may be
// nil, and goes on. Without checks Watch returns at once.
//
// The error is that of ctx, or of an engine that does not answer; nil when the container ended or onFail was called.
func Watch(ctx context.Context, engine Engine, target Target, checks []app.Healthcheck, warn, onFail func(Failure)) error {
	return newRunner(engine).watch(ctx, target, checks, warn, onFail)
}

func (r *runner) watch(ctx context.Context, t Target, checks []app.Healthcheck, warn, onFail func(Failure)) error {
	if len(checks) == 0 {
		return nil
	}
	container, err := r.engine.Inspect(ctx, t.ContainerID)
	if err != nil {
		return fmt.Errorf("cannot watch %s: %w", t.Dyno(), err)
	}
	watchCtx, watched := r.watchExit(ctx, t.ContainerID)
	defer watched()
	watchCtx, stop := context.WithCancel(watchCtx)
	defer stop()
	failures := make(chan Failure, len(checks))
	var group sync.WaitGroup
	for _, h := range checks {
		group.Go(func() {
			if f, failed := r.live(watchCtx, t, container, newProbe(t, h, Settings{}), warn); failed {
				failures <- f
				stop()
			}
		})
	}
	group.Wait()
	select {
	case f := <-failures:
		onFail(f)
		return nil
	default:
		return ctx.Err()
	}
}

// live repeats one check until it has failed too often or ctx ends.
func (r *runner) live(ctx context.Context, t Target, c docker.Container, p probe, warn func(Failure)) (Failure, bool) {
	most := p.attempts
	p.attempts, p.poll = 1, false
	inARow := 0
	next := later(c.StartedAt.Add(p.delay), time.Now())
	p.delay = 0
	for {
		if sleepUntil(ctx, next) != nil {
			return Failure{}, false
		}
		err := r.probe(ctx, t, c.StartedAt, p)
		next = time.Now().Add(p.wait)
		switch {
		case ctx.Err() != nil:
			return Failure{}, false
		case err == nil:
			inARow = 0
			continue
		}
		if inARow++; inARow < most {
			continue
		}
		f := Failure{Target: t, Name: p.Name, Reason: err}
		_ = r.onFailure(ctx, t, p, err) // what to do with the process does not hang on its notice
		if !p.Warn {
			return f, true
		}
		if warn != nil {
			warn(f)
		}
		inARow = 0
	}
}
