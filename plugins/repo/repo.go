// Package repo tidies the git repositories of apps and the caches of their
// builds.
//
//	dokku repo:gc blog            packs blog's repository tightly; its branches stay files of their own
//	dokku repo:purge-cache blog   the next build downloads what it needs anew
//
// The cache is the volume cache-APP, where builds by buildpacks keep it. What
// BuildKit keeps of builds by a Dockerfile is shared by all apps; docker builder
// prune removes that.
package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

type repo struct{ h *plugin.Host }

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	r := repo{h}
	return plugin.Plugin{
		Name: "repo", Help: "Manage the app's repo",
		Commands: []*command.Command{
			command.New("repo:gc", "Runs 'git gc --aggressive' against the application's repo", r.gc, command.Usage("<app>")),
			command.New("repo:purge-cache", "Deletes the contents of the build cache stored in the repository", r.purgeCache, command.Usage("<app>")),
		},
	}
}

type appArgs struct {
	App string `arg:"app"`
}

// gc packs objects but not refs: bash plugins read refs/heads/BRANCH as a file.
func (r repo) gc(ctx context.Context, c *command.Call, in appArgs) error {
	cmd := r.h.Exec.Command(ctx, "git", "--git-dir="+r.h.Store.AppDir(in.App), "-c", "gc.packRefs=false", "gc", "--aggressive", "--quiet")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(said.String()); text != "" {
			return command.Fail("Unable to run git gc: %s", text)
		}
		return fmt.Errorf("cannot run git gc: %w", err)
	}
	return nil
}

// purgeCache removes the volume, and the containers of builds that have it.
func (r repo) purgeCache(ctx context.Context, _ *command.Call, in appArgs) error {
	labels := r.h.Names.Owned(in.App)
	labels[docker.LabelImageStage] = "build"
	containers, err := r.h.Docker.List(ctx, docker.Filter{Labels: labels, All: true})
	if err != nil {
		return err
	}
	for _, container := range containers {
		if !r.h.Names.Owns(container.Labels) {
			continue
		}
		if err := r.h.Docker.Remove(ctx, container.ID); err != nil && !errors.Is(err, docker.ErrNotFound) {
			return err
		}
	}
	if err := r.h.Docker.VolumeRemove(ctx, "cache-"+in.App); err != nil {
		return command.Fail("Unable to remove cache volume: %w", err)
	}
	return nil
}
