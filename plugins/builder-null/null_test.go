package buildernull

import (
	"context"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildtest"
	"github.com/slipwayhq/slipway/docker/dockertest"
)

func TestConformance(t *testing.T) {
	buildtest.Run(t, buildtest.Subject{
		New:     New,
		Foreign: buildtest.Files{"Dockerfile": "FROM scratch", "index.html": "hello"},
		Failing: buildtest.Files{"index.html": "hello"},
		Says:    []string{"not found", "dokku builder:set blog selected"},
	})
}

func TestTakesTheImageThatIsThere(t *testing.T) {
	h := buildtest.Host(t)
	h.Names.Instance = dockertest.Name(t)
	latest := h.Names.Image(buildtest.App) + ":latest"
	image := dockertest.BusyBox(t, h.Docker)
	if err := h.Docker.ImageTag(t.Context(), image, latest); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Docker.ImageRemove(context.Background(), latest, true) })
	want, err := h.Docker.ImageInspect(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	req := build.Request{Image: h.Names.Image(buildtest.App) + ":build-1", Dir: t.TempDir()}
	r := buildtest.Build(t.Context(), t, h, New(h), req)
	got, err := h.Docker.ImageInspect(t.Context(), req.Image)
	if r.Err != nil || err != nil || got.ID != want.ID || !strings.Contains(r.Out, latest) {
		t.Errorf("%v, %v, %s", r.Err, err, r.Out)
	}
}
