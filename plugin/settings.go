package plugin

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// Settings are the commands of a feature that is nothing but its properties:
// FEATURE:set and FEATURE:report.
func Settings(h *Host, feature string, props []state.Property) []*command.Command {
	return []*command.Command{
		SetCommand(h, feature, BadKey, props, nil),
		PropertyReport(h, feature, props).Command(h),
	}
}

// PropertyReport is a report whose rows are the feature's properties.
func PropertyReport(h *Host, feature string, props []state.Property) Report {
	return Report{
		Feature: feature,
		App: func(_ context.Context, app string) (Rows, error) {
			return PropertyRows(h, feature+"-", props, app)
		},
		Global: func(context.Context) (Rows, error) {
			return PropertyRows(h, feature+"-", props, state.Global)
		},
	}
}
