package builderdockerfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

type builder struct{ h *plugin.Host }

// New is the builder. It uses the host's Docker and Store at each build.
func New(h *plugin.Host) build.Builder { return builder{h} }

// Name implements build.Builder.
func (b builder) Name() string { return "dockerfile" }

// Title implements build.Titled. The word is Dokku's.
func (b builder) Title(context.Context, string) string { return "Dockerfile" }

// Detect implements build.Builder. The file of dockerfile-path is a Dockerfile
// by now, see onExtract.
func (b builder) Detect(_ context.Context, _, dir string) (bool, error) {
	return build.HasFile(dir, dockerfilePath.Default), nil
}

// onDetect answers builder-detect(app, dir). What asks for buildpacks goes
// before a Dockerfile, although its plugins are asked later.
// Source: Dokku plugins/builder-dockerfile/builder-detect.
func (b builder) onDetect(ctx context.Context, c *trigger.Call) error {
	app, dir := c.Arg(0), c.Arg(1)
	found, err := b.Detect(ctx, app, dir)
	if err != nil || !found {
		return err
	}
	env, err := b.h.Store.Env(app)
	if err != nil || (build.WantsBuildpack(dir, env) && b.herokuish(app)) || build.HasFile(dir, "project.toml") {
		return err
	}
	fmt.Fprintln(c.Out, b.Name())
	return nil
}

// herokuish tells whether the builder of that name may build the app.
func (b builder) herokuish(app string) bool {
	if runtime.GOARCH != "arm64" {
		return true
	}
	v, err := b.h.Computed("builder-herokuish", "allowed", app)
	return err == nil && v == "true"
}

// onExtract answers core-post-extract(app, dir, revision): the file that
// dockerfile-path names becomes the Dockerfile of the source. One that is not
// there ends the deploy.
func (b builder) onExtract(_ context.Context, c *trigger.Call) error {
	app, dir := c.Arg(0), c.Arg(1)
	path, err := b.h.Store.Computed(dockerfilePath, app)
	if err != nil || filepath.Clean(path) == dockerfilePath.Default {
		return err
	}
	if !build.HasFile(dir, path) {
		return noDockerfile(app, path)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, suffix := range []string{"", ".dockerignore"} {
		err := root.Rename(path+suffix, dockerfilePath.Default+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot use %s as the Dockerfile: %w", path+suffix, err)
		}
	}
	return nil
}

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	options, err := buildkit.ParseFlags(req.Args)
	if err != nil {
		return err
	}
	if len(options.Ignored) > 0 {
		fmt.Fprintf(req.Log, "docker options without effect on a build: %v\n", options.Ignored)
	}
	path := options.File
	if path == "" {
		if path, err = b.h.Store.Computed(dockerfilePath, req.App); err != nil {
			return err
		}
	}
	dockerfile, err := readDockerfile(req.App, req.Dir, path, options.File == "")
	if err != nil {
		return err
	}
	return buildkit.Build(ctx, b.h.Docker, buildkit.Job{
		App:          req.App,
		Context:      buildkit.Folder(req.Dir),
		Dockerfile:   dockerfile,
		Image:        req.Image,
		Labels:       req.Labels,
		Options:      options,
		Env:          req.Env,
		DockerConfig: build.DockerConfig(b.h.Store, req.App),
		Log:          req.Log,
	}, out)
}

// largest is the size that a Dockerfile may have, in bytes.
const largest = 1 << 20

// readDockerfile reads the file that path names. Where renamed says so, it may
// be called Dockerfile by now; messages go on to name it as it was.
func readDockerfile(app, dir, path string, renamed bool) (buildkit.Dockerfile, error) {
	dockerfile := buildkit.Dockerfile{Name: filepath.ToSlash(filepath.Clean(path))}
	if renamed && !build.HasFile(dir, path) && build.HasFile(dir, dockerfilePath.Default) {
		path = dockerfilePath.Default
	}
	if !build.HasFile(dir, path) {
		return dockerfile, noDockerfile(app, path)
	}
	var err error
	if dockerfile.Content, err = readFile(dir, path); err != nil {
		return dockerfile, command.Fail("Cannot read %s: %w", path, err)
	}
	dockerfile.Ignore, err = readFile(dir, path+".dockerignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dockerfile, command.Fail("Cannot read %s.dockerignore: %w", path, err)
	}
	return dockerfile, nil
}

// readFile reads a file of the source. Links that leave the source are not
// followed: a message about the file would quote what it found.
func readFile(dir, path string) ([]byte, error) {
	file, err := os.OpenInRoot(dir, path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err == nil && len(content) > largest {
		err = fmt.Errorf("it is larger than %d bytes", largest)
	}
	return content, err
}

func noDockerfile(app, path string) error {
	if path == dockerfilePath.Default {
		return command.Fail("There is no Dockerfile in the source\nCommit one, or name the one to use: dokku builder-dockerfile:set %s dockerfile-path …", app)
	}
	return command.Fail("Invalid dockerfile-path specified: %s\nThe source has no such file; name another one: dokku builder-dockerfile:set %s dockerfile-path …", path, app)
}
