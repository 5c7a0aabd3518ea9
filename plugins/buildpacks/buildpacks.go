// Package buildpacks chooses the buildpacks that herokuish and pack build an
// app with, instead of those that the files of the source ask for.
//
//	dokku buildpacks:add blog heroku/nodejs             at the end of the list
//	dokku buildpacks:add --index 1 blog https://github.com/heroku/heroku-buildpack-ruby.git
//	dokku buildpacks:set --index 2 blog heroku/python   in place of the second
//	dokku buildpacks:set --replace blog heroku/nodejs heroku/ruby
//	dokku buildpacks:list blog
//	dokku buildpacks:remove blog heroku/nodejs          or --index 1
//	dokku buildpacks:clear blog                         the files decide again
//	dokku buildpacks:detect blog                        what they would choose
//	dokku buildpacks:set-property blog stack gliderlabs/herokuish:latest-22
//
// A buildpack is the URL of its git repository, or OWNER/NAME for
// https://github.com/OWNER/heroku-buildpack-NAME.git. The list is written into
// the file .buildpacks of the source when it is deployed. Without a list, the
// buildpacks of app.json count, and then a .buildpacks of the source itself.
//
// The stack is the image that builds: of herokuish, or of Cloud Native
// Buildpacks (builder-pack). It can be set for all apps with --global.
package buildpacks

import (
	"context"
	"strings"
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

const feature = "buildpacks"

var (
	// stack has no default here: each builder has its own.
	stack = state.Property{Plugin: feature, Name: "stack", Validate: validStack, Help: "The image that builds apps with buildpacks"}
	// list is what buildpacks:add and buildpacks:set keep, one a line.
	list = state.Property{Plugin: feature, Name: "buildpacks", Scope: state.AppOnly, Internal: true}
)

// defaultStack is herokuish's, which the report shows where nothing is set.
const defaultStack = "gliderlabs/herokuish:latest-24"

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	b := &buildpacks{host: h}
	return plugin.Plugin{
		Name: feature, Help: "Manage buildpack settings for an app", About: "Manage buildpacks settings for an app",
		Commands: []*command.Command{
			command.New("buildpacks:add", "Add new app buildpack while inserting into list of buildpacks if necessary", b.add,
				command.Usage("[--index 1] <app> <buildpack>")),
			command.New("buildpacks:clear", "Clear all buildpacks set on the app", b.clear, command.Usage("<app>")),
			command.New("buildpacks:detect", "Detect the buildpack for an app (if not specified, the branch flag defaults to the deploy branch)", b.detect,
				command.Usage("<app> [--branch <branch-name>]")),
			command.New("buildpacks:list", "List all buildpacks for an app", b.show, command.Usage("<app>")),
			command.New("buildpacks:remove", "Remove a buildpack set on the app", b.remove, command.Usage("<app> <buildpack>")),
			command.New("buildpacks:set", "Set new app buildpack at a given position defaulting to the first buildpack if no index is specified, or with --replace the whole list", b.set,
				command.Usage("[--index 1|--replace] <app> <buildpack> [<buildpack> ...]")),
			command.New("buildpacks:set-property", "Set or clear a buildpacks property for an app", b.setProperty,
				command.RawFlags, command.Usage("[--global|<app>] <key> <value>")),
			plugin.Report{
				Feature: feature, Legacy: true, Help: "Displays a buildpack report for one or more apps",
				App: func(_ context.Context, app string) (plugin.Rows, error) { return b.rows(app) },
				Global: func(context.Context) (plugin.Rows, error) {
					v, err := h.Store.Get(stack, state.Global)
					return plugin.Rows{"buildpacks-global-stack": v}, err
				},
			}.Command(h),
		},
		Properties: []state.Property{stack, list},
		Triggers: plugin.Triggers{
			"buildpack-stack-name": b.onStackName,
			"post-extract":         b.onExtract,
		},
	}
}

type buildpacks struct {
	host *plugin.Host
	mu   sync.Mutex // of the read-modify-write of lists
}

// edit changes the list of an app.
func (b *buildpacks) edit(app string, change func([]string) ([]string, error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	all, err := b.host.Store.List(list, app)
	if err != nil {
		return err
	}
	if all, err = change(all); err != nil {
		return err
	}
	return b.host.Store.SetList(list, app, all)
}

// rows are those of the report.
func (b *buildpacks) rows(app string) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(b.host, "buildpacks-", []state.Property{stack}, app)
	if err != nil {
		return nil, err
	}
	if rows["buildpacks-computed-stack"], err = b.stack(app); err != nil {
		return nil, err
	}
	if rows["buildpacks-computed-stack"] == "" {
		rows["buildpacks-computed-stack"] = defaultStack
	}
	all, err := b.host.Store.List(list, app)
	rows["buildpacks-list"] = strings.Join(all, ",")
	return rows, err
}

// stack is what was set for an app, "" when nothing was. DOKKU_IMAGE is the
// config var that it was set by before there was a property.
func (b *buildpacks) stack(app string) (string, error) {
	v, err := b.host.Store.Computed(stack, app)
	if err != nil || v != "" {
		return v, err
	}
	env, err := b.host.Store.Env(app)
	return env["DOKKU_IMAGE"], err
}
