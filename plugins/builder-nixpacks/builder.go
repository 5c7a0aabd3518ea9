package buildernixpacks

import (
	"context"
	"slices"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

var program = tool.Tool{Program: "nixpacks", Install: "https://nixpacks.com/docs/install"}

type builder struct{ tool.Builder }

// New is the builder.
func New(h *plugin.Host) build.Builder { return builder{tool.Builder{Feature: feature, Host: h}} }

// options are those of `nixpacks build` that Dokku hands on.
// Source: Dokku plugins/builder-nixpacks/builder-build.
func options() tool.Options {
	return tool.Values("--tag,-t", "--install-cmd,-i", "--label,-l", "--build-cmd,-b", "--start-cmd,-s", "--pkgs,-p", "--apt,-a", "--env,-e",
		"--platform", "--cache-key", "--incremental-cache-image", "--libs", "--cache-from", "--docker-host", "--add-host", "--docker-tls-verify",
	).With("--no-cache", "--inline-cache", "--no-error-without-start")
}

// entrypoint makes the image run what follows its name in a login shell, which
// knows the programs of nix. Source: Dokku plugins/builder-nixpacks/dockerfiles.
const entrypoint = `RUN mkdir -p /usr/local/bin && printf '#!/usr/bin/env bash\nexec bash -l -c -- \"$*\"\n' > /usr/local/bin/entrypoint && chmod +x /usr/local/bin/entrypoint
ENTRYPOINT ["/usr/local/bin/entrypoint"]
`

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	made := req.Image + "-nixpacks"
	args := slices.Concat([]string{"build"}, docker.LabelArgs(req.Labels), options().Pick(req.Args), []string{"--name", made, req.Dir})
	err := tool.WithoutRelease(req.Dir, func() error { return program.Run(ctx, b.Host, req, out, args...) })
	if err != nil {
		return err
	}
	return tool.Seal(ctx, b.Host, req, made, entrypoint)
}
