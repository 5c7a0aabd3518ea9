// Package builderrailpack builds apps with railpack, which must be installed on
// the server.
//
// An app whose source has a file railpack.json is built by it; for a file of
// another name, builder-railpack:set APP railpackjson-path config/railpack.json.
//
//	dokku builder:set blog selected railpack                          without such a file
//	dokku docker-options:add blog build "--build-cmd 'npm run build'"
//
// Options of railpack are given by docker-options for the phase build. The
// app's config is in the environment of railpack; a variable that the build
// itself is to see is named by the option --env NAME.
package builderrailpack

import (
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/plugin"
)

var feature = tool.Feature{
	Name: "builder-railpack", Builder: "railpack", File: "railpack.json", Property: "railpackjson-path",
	Help: "Manage the railpack builder integration for an app",
}

// Plugin is the feature's commands, property and triggers.
func Plugin(h *plugin.Host) plugin.Plugin { return feature.Plugin(h) }
