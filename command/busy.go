package command

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// How a terminal shows what goes on.
const (
	patience = 2 * time.Second        // of silence before it is shown
	turn     = 250 * time.Millisecond // between two pictures of it
	erase    = "\r\x1b[2K"            // the line under the cursor
)

// frames are the pictures of something that goes on.
var frames = [...]string{"|", "/", "-", `\`}

// screen is what the Outputs of one command print on. On a terminal that may be
// coloured its last line is the status: what has been silent for a while, and
// for how long. Whatever is printed takes the status away first.
type screen struct {
	mu sync.Mutex

	terminal io.Writer  // of the status; nil for none
	width    func() int // in columns
	busy     []*activity
	held     int       // a program has the terminal for itself
	printed  time.Time // when something was printed last
	midLine  bool      // the cursor is behind text
	shown    bool      // the status is there
}

// activity is something that takes a while.
type activity struct {
	text  string
	since time.Time
	end   chan struct{}
	ended chan struct{}
}

// WithStatus shows on a terminal what goes on in silence, in at most so many
// columns as width says. An Output that is not to be coloured shows none: a
// status is made of escape sequences.
func (o *Output) WithStatus(terminal io.Writer, width func() int) *Output {
	if o.color {
		o.screen.mu.Lock()
		o.screen.terminal, o.screen.width = terminal, width
		o.screen.mu.Unlock()
	}
	return o
}

// Busy says that something begins which may be silent for long, until done is
// called; done may be called several times. Who reads along at a terminal sees
// text and the time that has passed; others see nothing.
//
//	defer out.Busy("Pulling %s", image)()
func (o *Output) Busy(format string, args ...any) (done func()) {
	s := o.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal == nil || o.quiet || o.discard {
		return func() {}
	}
	a := &activity{text: fmt.Sprintf(format, args...), since: time.Now(), end: make(chan struct{}), ended: make(chan struct{})}
	s.busy = append(s.busy, a)
	go s.watch(a)
	return sync.OnceFunc(func() {
		close(a.end)
		<-a.ended
	})
}

// Hold leaves the terminal to a program that prints on it by itself, until
// release is called.
func (o *Output) Hold() (release func()) {
	s := o.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.held++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held--
		s.printed = time.Now()
	})
}

// watch shows an activity until it ends.
func (s *screen) watch(a *activity) {
	defer close(a.ended)
	ticker := time.NewTicker(turn)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-a.end:
			s.mu.Lock()
			s.busy = slices.DeleteFunc(s.busy, func(b *activity) bool { return b == a })
			s.clear()
			s.mu.Unlock()
			return
		case now := <-ticker.C:
			s.show(a, n, now)
		}
	}
}

// show shows an activity, if it is the last that began, nothing was printed for
// a while, and nobody else has the cursor.
func (s *screen) show(a *activity, n int, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	quietSince := a.since
	if s.printed.After(quietSince) {
		quietSince = s.printed
	}
	if s.busy[len(s.busy)-1] != a || s.held > 0 || s.midLine || now.Sub(quietSince) < patience {
		return
	}
	line := fmt.Sprintf("  %s    %s (%s)", frames[n%len(frames)], a.text, now.Sub(a.since).Round(time.Second))
	if columns := s.width() - 1; columns > 0 { // a full line would break
		if runes := []rune(line); len(runes) > columns {
			line = string(runes[:columns])
		}
	}
	io.WriteString(s.terminal, erase+line)
	s.shown = true
}

// clear takes the status away.
func (s *screen) clear() {
	if s.shown {
		io.WriteString(s.terminal, erase)
		s.shown = false
	}
}

// print writes to one of the streams.
func (s *screen) print(w io.Writer, data []byte) (int, error) {
	s.clear()
	if s.terminal != nil && len(data) > 0 {
		s.printed, s.midLine = time.Now(), data[len(data)-1] != '\n'
	}
	return w.Write(data)
}
