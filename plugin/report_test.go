package plugin_test

import (
	"context"
	"errors"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/state"
)

// kettle is a feature made of declarations only.
func kettle(h *plugin.Host) plugin.Plugin {
	properties := []state.Property{
		{Plugin: "kettle", Name: "heat", Default: "90", Validate: func(v string) error {
			if v == "hot" {
				return errors.New("Invalid heat specified")
			}
			return nil
		}},
		{Plugin: "kettle", Name: "owner", Scope: state.AppOnly},
		{Plugin: "kettle", Name: "brand", Scope: state.GlobalOnly, Default: "none"},
		{Plugin: "kettle", Name: "serial", Scope: state.AppOnly, Internal: true},
	}
	rows := func(_ context.Context, app string) (plugin.Rows, error) {
		return plugin.PropertyRows(h, "kettle-", properties, app)
	}
	report := plugin.Report{
		Feature: "kettle", Legacy: true, App: rows,
		Global: func(ctx context.Context) (plugin.Rows, error) { return rows(ctx, state.Global) },
	}
	plain := plugin.Report{Feature: "plain", Title: "simple", App: func(context.Context, string) (plugin.Rows, error) {
		return plugin.Rows{"plain-web.limit.memory-of-a-long-name": "1", "running": "true"}, nil
	}}
	return plugin.Plugin{
		Name: "kettle", Help: "Boil water", Properties: properties,
		Commands: []*command.Command{
			report.Command(h), plain.Command(h),
			plugin.SetCommand(h, "kettle", "Invalid key specified, valid keys include", properties, func(_ context.Context, app, property string) error {
				if app == "frozen" {
					return command.Fail("%s of %s is frozen", property, app)
				}
				return nil
			}),
		},
	}
}

func TestStories(t *testing.T) { plugintest.Run(t, kettle) }

func TestTwoCommandsOfOneNameAreRefused(t *testing.T) {
	w := plugintest.Make(t, kettle)
	again := func(name string) plugin.Plugin {
		return plugin.Plugin{Name: name, Commands: []*command.Command{
			command.New("same", "", func(context.Context, *command.Call, struct{}) error { return nil }),
		}}
	}
	if _, err := plugin.Table(w.Host, again("a"), again("b")); err == nil {
		t.Error("the second one was taken")
	}
}
