package checks

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// getProperty answers checks-get-property(app, key) with the value in force.
func (c *checks) getProperty(_ context.Context, call *trigger.Call) error {
	known := settable()
	i := slices.IndexFunc(known, func(p state.Property) bool { return p.Name == call.Arg(1) })
	if i < 0 {
		return command.BadInput("Invalid checks property specified")
	}
	value, err := c.host.Store.Computed(known[i], call.Arg(0))
	if err == nil {
		fmt.Fprintln(call.Out, value)
	}
	return err
}
