// Package schedulernull is the scheduler `null`: it runs nothing. An app that
// has it is built, released and, with registry:set push-on-release, pushed; what
// runs it is somebody else's business.
//
//	dokku scheduler:set blog selected null
//	dokku network:set blog static-web-listener 10.0.0.7:5000   where the proxy finds it, if it is to route to it
//
// To take an app over to it, stop what runs first: dokku ps:stop blog.
package schedulernull

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/trigger"
)

// Scheduler is the scheduler.
const Scheduler = schedule.Elsewhere("null")

// Plugin makes the feature's triggers. Each is for the scheduler that its first
// argument names. Source: Dokku plugins/scheduler-null.
func Plugin() plugin.Plugin {
	return plugin.Plugin{
		Name: "scheduler-null", Help: "No-op scheduler plugin",
		Triggers: plugin.Triggers{
			"scheduler-app-status":  answer("1 true"),
			"scheduler-is-deployed": answer(""),
		},
	}
}

func answer(text string) func(context.Context, *trigger.Call) error {
	return func(_ context.Context, c *trigger.Call) error {
		if c.Arg(0) == Scheduler.Name() && text != "" {
			fmt.Fprintln(c.Out, text)
		}
		return nil
	}
}
