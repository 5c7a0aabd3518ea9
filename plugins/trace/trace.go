// Package trace shows what a command does, to find out why it does not do what
// it should.
//
//	dokku --trace domains:add blog example.com   one command
//	dokku trace:on      every command of everybody, until
//	dokku trace:off
//
// Each trigger that is fired is shown on stderr as `+ TRIGGER ARG…`, and
// executables of external plugins have DOKKU_TRACE=1 in their environment, by
// which bash ones show each of their lines. Config vars are shown by name.
package trace

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

// setting is the file in .dokkurc that Dokku's trace:on writes.
const setting = "DOKKU_TRACE"

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	t := tracing{h}
	h.Bus.Observe(t.show)
	return plugin.Plugin{
		Name: "trace", Help: "Manage trace mode",
		Commands: []*command.Command{
			command.New("trace:on", "Enable trace mode", t.on),
			command.New("trace:off", "Disable trace mode", t.off),
		},
	}
}

type tracing struct{ host *plugin.Host }

func (t tracing) on(_ context.Context, c *command.Call, _ struct{}) error {
	c.Out.Step("Enabling trace mode")
	return t.host.Store.Switch(setting, true)
}

func (t tracing) off(_ context.Context, c *command.Call, _ struct{}) error {
	c.Out.Step("Disabling trace mode")
	return t.host.Store.Switch(setting, false)
}

func (t tracing) show(ctx context.Context, name string, args []string) {
	if command.FlagsOf(ctx).Trace || t.host.Store.Switched(setting) {
		fmt.Fprintf(trigger.Stderr(ctx), "+ %s\n", trigger.Describe(name, args))
	}
}
