// Package tail shows what several containers write: what they wrote last, in
// the order of time, and what they go on to write.
//
//	view := tail.New(engine, out, quiet)
//	err := view.Recent(ctx, []tail.Source{{ID: id, Name: "web.1"}}, 100)
//	view.Follow(ctx, tail.Source{ID: id, Name: "web.1"}, time.Now())
//	err = view.Wait() // when ctx or the containers have ended
//
// A line is shown as Dokku shows it, `TIME app[NAME]: TEXT`, each name in a
// colour of its own where the output has colours.
package tail

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// Source is a container.
type Source struct {
	ID   string
	Name string // shown in front of its lines, such as "web.1"
}

// colours are Dokku's, as numbers of ANSI escape sequences, in the order in
// which names get them. Source: Dokku plugins/scheduler-docker-local/scheduler-logs.
var colours = []int{36, 33, 32, 35, 31}

// View shows containers on one Output. Its methods may be called from several
// goroutines.
type View struct {
	engine Engine
	out    *command.Output
	quiet  bool
	group  errgroup.Group

	mu      sync.Mutex
	colours map[string]int       // by name
	last    map[string]time.Time // when the last line was written that was shown, by ID
	// open are the containers that are followed, by ID; true: it was started
	// anew, perhaps before the reader saw the end of what it wrote before.
	open map[string]bool
}

// New makes a view. With quiet, lines are shown bare.
func New(engine Engine, out *command.Output, quiet bool) *View {
	return &View{
		engine: engine, out: out, quiet: quiet,
		colours: map[string]int{}, last: map[string]time.Time{}, open: map[string]bool{},
	}
}

// Recent shows the last lines of each container, merged by time.
func (v *View) Recent(ctx context.Context, sources []Source, lines int) error {
	collected := make([][]line, len(sources))
	group, ctx := errgroup.WithContext(ctx)
	for n, s := range sources {
		v.colour(s.Name) // in their order, so that each run gives the same
		group.Go(func() error {
			r := &reader{source: s.Name, emit: func(l line) { collected[n] = append(collected[n], l) }}
			return r.logs(ctx, v.engine, s.ID, docker.LogOptions{Tail: lines})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for n, s := range sources {
		for _, l := range collected[n] {
			v.seen(s.ID, l)
		}
	}
	for _, l := range byTime(collected) {
		v.print(l)
	}
	return nil
}

// Follow shows what a container writes until it or ctx ends, without waiting
// for that. Lines that were shown are left out; of a container that was not
// shown at all, those from before from. Following a container again that is
// being followed tells that it was started anew.
func (v *View) Follow(ctx context.Context, s Source, from time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, open := v.open[s.ID]; open {
		v.open[s.ID] = true
		return
	}
	v.open[s.ID] = false
	v.group.Go(func() error {
		r := &reader{source: s.Name, emit: func(l line) {
			v.seen(s.ID, l)
			v.print(l)
		}}
		for {
			err := r.logs(ctx, v.engine, s.ID, docker.LogOptions{Follow: true, Tail: -1, Since: v.since(s.ID, from)})
			if !v.again(s.ID) || ctx.Err() != nil {
				return err
			}
		}
	})
}

// again tells whether a container whose output ended was started meanwhile.
func (v *View) again(id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.open[id] {
		v.open[id] = false
		return true
	}
	delete(v.open, id)
	return false
}

// Wait waits until nothing is followed any more, and gives the first error.
func (v *View) Wait() error { return v.group.Wait() }

// colour is that of a name; the first that is asked for gets the first colour.
func (v *View) colour(name string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	colour, known := v.colours[name]
	if !known {
		colour = colours[len(v.colours)%len(colours)]
		v.colours[name] = colour
	}
	return colour
}

func (v *View) print(l line) {
	switch {
	case v.quiet:
		v.out.Line("%s", l.text)
	case v.out.Color():
		v.out.Line("\x1b[%dm%s app[%s]:\x1b[0m %s", v.colour(l.source), l.stamp, l.source, l.text)
	default:
		v.out.Line("%s app[%s]: %s", l.stamp, l.source, l.text)
	}
}

func (v *View) seen(id string, l line) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if l.at.After(v.last[id]) {
		v.last[id] = l.at
	}
}

// since is from when on a container's lines were not shown yet.
func (v *View) since(id string, from time.Time) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	if last, shown := v.last[id]; shown {
		return last.Add(time.Nanosecond)
	}
	return from
}
