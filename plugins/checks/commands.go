package checks

import (
	"context"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

type typesArgs struct {
	App   string `arg:"app"`
	Types string `arg:"process-type(s),optional"`
}

func (c *checks) disable(_ context.Context, call *command.Call, in typesArgs) error {
	return c.switchOff(call, in, "Disabling", disabled, skipped)
}

func (c *checks) skip(_ context.Context, call *command.Call, in typesArgs) error {
	return c.switchOff(call, in, "Skipping", skipped, disabled)
}

// switchOff puts process types into one of the two lists and takes them off
// the other.
func (c *checks) switchOff(call *command.Call, in typesArgs, doing string, into, from state.Property) error {
	types, err := parseTypes(in.Types)
	if err != nil {
		return err
	}
	if types == nil {
		call.Out.Step("%s zero downtime for app (%s)", doing, in.App)
	} else {
		call.Out.Step("%s zero downtime for app's (%s) proctypes (%s)", doing, in.App, strings.Join(types, ","))
	}
	return c.move(in.App, types, into, from)
}

func (c *checks) enable(_ context.Context, call *command.Call, in typesArgs) error {
	types, err := parseTypes(in.Types)
	if err != nil {
		return err
	}
	if types == nil {
		call.Out.Step("Enabling zero downtime for app's (%s)", in.App)
		for _, p := range []state.Property{disabled, skipped} {
			if err := c.host.Store.Unset(p, in.App); err != nil {
				return err
			}
		}
		return nil
	}
	call.Out.Step("Enabling zero downtime for app's (%s) proctypes (%s)", in.App, strings.Join(types, ","))
	if err := c.take(in.App, types, disabled); err != nil {
		return err
	}
	return c.take(in.App, types, skipped)
}
