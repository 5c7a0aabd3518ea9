package builderrailpack

import (
	"context"
	"slices"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

var program = tool.Tool{Program: "railpack", Install: "https://railpack.com/installation"}

type builder struct{ tool.Builder }

// New is the builder.
func New(h *plugin.Host) build.Builder { return builder{tool.Builder{Feature: feature, Host: h}} }

// options are those of `railpack build` that Dokku hands on.
// Source: Dokku plugins/builder-railpack/builder-build.
func options() tool.Options {
	return tool.Values("--platform", "--progress", "--cache-key", "--env,-e", "--previous", "--build-cmd", "--start-cmd").
		With("--show-plan", "--error-missing-start")
}

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	made := req.Image + "-railpack"
	args := slices.Concat([]string{"build"}, options().Pick(req.Args), []string{"--name", made, req.Dir})
	err := tool.WithoutRelease(req.Dir, func() error { return program.Run(ctx, b.Host, req, out, args...) })
	if err != nil {
		return err
	}
	// Commands of the Procfile are whole; railpack's entrypoint would be a second shell.
	return tool.Seal(ctx, b.Host, req, made, "ENTRYPOINT []\n")
}
