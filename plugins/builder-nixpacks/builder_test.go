package buildernixpacks

import (
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/build/tool/tooltest"
	"github.com/slipwayhq/slipway/plugin"
)

func TestBuild(t *testing.T) {
	tooltest.Run(t, tooltest.Subject{
		New: New, Feature: feature, Program: program.Program, Named: "--name",
		Options: []string{"--build-arg", "X=1", "-e", "DEBUG=1", "--no-cache", "--pkgs=ffmpeg"},
		Wanted: []string{
			"build", "--label=com.dokku.image-stage=release", "--env", "DEBUG=1", "--no-cache", "--pkgs", "ffmpeg", "--name", "$IMAGE-nixpacks", "$DIR", "web: serve",
		},
		Check: func(t *testing.T, h *plugin.Host, image string) {
			if in, err := h.Docker.ImageInspect(t.Context(), image); err != nil || !slices.Equal(in.Entrypoint, []string{"/usr/local/bin/entrypoint"}) {
				t.Errorf("the entrypoint is %q, %v", in.Entrypoint, err)
			}
		},
	})
}
