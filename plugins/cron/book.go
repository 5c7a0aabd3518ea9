package cron

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/state"
)

const (
	// grace is how late a task may be run.
	grace = time.Minute
	// forgetAhead is how far in the future a time may be at which tasks ran. A
	// clock that was further ahead was wrong, and is forgotten.
	forgetAhead = 48 * time.Hour
	// missedFor is how long missed runs are shown.
	missedFor = 7 * 24 * time.Hour
	// maxSpans bounds the memory of clocks that were set back.
	maxSpans = 16
)

// span is a stretch of time in which everything that was due has been started.
type span struct {
	From time.Time `json:"from"` // excluded
	To   time.Time `json:"to"`   // included
}

// entry is what is known of one task.
type entry struct {
	Since     time.Time `json:"since"` // when it was first seen, or resumed: what was due before is not missed
	Suspended bool      `json:"suspended,omitempty"`
	Missed    int       `json:"missed,omitempty"` // of late; see missedFor
	MissedAt  time.Time `json:"missed_at,omitzero"`
	Fired     time.Time `json:"fired,omitzero"`   // the last time for which it was started
	Settled   time.Time `json:"settled,omitzero"` // the last of those of which it is known what became of them
	Active    []active  `json:"active,omitempty"`
	Last      *result   `json:"last,omitempty"`
}

// miss counts runs that were missed, the last of them at a time.
func (e *entry) miss(runs int, last time.Time) {
	if last.Sub(e.MissedAt) > missedFor {
		e.Missed = 0
	}
	e.Missed, e.MissedAt = e.Missed+runs, last
}

// missedOf is how many runs were missed of late.
func (e *entry) missedOf(now time.Time) int {
	if now.Sub(e.MissedAt) > missedFor {
		return 0
	}
	return e.Missed
}

// end notes what became of a run.
func (e *entry) end(done result) {
	e.Last = &done
	if done.Due.Equal(e.Fired) {
		e.Settled = done.Due
	}
}

// active is a run that has not ended.
type active struct {
	Due       time.Time `json:"due"`
	Container string    `json:"container"`
}

// result is a run that has ended.
type result struct {
	Due      time.Time `json:"due"`
	Ended    time.Time `json:"ended"`
	ExitCode *int      `json:"exit_code,omitempty"` // nil: not known
	Error    string    `json:"error,omitempty"`
	Log      string    `json:"log,omitempty"`
}

// book is the memory of the ticker. It is on disk, so that a restart neither
// repeats a run nor forgets one.
type book struct {
	store *state.Store

	mu    sync.Mutex
	dirty bool
	// Spans are in the order in which the clock showed them; the last one is the
	// present. Earlier ones matter when the clock was set back.
	Spans []span                       `json:"spans"`
	Tasks map[string]map[string]*entry `json:"tasks"` // by app or state.Global, then by ID
}

// path is where the book is kept.
func (b *book) path() string { return b.store.LibPath("data", "slipway", "cron.json") }

// load reads the book of the last control plane.
func (b *book) load() error {
	text, err := b.store.ReadFile(b.path())
	if err != nil || text == "" {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := json.Unmarshal([]byte(text), b); err != nil {
		return fmt.Errorf("cannot read %s: %w", b.path(), err)
	}
	return nil
}

// save writes the book when it has changed.
func (b *book) save() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.dirty {
		return nil
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err == nil {
		err = b.store.WriteFile(b.path(), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot write down which tasks have run: %w", err)
	}
	b.dirty = false
	return nil
}

// get is a copy of what is known of a task.
func (b *book) get(scope, id string) entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.Tasks[scope][id]; e != nil {
		return *e
	}
	return entry{}
}

// change changes what is known of a task.
func (b *book) change(scope, id string, f func(e *entry)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b.entry(scope, id))
	b.dirty = true
}

// entry is the one of a task, made when there is none. The caller holds mu.
func (b *book) entry(scope, id string) *entry {
	if b.Tasks == nil {
		b.Tasks = map[string]map[string]*entry{}
	}
	if b.Tasks[scope] == nil {
		b.Tasks[scope] = map[string]*entry{}
	}
	if b.Tasks[scope][id] == nil {
		b.Tasks[scope][id] = &entry{}
	}
	return b.Tasks[scope][id]
}

// keep forgets the tasks that are not scheduled any more and do not run.
func (b *book) keep(tasks []task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := map[[2]string]bool{}
	for _, t := range tasks {
		known[[2]string{t.scope(), t.ID}] = true
	}
	for scope, entries := range b.Tasks {
		maps.DeleteFunc(entries, func(id string, e *entry) bool {
			gone := !known[[2]string{scope, id}] && len(e.Active) == 0
			b.dirty = b.dirty || gone
			return gone
		})
		if len(entries) == 0 {
			delete(b.Tasks, scope)
		}
	}
}

// running are the runs that have not ended.
func (b *book) running() (all []started) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for scope, entries := range b.Tasks {
		for id, e := range entries {
			for _, a := range e.Active {
				all = append(all, started{scope, id, a})
			}
		}
	}
	return all
}

// cutOff notes as missed, and gives, the runs that were to start when the last
// control plane ended.
func (b *book) cutOff() (all []started) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for scope, entries := range b.Tasks {
		for id, e := range entries {
			begun := slices.ContainsFunc(e.Active, func(a active) bool { return a.Due.Equal(e.Fired) })
			if e.Fired.Equal(e.Settled) || begun {
				continue
			}
			e.miss(1, e.Fired)
			e.Settled = e.Fired
			e.Last = &result{Due: e.Fired, Ended: e.Fired, Error: "slipwayd ended before it was started"}
			b.dirty = true
			all = append(all, started{scope, id, active{Due: e.Fired}})
		}
	}
	return all
}

// started is a run of one task.
type started struct {
	scope, id string
	active
}

// advance moves the present to now. What is due after from, up to now, is to be
// looked at. back is by how much the clock was set back, 0 when it was not.
func (b *book) advance(now time.Time) (from time.Time, back time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.Spans) == 0 {
		b.begin(now, now)
		return now, 0
	}
	present := &b.Spans[len(b.Spans)-1]
	from = present.To
	switch late := now.Sub(from); {
	case late < -grace:
		from = now.Add(-longestSleep) // it may have been set that long ago
		b.begin(from, now)
		return from, -late
	case late <= 0: // a small correction: wait until the clock is there again
	case late <= grace:
		present.To = now
	default: // what is between was not looked at in time
		b.begin(now.Add(-grace), now)
	}
	return from, 0
}

// begin begins a new present. The caller holds mu.
func (b *book) begin(from, to time.Time) {
	b.Spans = slices.DeleteFunc(b.Spans, func(s span) bool {
		return s.To.After(to.Add(forgetAhead)) || s.To.Before(to.Add(-forgetAhead))
	})
	b.Spans = append(b.Spans, span{from, to})
	b.Spans = b.Spans[max(0, len(b.Spans)-maxSpans):]
	b.dirty = true
}

// done tells whether what was due at t was looked at before the clock was set
// back.
func (b *book) done(t time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.Spans[:max(0, len(b.Spans)-1)] {
		if t.After(s.From) && !t.After(s.To) {
			return true
		}
	}
	return false
}
