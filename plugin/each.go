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
	Parallel int    // at once; 0: one after the other, -1: as many as there are processors
	Verb     string // "restart", for what Dokku says of all apps; "" says nothing
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
	switch {
	case limit < -1:
		return command.BadInput("Invalid value %d for --parallel flag", limit)
	case limit == -1:
		limit = runtime.NumCPU()
		if t.Verb != "" {
			c.Out.Warn("Setting --parallel=-1 value to CPU count of %d", limit)
		}
	}
	serial := limit <= 1
	if serial && t.Verb != "" {
		c.Out.Warn("Running %s in serial mode", t.Verb)
	}
	if len(apps) == 0 && t.Verb != "" {
		c.Out.Warn("You haven't deployed any applications yet")
	}
	var group errgroup.Group
	group.SetLimit(max(limit, 1))
	var mu sync.Mutex
	failed := 0
	for _, app := range apps {
		group.Go(func() error {
			if serial && t.Verb != "" {
				c.Out.Step("Running %s against app %s", t.Verb, app)
			}
			err := do(ctx, app)
			if err == nil || errors.Is(err, context.Canceled) {
				return err
			}
			switch {
			case t.Verb == "":
				c.Out.Warn("%s: %v", app, err)
			case serial:
				c.Out.Warn("Error running %s against app %s: %v", t.Verb, app, err)
			default:
				c.Out.Warn("Error running %s against %s: %v", t.Verb, app, err)
			}
			mu.Lock()
			defer mu.Unlock()
			failed++
			return nil
		})
	}
	err = group.Wait()
	switch {
	case err != nil || failed == 0:
		return err
	case t.Verb == "":
		return command.Fail("%d of %d apps failed", failed, len(apps))
	case serial:
		return command.Fail("%s command returned %d errors", t.Verb, failed)
	default:
		return command.Fail("Encountered %d errors during parallel run", failed)
	}
}
