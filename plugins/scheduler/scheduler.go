// Package scheduler chooses which scheduler runs an app.
//
//	dokku scheduler:set blog selected docker-local
package scheduler

import (
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var properties = []state.Property{
	{Plugin: "scheduler", Name: "selected", Default: "docker-local", Help: "The scheduler that runs the app"},
	{Plugin: "scheduler", Name: "shell", Help: "The shell that enter and run open"},
}

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	report := plugin.PropertyReport(h, "scheduler", properties)
	report.Legacy = true
	return plugin.Plugin{
		Name: "scheduler", Help: "Manage scheduler settings for an app", Properties: properties,
		Commands: []*command.Command{
			plugin.SetCommand(h, "scheduler", "Invalid property specified, valid properties include", properties, nil),
			report.Command(h),
		},
	}
}
