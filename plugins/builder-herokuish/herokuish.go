// Package builderherokuish builds apps with Heroku's buildpacks, by the image
// of herokuish: the language is found by the files of the source.
//
//	git push dokku main                                        a source with a requirements.txt, package.json, Gemfile …
//	dokku buildpacks:add blog heroku/nodejs                    instead of what the files say
//	dokku config:set blog BUILDPACK_URL=https://github.com/…   the same, for one buildpack
//	dokku buildpacks:set-property blog stack gliderlabs/herokuish:latest-22
//	dokku builder-herokuish:set blog allowed true              where the server is not amd64
//
// It builds every source that no other builder claims. A file .buildpacks, or
// BUILDPACK_URL in the config or in a file .env, claims the source for it even
// where there is a Dockerfile.
//
// The source is put into /app of the image as the user herokuishuser (config
// var DOKKU_APP_USER), and /build runs there with the config as files in
// /tmp/env and as /app/.env. What buildpacks keep between builds is in the
// volume cache-APP. Processes are started by `/start TYPE`, and commands of
// run and enter by `/exec`, which load the buildpacks' profile.d. The config is
// handed to each container when it is made: it is not written into profile.d.
package builderherokuish

import (
	"errors"
	"runtime"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

const feature = "builder-herokuish"

// DefaultImage is the image that builds where buildpacks:set-property stack
// names no other. Source: Dokku's variable DOKKU_IMAGE.
const DefaultImage = "gliderlabs/herokuish:latest-24"

// allowed depends on the server: the image exists for amd64 only.
var allowed = state.Property{
	Plugin: feature, Name: "allowed", Default: onThis(runtime.GOARCH), Validate: validBool,
	Help: "Whether herokuish builds apps on this server",
}

// onThis is whether herokuish is allowed where nothing was set.
func onThis(architecture string) string {
	if architecture == "amd64" {
		return "true"
	}
	return "false"
}

func validBool(v string) error {
	if v != "true" && v != "false" {
		return errors.New("Invalid allowed value, must be true or false") //nolint:staticcheck // shown as it is
	}
	return nil
}

var properties = []state.Property{allowed}

// Plugin is the feature's commands, property and triggers.
func Plugin(h *plugin.Host) plugin.Plugin {
	b := builder{h}
	return plugin.Plugin{
		Name:       feature,
		Help:       "Manage the herokuish builder integration for an app",
		Properties: properties,
		Commands:   plugin.Settings(h, feature, properties),
		Triggers: plugin.Triggers{
			"builder-detect":            b.onDetect,
			"builder-herokuish-allowed": b.onAllowed,
			"pre-receive-app":           b.onReceive,
			"docker-args-build":         b.onArgs,
			"docker-args-deploy":        b.onArgs,
			"docker-args-run":           b.onArgs,
		},
	}
}
