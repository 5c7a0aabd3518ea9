package plugin

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// Table registers the plugins with the host and makes the table of their
// commands. What handlers of triggers print during a command goes to that
// command's Output.
func Table(h *Host, plugins ...Plugin) (*command.Table, error) {
	if err := h.Register(plugins...); err != nil {
		return nil, err
	}
	features, commands := TableOf(plugins)
	table, err := command.NewTable(features, commands)
	if err != nil {
		return nil, err
	}
	table.AppExists, table.Visible = h.Store.AppExists, h.AppVisible
	table.Prepare = func(ctx context.Context, c *command.Call) context.Context {
		return trigger.WithCall(AskedOnce(ctx), c)
	}
	table.Ended = Refused
	h.Dispatch = table.Run
	return table, nil
}

// TableOf is what a table of commands is made of: the plugins that help speaks of, and all commands.
func TableOf(plugins []Plugin) (features []command.Feature, commands []*command.Command) {
	for _, p := range plugins {
		if p.Help != "" {
			features = append(features, command.Feature{Name: p.Called(), Help: p.Help, About: p.About, Wide: p.WideHelp})
		}
		commands = append(commands, p.Commands...)
	}
	return features, commands
}
