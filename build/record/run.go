package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/state"
)

// maxLog bounds one log, in bytes.
const maxLog = 64 << 20

// Book is the records of all apps. There is one in a process; it knows which builds run in it.
type Book struct {
	store *state.Store
	now   func() time.Time

	mu      sync.Mutex
	running map[string]*Run // by ID
}

// NewBook makes the book over a store.
func NewBook(store *state.Store) *Book {
	return &Book{store: store, now: time.Now, running: map[string]*Run{}}
}

// Run is a build that runs in this process. It is the io.Writer of the build's log, from any goroutine.
type Run struct {
	Build
	book   *Book
	cancel context.CancelFunc

	mu       sync.Mutex
	log      *os.File
	size     int
	canceled bool
}

// Start writes down that a build began, and opens its log. cancel is called by Book.Cancel, at most once and from another
// goroutine; it must make the build end. Finish must be called once.
func (b *Book) Start(app string, kind Kind, source string, cancel context.CancelFunc) (*Run, error) {
	now := b.now()
	run := &Run{
		Build:  Build{ID: NewID(now), App: app, Kind: kind, PID: os.Getpid(), StartedAt: now.UTC(), Status: Running, Source: source},
		book:   b,
		cancel: cancel,
	}
	if err := b.store.WriteFile(b.LogPath(app, run.ID), nil, 0o600); err != nil {
		return nil, fmt.Errorf("cannot start a build record of %s: %w", app, err)
	}
	log, err := os.OpenFile(b.LogPath(app, run.ID), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot start a build record of %s: %w", app, err)
	}
	run.log = log
	b.mu.Lock()
	b.running[run.ID] = run
	b.mu.Unlock()
	if err := b.Write(run.Build); err != nil {
		b.forget(run)
		log.Close()
		return nil, fmt.Errorf("cannot start a build record of %s: %w", app, err)
	}
	return run, nil
}

func (b *Book) forget(run *Run) {
	b.mu.Lock()
	delete(b.running, run.ID)
	b.mu.Unlock()
}

// Write appends to the log. Beyond 64 MiB nothing more is kept.
func (r *Run) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size > maxLog {
		return len(p), nil
	}
	if r.size += len(p); r.size > maxLog {
		_, err := io.WriteString(r.log, "\n !     The log is too long, the rest of it is not kept\n")
		return len(p), err
	}
	return r.log.Write(p)
}

// Finish closes the log and writes down how the build ended. A build that was cancelled counts as Canceled, however it
// ended.
func (r *Run) Finish(status Status, exitCode int) error {
	r.mu.Lock()
	if r.canceled && status != Succeeded {
		status = Canceled
	}
	logErr := r.log.Close()
	r.mu.Unlock()
	err := r.book.end(r.Build, status, exitCode)
	r.book.forget(r)
	return errors.Join(logErr, err)
}

// Current is the newest build of the app that runs in this process.
func (b *Book) Current(app string) (build Build, found bool) {
	if run := b.current(app); run != nil {
		return run.Build, true
	}
	return Build{}, false
}

func (b *Book) current(app string) *Run {
	b.mu.Lock()
	defer b.mu.Unlock()
	var newest *Run
	for _, run := range b.running {
		if run.App == app && (newest == nil || run.StartedAt.After(newest.StartedAt)) {
			newest = run
		}
	}
	return newest
}

// Cancel cancels the app's newest build that runs in this process; found is false when there is none. It does not wait
// for its end.
func (b *Book) Cancel(app string) (build Build, found bool) {
	run := b.current(app)
	if run == nil {
		return Build{}, false
	}
	run.mu.Lock()
	again := run.canceled
	run.canceled = true
	run.mu.Unlock()
	if !again {
		run.cancel()
	}
	return run.Build, true
}

func (b *Book) isHere(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running[id] != nil
}
