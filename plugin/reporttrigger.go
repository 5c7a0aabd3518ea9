package plugin

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// report answers the trigger report APP by the plugin's command FEATURE:report,
// nil when it has none or answers by itself.
func (p Plugin) report() *trigger.Handler {
	if p.Triggers["report"] != nil {
		return nil
	}
	for _, cmd := range p.Commands {
		if cmd.Name != p.Called()+":report" {
			continue
		}
		return &trigger.Handler{Plugin: p.Name, Trigger: "report", Run: func(ctx context.Context, c *trigger.Call) error {
			call := &command.Call{Actor: command.ActorOf(ctx), In: c.In, Out: c.Output(), Files: c.Files}
			return cmd.Invoke(ctx, call, c.Args)
		}}
	}
	return nil
}
