package builderlambda

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

var program = tool.Tool{Program: "lambda-builder", Install: "https://github.com/dokku/lambda-builder/releases"}

type builder struct{ tool.Builder }

// New is the builder.
func New(h *plugin.Host) build.Builder { return builder{tool.Builder{Feature: feature, Host: h}} }

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	made := req.Image + "-lambda"
	args := []string{"build", "--generate-image", "--write-procfile", "--image-env=DOCKER_LAMBDA_STAY_OPEN=1"}
	args = slices.Concat(args, docker.LabelArgs(req.Labels), []string{"--port", "5000", "--tag", made, "--working-directory", req.Dir})
	if err := program.Run(ctx, b.Host, req, out, args...); err != nil {
		return err
	}
	if !build.HasFile(req.Dir, archive) {
		return command.Fail("Compressed %s not detected, failed to build lambda function", archive)
	}
	if err := b.keep(ctx, req); err != nil {
		return err
	}
	return tool.Seal(ctx, b.Host, req, made, "")
}

// archive is what lambda-builder leaves in the source.
const archive = "lambda.zip"

// keep puts the function's archive where it can be fetched, in place of the one
// before.
func (b builder) keep(ctx context.Context, req build.Request) error {
	revision, err := b.Host.Bus.Query(ctx, "git-revision", req.App)
	if err != nil {
		return err
	}
	if !revisionRE.MatchString(revision) {
		revision = "latest"
	}
	folder := b.Host.Store.DataDir(feature.Name, req.App)
	if err := b.Host.Store.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.zip"))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(req.Dir)
	if err != nil {
		return fmt.Errorf("cannot open the source: %w", err)
	}
	defer root.Close()
	for from, to := range map[string]string{archive: revision + ".zip", "Procfile": revision + ".Procfile"} {
		content, err := root.ReadFile(from)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = b.Host.Store.WriteFile(filepath.Join(folder, to), content, 0o644)
		}
		if err != nil {
			return fmt.Errorf("cannot keep %s of %s: %w", from, req.App, err)
		}
	}
	for _, path := range old {
		if filepath.Base(path) != revision+".zip" {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

var revisionRE = regexp.MustCompile(`^[0-9A-Za-z._-]{1,80}$`)
