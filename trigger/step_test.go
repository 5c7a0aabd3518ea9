package trigger_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/trigger"
)

// plugins are external ones by name, each of which answers every trigger.
type plugins struct {
	names    []string
	replaced string
	run      func(plugin string) error
}

func (p plugins) Replaces(name string) bool { return name == p.replaced }

func (p plugins) Handlers(name string) []trigger.Handler {
	var all []trigger.Handler
	for _, plugin := range p.names {
		all = append(all, trigger.Handler{Plugin: plugin, Trigger: name, Run: func(context.Context, *trigger.Call) error { return p.run(plugin) }})
	}
	return all
}

func TestAStepStandsWhereItsPluginIs(t *testing.T) {
	refused, failed := errors.New("refused"), errors.New("failed")
	for name, test := range map[string]struct {
		refuses, replaced string
		own               error
		with              bool
		ran               []string
		err               error
	}{
		"step":            {ran: []string{"aaa", "own", "zzz"}},
		"event with":      {with: true, ran: []string{"aaa", "own", "compiled", "zzz"}},
		"refused before":  {refuses: "aaa", ran: []string{"aaa"}, err: refused},
		"refused after":   {refuses: "zzz", ran: []string{"aaa", "own", "zzz"}, err: refused},
		"failed":          {own: failed, ran: []string{"aaa", "own"}, err: failed},
		"another's place": {replaced: "mmm", ran: []string{"aaa", "zzz"}},
	} {
		t.Run(name, func(t *testing.T) {
			var ran []string
			bus := trigger.NewBus(plugins{names: []string{"aaa", "zzz"}, replaced: test.replaced, run: func(plugin string) error {
				ran = append(ran, plugin)
				if plugin == test.refuses {
					return refused
				}
				return nil
			}})
			bus.Handle(trigger.Handler{Plugin: "nnn", Trigger: "build", Run: func(context.Context, *trigger.Call) error {
				ran = append(ran, "compiled")
				return nil
			}})
			fire := bus.Step
			if test.with {
				fire = bus.EventWith
			}
			err := fire(t.Context(), trigger.Handler{Plugin: "mmm", Trigger: "build", Run: func(context.Context, *trigger.Call) error {
				ran = append(ran, "own")
				return test.own
			}}, "blog")
			if !errors.Is(err, test.err) || !slices.Equal(ran, test.ran) {
				t.Errorf("%v, %v", ran, err)
			}
			if test.own != nil && err != test.own { //nolint:errorlint // as it is
				t.Errorf("the step's own error was wrapped: %v", err)
			}
		})
	}
}
