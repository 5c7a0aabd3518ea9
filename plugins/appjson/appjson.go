// Package appjson says where an app keeps its app.json, the file that declares
// its config vars, scale, health checks, scripts and scheduled tasks.
//
//	dokku app-json:set blog appjson-path deploy/app.json
//	dokku app-json:report blog
//
// The path is relative to the root of the code. What the last deploy found
// there is in $DOKKU_LIB_ROOT/data/app-json/APP/app.json.
package appjson

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var propPath = state.Property{
	Plugin: "app-json", Name: "appjson-path", Default: "app.json", Validate: validPath,
	Help: "where app.json is, relative to the root of the code",
}

type appJSON struct{ h *plugin.Host }

// Plugin is the feature app-json.
func Plugin(h *plugin.Host) plugin.Plugin {
	a := appJSON{h}
	properties := []state.Property{propPath}
	rows := func(_ context.Context, app string) (plugin.Rows, error) {
		return plugin.PropertyRows(h, "app-json-", properties, app)
	}
	report := plugin.Report{
		Feature: "app-json", Legacy: true, App: rows,
		Global: func(ctx context.Context) (plugin.Rows, error) { return rows(ctx, state.Global) },
	}
	return plugin.Plugin{
		Name: "app-json", Help: "Manage app-json settings for an app",
		Properties: properties,
		Commands: []*command.Command{
			plugin.SetCommand(h, "app-json", plugin.BadProperty, properties, nil),
			report.Command(h),
		},
		Triggers: plugin.Triggers{
			"app-json-get-content":                a.onGetContent,
			"app-json-is-valid":                   a.onIsValid,
			"app-json-process-deploy-parallelism": a.onParallelism,
		},
	}
}
