package schedulerdockerlocal

import (
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
		Commands: plugin.Settings(h, "scheduler-docker-local", properties),
	}
}
