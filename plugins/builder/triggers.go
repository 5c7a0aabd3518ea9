package builder

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// detect answers builder-detect(app, dir) with the builder that was selected, if one was.
func (b *builder) detect(_ context.Context, c *trigger.Call) error {
	selected, err := b.host.Computed("builder", "selected", c.Arg(0))
	if err == nil && selected != "" {
		fmt.Fprintln(c.Out, selected)
	}
	return err
}

func find(name string) (state.Property, error) {
	i := slices.IndexFunc(properties, func(p state.Property) bool { return p.Name == name })
	if i < 0 {
		return state.Property{}, command.BadInput("Invalid builder property specified")
	}
	return properties[i], nil
}

// getProperty answers builder-get-property(app, key) with the app's own value.
func (b *builder) getProperty(_ context.Context, c *trigger.Call) error {
	p, err := find(c.Arg(1))
	if err != nil {
		return err
	}
	value, err := b.host.Store.Get(p, c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, value)
	}
	return err
}

// setProperty answers builder-set-property(app, key, value).
func (b *builder) setProperty(_ context.Context, c *trigger.Call) error {
	p, err := find(c.Arg(1))
	if err != nil {
		return err
	}
	return b.host.Store.Set(p, c.Arg(0), c.Arg(2))
}
