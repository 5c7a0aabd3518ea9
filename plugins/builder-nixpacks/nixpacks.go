// Package buildernixpacks builds apps with nixpacks, which must be installed on
// the server.
//
// An app whose source has a file nixpacks.toml is built by it; for a file of
// another name, builder-nixpacks:set APP nixpackstoml-path config/nixpacks.toml.
//
//	dokku builder:set blog selected nixpacks                          without such a file
//	dokku docker-options:add blog build "--pkgs ffmpeg"
//
// Options of nixpacks are given by docker-options for the phase build. The
// app's config is in the environment of nixpacks; a variable that the build
// itself is to see is named by the option --env NAME.
package buildernixpacks

import (
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/plugin"
)

var feature = tool.Feature{
	Name: "builder-nixpacks", Builder: "nixpacks", File: "nixpacks.toml", Property: "nixpackstoml-path",
	Help: "Manage the nixpacks builder integration for an app",
}

// Plugin is the feature's commands, property and triggers.
func Plugin(h *plugin.Host) plugin.Plugin { return feature.Plugin(h) }
