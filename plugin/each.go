package plugin

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/command"
)

// Targets are the apps that a command with `<app>|--all` is for.
type Targets struct {
	App      string
	All      bool
	Parallel int // at once; 0: one after the other, -1: as many as there are processors
}

// Each does something with one app or with all. With All a failing app does not
// keep the others from their turn: its error is shown, and all of them fail the
// command at the end.
func (h *Host) Each(ctx context.Context, c *command.Call, t Targets, do func(ctx context.Context, app string) error) error {
	if !t.All {
		if t.App == "" {
			t.App = c.Flags.App
		}
		if t.App == "" {
			return command.BadInput("Please specify an app to run the command on")
		}
		if !h.AppVisible(ctx, t.App) {
			return command.NoSuchApp(t.App)
		}
		return do(ctx, t.App)
	}
	apps, err := h.VisibleApps(ctx)
	if err != nil {
		return err
	}
	limit := t.Parallel
	if limit < 0 {
		limit = runtime.NumCPU()
	}
	var group errgroup.Group
	group.SetLimit(max(limit, 1))
	var mu sync.Mutex
	failed := 0
	for _, app := range apps {
		group.Go(func() error {
			err := do(ctx, app)
			if err == nil || errors.Is(err, context.Canceled) {
				return err
			}
			c.Out.Warn("%s: %v", app, err)
			mu.Lock()
			defer mu.Unlock()
			failed++
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if failed > 0 {
		return command.Fail("%d of %d apps failed", failed, len(apps))
	}
	return nil
}
