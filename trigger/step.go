package trigger

import (
	"context"
	"slices"
	"sort"
)

// Step fires a trigger whose answer is a step that the program itself takes at
// this moment, such as builder-build in the middle of a deploy: own.Run takes it,
// in its place among the executables of external plugins, in the order of plugin
// names. The handlers of compiled plugins, by which others ask for that step, are
// not called. The first error ends it, and own's is returned as it is.
//
// Where an external plugin takes the place of own.Plugin, own.Run is not called:
// the step is the plugin's.
func (b *Bus) Step(ctx context.Context, own Handler, args ...string) error {
	return b.fire(ctx, own, nil, args)
}

// EventWith is Event with one more handler, own: what the program itself does at
// this moment in the place of own.Plugin. Its error is returned as it is.
func (b *Bus) EventWith(ctx context.Context, own Handler, args ...string) error {
	return b.fire(ctx, own, b.compiled[own.Trigger], args)
}

func (b *Bus) fire(ctx context.Context, own Handler, compiled []Handler, args []string) error {
	b.observe(ctx, own.Trigger, args)
	var ran error
	take := own.Run
	own.Run = func(ctx context.Context, c *Call) error {
		ran = take(ctx, c)
		return ran
	}
	compiled = append(slices.Clone(compiled), own)
	sort.SliceStable(compiled, func(i, j int) bool { return compiled[i].Plugin < compiled[j].Plugin })
	for _, h := range b.merge(own.Trigger, compiled) {
		if err := call(ctx, h, own.Trigger, args); err != nil {
			if ran != nil {
				return ran
			}
			return failed(h, err)
		}
	}
	return nil
}
