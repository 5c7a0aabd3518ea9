// Package tool makes images with a program of the host that Slipway does not
// bring along: pack, nixpacks, railpack, lambda-builder.
//
//	t := tool.Tool{Program: "pack", Install: "https://buildpacks.io/docs/for-platform-operators/how-to/integrate-ci/pack/"}
//	err := t.Run(ctx, h, req, out, "build", "blog:work", "--path", req.Dir)
//	err = tool.Seal(ctx, h, req, "blog:work", "")
//
// The program sees the app's config as its environment, as with Dokku, but for
// variables that would change how programs of the host run.
package tool

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// Tool is such a program.
type Tool struct {
	Program string // its name in PATH
	Install string // where it is to be had
}

// find is the path of the program, by the PATH of child processes.
func (t Tool) find(env []string) (string, error) {
	for _, pair := range slices.Backward(env) {
		list, isPath := strings.CutPrefix(pair, "PATH=")
		if !isPath {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			path := filepath.Join(dir, t.Program)
			if info, err := os.Stat(path); filepath.IsAbs(path) && err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return path, nil
			}
		}
		break
	}
	return "", command.Fail("Missing %s, install it\nIt is to be had at %s; then deploy again", t.Program, t.Install)
}

// Run runs the program in the source, and shows what it prints. A program that
// fails is a command.Error.
func (t Tool) Run(ctx context.Context, h *plugin.Host, req build.Request, out *command.Output, args ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path, err := t.find(h.Exec.Env)
	if err != nil {
		return err
	}
	cmd := h.Exec.Command(ctx, path, args...)
	cmd.Dir = req.Dir
	env := slices.Clone(cmd.Env)
	for _, key := range Keys(req.Env) {
		env = append(env, key+"="+req.Env[key])
	}
	if folder := build.DockerConfig(h.Store, req.App); folder != "" {
		env = append(env, "DOCKER_CONFIG="+folder)
	}
	if h.CLI.Host != "" {
		env = append(env, "DOCKER_HOST="+h.CLI.Host)
	}
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = out.Stdout(), out.Stderr()
	err = cmd.Run()
	exit := (*exec.ExitError)(nil)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit):
		return command.Fail("Failure building image: %s ended with exit code %d", t.Program, exit.ExitCode())
	case err != nil:
		return command.Fail("Cannot run %s: %w", t.Program, err)
	}
	return nil
}

// ofTheHost are variables that programs of the host read for themselves. A
// config var of that name is the app's business alone.
var ofTheHost = []string{
	"PATH", "HOME", "USER", "SHELL", "TMPDIR", "IFS", "ENV", "BASH_ENV", "PROMPT_COMMAND", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
	"GODEBUG", "GIT_DIR", "GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND", "GIT_ASKPASS", "SSH_ASKPASS", "SSH_AUTH_SOCK",
}

// Keys are the names of the config vars that a program of the host may see,
// sorted.
func Keys(env map[string]string) []string {
	keys := slices.Sorted(maps.Keys(env))
	return slices.DeleteFunc(keys, func(key string) bool {
		for _, prefix := range []string{"LD_", "DOCKER_", "BUILDX_", "BUILDKIT_", "GIT_CONFIG", "SSL_CERT_"} {
			if strings.HasPrefix(key, prefix) {
				return true
			}
		}
		return slices.Contains(ofTheHost, key)
	})
}

// Seal makes the finished image of what the program made: with the labels of
// the request, and with further instructions of a Dockerfile. The name that the
// program gave it goes.
func Seal(ctx context.Context, h *plugin.Host, req build.Request, made, instructions string) error {
	defer h.Docker.ImageRemove(context.WithoutCancel(ctx), made, false) //nolint:errcheck // only a name
	return buildkit.Build(ctx, h.Docker, buildkit.Job{
		App: req.App, Context: buildkit.Folders(map[string]buildkit.Tree{}), Image: req.Image, Labels: req.Labels, Log: req.Log,
		Dockerfile:   buildkit.Dockerfile{Name: "Dockerfile", Content: []byte("ARG APP_IMAGE\nFROM $APP_IMAGE\n" + instructions)},
		Env:          map[string]string{"APP_IMAGE": made},
		DockerConfig: build.DockerConfig(h.Store, req.App),
	}, command.NewOutput(io.Discard, io.Discard))
}
