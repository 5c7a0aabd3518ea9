package buildpacks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

type detectArgs struct {
	Branch string `flag:"branch" help:"the branch to detect against (defaults to the deploy branch)"`
	App    string `arg:"app"`
}

// sourceFolder is where the image of herokuish looks for the source.
const sourceFolder = "/tmp/app"

// detect asks herokuish which buildpack it would take for what was pushed.
func (b *buildpacks) detect(ctx context.Context, c *command.Call, in detectArgs) error {
	source, err := b.source(ctx, in)
	if err != nil {
		return err
	}
	image, err := b.stack(in.App)
	if err != nil {
		return err
	}
	if image == "" {
		image = defaultStack
	}
	h := b.host
	args := docker.LabelArgs(h.Names.Labels(docker.Labelled{App: in.App, ContainerType: "copy"}))
	args = append(args, "--mount=type=volume,target="+sourceFolder, "--env=USER="+build.DefaultAppUser,
		"--entrypoint=/bin/herokuish", image, "buildpack", "detect", sourceFolder)
	id, err := h.Docker.Create(ctx, args)
	if err != nil {
		return command.Fail("Buildpack detection failed: %w", err)
	}
	defer h.Docker.Remove(context.WithoutCancel(ctx), id) //nolint:errcheck // ended
	if err := h.Docker.CopyTo(ctx, id, sourceFolder, source); err != nil {
		return command.Fail("Buildpack detection failed: %w", err)
	}
	if err := h.Docker.Start(ctx, id); err != nil {
		return command.Fail("Buildpack detection failed: %w", err)
	}
	code, err := h.Docker.Wait(ctx, id)
	if err != nil {
		return err
	}
	var stdout, stderr bytes.Buffer
	if err := h.Docker.Logs(ctx, id, docker.LogOptions{Tail: -1}, &stdout, &stderr); err != nil {
		return err
	}
	if code != 0 {
		return command.Fail("Buildpack detection failed: %s", strings.TrimSpace(stderr.String()+stdout.String()))
	}
	for line := range strings.Lines(strings.TrimSpace(stdout.String())) {
		c.Out.Text("%s", strings.TrimRight(line, "\n"))
	}
	return nil
}

// source is what was pushed to a branch, as a tar archive.
func (b *buildpacks) source(ctx context.Context, in detectArgs) (*bytes.Buffer, error) {
	branch := in.Branch
	if branch == "" {
		var err error
		if branch, err = b.host.Computed("git", "deploy-branch", in.App); err != nil {
			return nil, err
		}
	}
	var archive, stderr bytes.Buffer
	cmd := b.host.Exec.Command(ctx, "git", "--git-dir="+b.host.Store.AppDir(in.App), "archive", "--format=tar", "--end-of-options", "refs/heads/"+branch)
	cmd.Env = append(cmd.Env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
	cmd.Stdout, cmd.Stderr = &archive, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.As(err, new(*exec.ExitError)) {
			return nil, command.Fail("App %s has no branch %s to look at\nPush one first: git push dokku %s", in.App, branch, branch)
		}
		return nil, fmt.Errorf("cannot run git: %w", err)
	}
	return &archive, nil
}
