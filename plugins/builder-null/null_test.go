package buildernull

import (
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

func TestAnImageThatIsThereStays(t *testing.T) {
	h := buildtest.Host(t)
	image := dockertest.BusyBox(t, h.Docker)
	before, err := h.Docker.ImageInspect(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	r := buildtest.Build(t.Context(), t, h, New(h), build.Request{Image: image, Dir: t.TempDir()})
	after, err := h.Docker.ImageInspect(t.Context(), image)
	if r.Err != nil || err != nil || after.ID != before.ID || !strings.Contains(r.Out, image) {
		t.Errorf("%v, %v, %s", r.Err, err, r.Out)
	}
}
