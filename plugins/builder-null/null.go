// Package buildernull is the builder that does nothing, for apps that only
// route to services which something else runs. It is never chosen by itself:
//
//	dokku builder:set APP selected null
//
// A deploy needs an image all the same; it must be in the engine already, as
// dokku/APP:latest.
package buildernull

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

// Plugin is the feature in the list of plugins; it has no commands, as Dokku's.
func Plugin(*plugin.Host) plugin.Plugin {
	return plugin.Plugin{Name: "builder-null", Help: "No-op builder plugin"}
}

type builder struct{ h *plugin.Host }

// New is the builder. It uses the host's Docker at each build.
func New(h *plugin.Host) build.Builder { return builder{h} }

// Name implements build.Builder.
func (b builder) Name() string { return "null" }

// Detect implements build.Builder: never.
func (b builder) Detect(context.Context, string, string) (bool, error) { return false, nil }

// Build implements build.Builder: it takes the image that is there.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	image := b.h.Names.Image(req.App) + ":latest"
	err := b.h.Docker.ImageTag(ctx, image, req.Image)
	if errors.Is(err, docker.ErrNotFound) {
		return command.Fail("App image (%s) not found\nThe null builder builds nothing; let another one be chosen: dokku builder:set %s selected", image, req.App)
	}
	if err != nil {
		return fmt.Errorf("cannot use the image of %s: %w", req.App, err)
	}
	out.Text("The null builder builds nothing; %s stays as it is", image)
	return nil
}
