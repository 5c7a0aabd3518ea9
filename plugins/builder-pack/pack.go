// Package builderpack builds apps with Cloud Native Buildpacks by the program
// pack, which must be installed on the server.
//
// An app whose source has a file project.toml is built by it; for a file of
// another name, builder-pack:set APP projecttoml-path config/project.toml.
//
//	dokku builder:set blog selected pack                              without such a file
//	dokku buildpacks:set-property blog stack heroku/builder:24        the builder image
//	dokku docker-options:add blog build "--buildpack heroku/nodejs"
//
// Options of `pack build` are given by docker-options for the phase build. The
// app's config is the environment of the build. Processes run by the launcher
// of the buildpacks: those of the Procfile, and for web without one the process
// that the buildpacks made.
package builderpack

import (
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/plugin"
)

var feature = tool.Feature{
	Name: "builder-pack", Builder: "pack", File: "project.toml", Property: "projecttoml-path",
	Help: "Manage the pack builder integration for an app",
}

// Plugin is the feature's commands, property and triggers.
func Plugin(h *plugin.Host) plugin.Plugin {
	p := feature.Plugin(h)
	p.Triggers["docker-args-process-deploy"] = of(h).onArgs
	p.Triggers["docker-args-process-run"] = of(h).onArgs
	return p
}
