package ps

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/command"
)

// targets are the apps that a command is for.
type targets struct {
	all      bool
	parallel int // at once; -1: as many as there are processors
	app      string
}

// each does something with one app or with all. With --all a failing app does
// not keep the others from their turn: its error is shown, and all of them
// fail the command at the end.
func (p *ps) each(ctx context.Context, c *command.Call, t targets, f func(context.Context, string) error) error {
	if !t.all {
		if t.app == "" {
			t.app = c.Flags.App
		}
		if t.app == "" {
			return command.BadInput("Please specify an app to run the command on")
		}
		if !p.host.Store.AppExists(t.app) {
			return command.NoSuchApp(t.app)
		}
		return f(ctx, t.app)
	}
	names, err := p.host.Store.Apps()
	if err != nil {
		return err
	}
	limit := t.parallel
	switch {
	case limit < 0:
		limit = runtime.NumCPU()
	case limit == 0:
		limit = 1
	}
	var g errgroup.Group
	g.SetLimit(limit)
	var mu sync.Mutex
	var failed []string
	for _, name := range names {
		g.Go(func() error {
			err := f(ctx, name)
			if err == nil || errors.Is(err, context.Canceled) {
				return err
			}
			c.Out.Warn("%s: %v", name, err)
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, name)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if len(failed) > 0 {
		return command.Fail("%d of %d apps failed", len(failed), len(names))
	}
	return nil
}
