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
	"errors"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/trigger"
)

// Scheduler implements schedule.Scheduler and schedule.Nothing.
type Scheduler struct{}

var (
	_ schedule.Scheduler = Scheduler{}
	_ schedule.Nothing   = Scheduler{}
)

// Name is "null".
func (Scheduler) Name() string { return "null" }

// RunsNothing implements schedule.Nothing.
func (Scheduler) RunsNothing() {}

// Start fails: nobody may believe that something runs.
func (Scheduler) Start(context.Context, schedule.Spec) (schedule.Instance, error) {
	return schedule.Instance{}, errors.New("the scheduler null starts nothing")
}

// Instances are none.
func (Scheduler) Instances(context.Context, string) ([]schedule.Instance, error) { return nil, nil }

// Promote does nothing.
func (Scheduler) Promote(context.Context, string, []schedule.Instance, []schedule.Instance) error {
	return nil
}

// Retire does nothing.
func (Scheduler) Retire(context.Context, []schedule.Instance, time.Duration) error { return nil }

// Discard does nothing.
func (Scheduler) Discard(context.Context, string, []schedule.Instance) error { return nil }

// Stop does nothing.
func (Scheduler) Stop(context.Context, []schedule.Instance, time.Duration) error { return nil }

// Resume starts nothing.
func (Scheduler) Resume(context.Context, []schedule.Instance) ([]schedule.Instance, error) {
	return nil, nil
}

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
		if c.Arg(0) == "null" && text != "" {
			fmt.Fprintln(c.Out, text)
		}
		return nil
	}
}
