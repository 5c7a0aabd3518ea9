// Package builderdockerfile builds apps from a Dockerfile.
//
// An app whose source has a file Dockerfile at its root is built from it; for
// another file, builder-dockerfile:set APP dockerfile-path docker/Dockerfile.prod.
// The image is built by the Docker Engine's own BuildKit, whose cache is kept
// between pushes. A .dockerignore counts.
//
// Config vars reach the build only where the Dockerfile asks for them:
//
//	ARG NODE_ENV                                        its value is the config var NODE_ENV
//	RUN --mount=type=secret,id=NPM_TOKEN npm ci         /run/secrets/NPM_TOKEN is the config var
//
// The values of ARG can be read from the finished image, those of secrets
// cannot. Options of `docker build` are given by docker-options for the phase
// build: --build-arg, --secret, --target, --no-cache, --add-host and so on.
package builderdockerfile

import (
	"errors"
	"path/filepath"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

const feature = "builder-dockerfile"

var dockerfilePath = state.Property{
	Plugin: feature, Name: "dockerfile-path", Default: "Dockerfile",
	Help:     "The Dockerfile, relative to the root of the source",
	Validate: inSource,
}

var properties = []state.Property{dockerfilePath}

// Plugin is the feature's commands, property and triggers.
func Plugin(h *plugin.Host) plugin.Plugin {
	return plugin.Plugin{
		Name:       feature,
		Help:       "Manage the dockerfile builder integration for an app",
		Properties: properties,
		Commands:   plugin.Settings(h, feature, properties),
		Triggers:   plugin.Triggers{"builder-detect": builder{h}.onDetect, "core-post-extract": builder{h}.onExtract},
	}
}

func inSource(path string) error {
	if !filepath.IsLocal(path) {
		return errors.New("dockerfile-path must be relative to the root of the source and stay inside it")
	}
	return nil
}
