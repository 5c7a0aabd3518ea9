package cron

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

const (
	// longestSleep is how soon a clock that was set is noticed.
	longestSleep = 15 * time.Second
	// rereadEvery is how soon a change is noticed that no trigger told of.
	rereadEvery = time.Minute
	// saveEvery is how often the book is written when nothing ran.
	saveEvery = 10 * time.Minute
	// maxMissed bounds how many missed runs of a task are counted at once.
	maxMissed = 10_000
)

// ticker runs tasks when they are due. One goroutine decides, in serve; each
// run is followed by another.
type ticker struct {
	cron   *cron
	book   *book
	runner *runner
	now    func() time.Time // the clock on the wall, which may be set at any time
	table  func(ctx context.Context) ([]task, error)
	start  func(ctx context.Context, t task, due time.Time)
	wake   chan struct{}

	tasks  []task
	readAt time.Time
	saved  time.Time
}

func newTicker(c *cron) *ticker {
	t := &ticker{cron: c, book: &book{store: c.host.Store}, table: c.scheduled, wake: make(chan struct{}, 1)}
	t.now = func() time.Time { return time.Now().Round(0) } // without the monotonic part, which does not see a clock being set
	t.runner = &runner{cron: c, book: t.book}
	t.start = t.runner.start
	return t
}

// reread lets the ticker read at once what is scheduled.
func (t *ticker) reread() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// serve runs tasks until ctx ends. Containers of tasks go on then, and the next
// control plane follows them.
func (t *ticker) serve(ctx context.Context) error {
	defer t.runner.group.Wait()
	if err := t.book.load(); err != nil {
		// Better to run tasks from now on than none at all.
		t.cron.host.Log.Error("it is not known which tasks have run; they run from now on", "err", err)
	}
	t.runner.adopt(ctx)
	for ctx.Err() == nil {
		next := t.tick(ctx)
		timer := time.NewTimer(min(max(next.Sub(t.now()), 0), longestSleep))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-t.wake:
			t.readAt = time.Time{}
		}
		timer.Stop()
	}
	t.book.markDirty()
	return t.book.save()
}

// tick starts what is due and tells when something is due next.
func (t *ticker) tick(ctx context.Context) (next time.Time) {
	now := t.now()
	t.read(ctx, now)
	from, back := t.book.advance(now)
	if back > 0 {
		t.cron.host.Log.Warn("the clock was set back; no task runs again for a time for which it has run", "by", back, "now", now)
	}
	type run struct {
		task
		due  time.Time
		lost int
	}
	var runs []run
	var missed []run
	next = now.Add(longestSleep)
	for _, one := range t.tasks {
		e := t.sight(one, now)
		if one.off() {
			continue
		}
		begin := from
		if e.Since.After(begin) {
			begin = e.Since
		}
		due, lost, lostAt := t.due(one, begin, now)
		if lost > 0 {
			t.book.change(one.scope(), one.ID, func(e *entry) { e.miss(lost, lostAt) })
			missed = append(missed, run{one, lostAt, lost})
		}
		if !due.IsZero() {
			t.book.change(one.scope(), one.ID, func(e *entry) { e.Fired = due })
			runs = append(runs, run{one, due, 0})
		}
		if at := one.due.Next(now); !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	if now.Sub(t.saved).Abs() >= saveEvery && len(t.tasks) > 0 {
		t.book.markDirty()
		t.saved = now
	}
	// Written down before anything starts: a crash here loses a run, which is then said to be cut off, and never
	// repeats one.
	if err := t.book.save(); err != nil {
		t.cron.host.Log.Error("tasks that are due do not run", "err", err, "tasks", len(runs))
		for _, r := range runs {
			t.runner.finish(ctx, r.task, result{Due: r.due, Error: "slipwayd could not write down that it runs"}, nil)
		}
		return next
	}
	for _, r := range missed {
		t.runner.sayMissed(ctx, r.task, r.lost, r.due)
	}
	for _, r := range runs {
		t.start(ctx, r.task, r.due)
	}
	return next
}

// off tells whether the ticker leaves a task alone.
func (t task) off() bool { return t.Maintenance || t.byCron }

// read rereads what is scheduled when it is time to, or was asked for.
func (t *ticker) read(ctx context.Context, now time.Time) {
	if !t.readAt.IsZero() && now.Sub(t.readAt).Abs() < rereadEvery {
		return
	}
	tasks, err := t.table(ctx)
	if err != nil {
		if ctx.Err() == nil {
			t.cron.host.Log.Error("cannot read what is scheduled; what was scheduled before goes on", "err", err)
		}
		return
	}
	t.tasks, t.readAt = tasks, now
	t.book.keep(tasks)
}

// sight notes that a task is there, and whether it is suspended.
func (t *ticker) sight(one task, now time.Time) entry {
	e := t.book.get(one.scope(), one.ID)
	wrong := e.Since.After(now.Add(forgetAhead)) // by a clock that was wrong
	if e.Since.IsZero() || e.Suspended != one.off() || wrong {
		t.book.change(one.scope(), one.ID, func(e *entry) {
			e.Suspended = one.off()
			switch {
			case wrong:
				e.Since = now.Add(-longestSleep) // the clock may have been put right that long ago
			case !one.off() || e.Since.IsZero():
				e.Since = now
			}
		})
		e = t.book.get(one.scope(), one.ID)
	}
	return e
}

// due is the last time after begin, up to now, at which a task is to be
// started; zero when there is none. lost are those that it is too late for, and
// lostAt the last of them.
func (t *ticker) due(one task, begin, now time.Time) (due time.Time, lost int, lostAt time.Time) {
	for at := one.due.Next(begin); !at.IsZero() && !at.After(now); at = one.due.Next(at) {
		switch {
		case t.book.done(at):
		case now.Sub(at) > grace:
			if lost < maxMissed {
				lost++
			} else {
				at = now.Add(-grace - time.Second) // enough is counted
			}
			lostAt = at
		default:
			if !due.IsZero() { // only with @every: several at once are one
				lost, lostAt = lost+1, due
			}
			due = at
		}
	}
	return due, lost, lostAt
}

// markDirty makes the next save write the book.
func (b *book) markDirty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirty = true
}

// labelCron is the ID of the task that a container runs.
const labelCron = "com.dokku.cron-id"

// isRun tells whether a container is a run of a task of ours.
func (c *cron) isRun(found docker.Container) bool {
	return c.host.Names.Owns(found.Labels) && found.Labels[labelCron] != ""
}
