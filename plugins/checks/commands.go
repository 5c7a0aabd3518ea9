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
	types, err := parseTypes(in.Types)
	if err != nil {
		return err
	}
	if types == nil {
		call.Out.Step("Disabling zero downtime for app (%s)", in.App)
	} else {
		call.Out.Step("Disabling zero downtime for app's (%s) proctypes (%s)", in.App, strings.Join(types, ","))
	}
	return c.move(in.App, types, disabled, skipped)
}

func (c *checks) skip(_ context.Context, call *command.Call, in typesArgs) error {
	types, err := parseTypes(in.Types)
	if err != nil {
		return err
	}
	if types == nil {
		call.Out.Step("Skipping zero downtime for app (%s)", in.App)
	} else {
		call.Out.Step("Skipping zero downtime for app's (%s) proctypes (%s)", in.App, strings.Join(types, ","))
	}
	return c.move(in.App, types, skipped, disabled)
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
