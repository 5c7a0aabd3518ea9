package logs

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type setArgs struct {
	App      string `arg:"app,global"`
	Property string `arg:"property" missing:"No property specified"`
	Value    string `arg:"value,optional"`
}

// set writes a property, and Vector's configuration where that follows from it.
func (l *logs) set(ctx context.Context, c *command.Call, in setArgs) error {
	for _, p := range []state.Property{vectorImage, vectorNetworks} {
		if in.Property == p.Name && in.App != state.Global {
			return command.BadInput("%s may only be set globally with --global", p.Name)
		}
	}
	if in.Property == vectorNetworks.Name && in.Value != "" && validNetworks(in.Value) == nil {
		if err := l.haveNetworks(ctx, in.Value); err != nil {
			return err
		}
	}
	setter := plugin.Setter{
		Feature: "logs", BadKey: plugin.BadProperty, Properties: properties,
		Changed: func(_ context.Context, _, property string) error {
			return l.afterSet(c.Out.Headers(), property)
		},
	}
	return setter.Set(ctx, l.host, c, in.App, in.Property, in.Value)
}
