package builderpack

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

var program = tool.Tool{Program: "pack", Install: "https://buildpacks.io/docs/for-platform-operators/how-to/integrate-ci/pack/"}

type builder struct{ tool.Builder }

// New is the builder.
func New(h *plugin.Host) build.Builder { return of(h) }

func of(h *plugin.Host) builder { return builder{tool.Builder{Feature: feature, Host: h}} }

// defaultBuilder is the builder image where buildpacks:set-property stack names
// no other. Source: Dokku's variable DOKKU_CNB_BUILDER.
const defaultBuilder = "heroku/builder:24"

// options are those of `pack build` that Dokku hands on.
// Source: Dokku plugins/builder-pack/builder-build.
func options() tool.Options {
	return tool.Values("--buildpack,-b", "--buildpack-registry,-r", "--env,-e", "--tag,-t", "--volume,-v", "--cache", "--cache-image",
		"--creation-time", "--env-file", "--extension", "--gid", "--insecure-registry", "--lifecycle-image", "--network", "--platform",
		"--post-buildpack", "--pre-buildpack", "--previous-image", "--pull-policy", "--run-image", "--uid", "--workspace",
	).With("--clear-cache", "--disable-system-buildpacks", "--publish", "--trust-builder", "--trust-extra-buildpacks", "--userns-host")
}

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	image, err := b.stack(ctx, req.App)
	if err != nil {
		return err
	}
	made := req.Image + "-pack"
	args := []string{"build", made, "--builder", image, "--path", req.Dir, "--default-process", "web"}
	args = append(args, options().Pick(req.Args)...)
	buildpacks, err := chosen(req)
	if err != nil {
		return err
	}
	for _, url := range buildpacks {
		args = append(args, "--buildpack", url)
	}
	for _, key := range tool.Keys(req.Env) {
		args = append(args, "--env", key) // its value is in the environment of pack
	}
	if err := program.Run(ctx, b.Host, req, out, args...); err != nil {
		return err
	}
	return tool.Seal(ctx, b.Host, req, made, "")
}

// stack is the builder image of an app.
func (b builder) stack(ctx context.Context, app string) (string, error) {
	image, err := b.Host.Bus.Query(ctx, "buildpack-stack-name", app)
	return cmp.Or(image, defaultBuilder), err
}

// Title implements build.Titled. The words are Dokku's.
func (b builder) Title(ctx context.Context, app string) string {
	image, err := b.stack(ctx, app)
	if err != nil {
		return b.Name()
	}
	return "cnb stack " + image + "..."
}

// chosen are the buildpacks that the config or the source names.
func chosen(req build.Request) ([]string, error) {
	if url := req.Env["BUILDPACK_URL"]; url != "" {
		return []string{url}, nil
	}
	if !build.HasFile(req.Dir, ".buildpacks") {
		return nil, nil
	}
	root, err := os.OpenRoot(req.Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the source: %w", err)
	}
	defer root.Close()
	text, err := root.ReadFile(".buildpacks")
	if err != nil {
		return nil, fmt.Errorf("cannot read .buildpacks: %w", err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all, nil
}
