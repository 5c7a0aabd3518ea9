package deploy

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
)

// startParallelism is how many instances of one deploy start at once where
// nothing is set. More gives nothing: the engine creates containers one after
// the other.
const startParallelism = 4

// pace is how many new instances start, and are checked, at the same time.
type pace struct {
	// types is how many process types, besides web, which comes first and alone;
	// 0: nobody set it, and all types start together.
	types int
	// of is how many instances of a type, where app.json says it.
	of map[string]int
}

// paceOf reads scheduler-docker-local's parallel-schedule-count and app.json's
// max_parallel. Source of what they mean: Dokku
// docs/deployment/schedulers/docker-local.md.
func (f *Flow) paceOf(name string, plan rollout) (pace, error) {
	p := pace{of: map[string]int{}}
	for process, formation := range plan.manifest.Formation {
		if n := formation.MaxParallel; n != nil && *n > 0 {
			p.of[process] = *n
		}
	}
	text, err := f.rawProperty("scheduler-docker-local", "parallel-schedule-count", name)
	if err != nil || text == "" {
		return p, err
	}
	p.types, err = strconv.Atoi(text)
	if err != nil || p.types < 1 {
		return p, command.BadInput("The parallel-schedule-count of %s is not a number from 1: %q", name, text)
	}
	return p, nil
}

// rawProperty is what is set for the app or for all apps, "" where only the
// default holds.
func (f *Flow) rawProperty(plugin, property, name string) (string, error) {
	for _, scope := range []string{name, state.Global} {
		v, err := f.host.Store.Get(f.host.Property(plugin, property), scope)
		if v = strings.TrimSpace(v); err != nil || v != "" {
			return v, err
		}
	}
	return "", nil
}

// start calls do for each of the specs, at this pace. It returns the first
// error, after what was begun has ended.
func (p pace) start(ctx context.Context, specs []schedule.Spec, do func(ctx context.Context, n int) error) error {
	byType := map[string][]int{}
	for n, spec := range specs {
		byType[spec.Process] = append(byType[spec.Process], n)
	}
	if p.types == 0 {
		return p.together(ctx, byType, do)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(p.types)
	for _, process := range slices.SortedFunc(maps.Keys(byType), schedule.ProcessOrder) {
		one := func(ctx context.Context) error {
			g, ctx := errgroup.WithContext(ctx)
			g.SetLimit(max(p.of[process], 1))
			for _, n := range byType[process] {
				g.Go(func() error {
					if ctx.Err() != nil {
						return ctx.Err()
					}
					return do(ctx, n)
				})
			}
			return g.Wait()
		}
		if process == "web" { // sorts first
			if err := one(ctx); err != nil {
				return err
			}
			continue
		}
		g.Go(func() error { return one(gctx) })
	}
	return g.Wait()
}

// together starts all types at once, but no more of one than app.json says.
func (p pace) together(ctx context.Context, byType map[string][]int, do func(ctx context.Context, n int) error) error {
	all := make(chan struct{}, startParallelism)
	g, ctx := errgroup.WithContext(ctx)
	for process, places := range byType {
		own := make(chan struct{}, min(max(p.of[process], 0), startParallelism))
		if cap(own) == 0 {
			own = make(chan struct{}, startParallelism)
		}
		for _, n := range places {
			g.Go(func() error {
				for _, slot := range []chan struct{}{own, all} {
					select {
					case slot <- struct{}{}:
						defer func() { <-slot }()
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				return do(ctx, n)
			})
		}
	}
	return g.Wait()
}
