// Package scheduler chooses what runs the processes of an app, and the shell
// that is opened in them.
//
//	dokku scheduler:set blog selected docker-local   the one there is: containers on this host
//	dokku scheduler:set blog shell /bin/zsh          what enter and run open; without it bash or sh
//	dokku scheduler:set --global shell /bin/bash     for every app that has none of its own
//	dokku scheduler:report blog
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
