package schedulerdockerlocal

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var properties = []state.Property{
	{Plugin: "scheduler-docker-local", Name: "init-process", Default: "true", Help: "Run an init process as PID 1 of each container"},
	{Plugin: "scheduler-docker-local", Name: "parallel-schedule-count", Default: "1", Help: "Kept for Dokku's sake: process types start in parallel anyway"},
}

// Plugin makes the feature's commands and properties.
func Plugin(h *plugin.Host) plugin.Plugin {
	return plugin.Plugin{
		Name: "scheduler-docker-local", Help: "Manage the docker-local scheduler integration for an app", Properties: properties,
		Commands: []*command.Command{
			plugin.SetCommand(h, "scheduler-docker-local", "Invalid property specified, valid properties include", properties, nil),
			plugin.Report{Feature: "scheduler-docker-local",
				App: func(_ context.Context, name string) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "scheduler-docker-local-", properties, name)
				},
				Global: func(context.Context) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "scheduler-docker-local-", properties, state.Global)
				},
			}.Command(h),
		},
	}
}
