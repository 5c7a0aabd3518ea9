// Package scheduler chooses what runs the processes of an app, and the shell
// that is opened in them.
//
//	dokku scheduler:set blog selected docker-local   containers on this host, which is the default
//	dokku scheduler:set blog selected null           nothing: the app is built and pushed, and runs elsewhere
//	dokku scheduler:set blog shell /bin/zsh          what enter and run open; without it bash or sh
//	dokku scheduler:set --global shell /bin/bash     for every app that has none of its own
//	dokku scheduler:report blog
//
// A plugin may bring another scheduler along, such as nomad: it answers Dokku's
// triggers scheduler-deploy, scheduler-stop, scheduler-app-status,
// scheduler-logs and so on, each with the scheduler's name first. Apps that
// select it are built and released here, and all else is its business:
//
//	dokku scheduler:set blog selected nomad
package scheduler

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
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
			plugin.SetCommand(h, "scheduler", plugin.BadProperty, properties, nil),
			report.Command(h),
		},
		Triggers: plugin.Triggers{"scheduler-detect": func(_ context.Context, c *trigger.Call) error {
			// APP, or --global
			selected, err := h.Store.Computed(properties[0], c.Arg(0))
			if err == nil {
				fmt.Fprintln(c.Out, selected)
			}
			return err
		}},
	}
}
