package deploy

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// baking is a flow on the real engine, and a deployment of the app blog.
func baking(t *testing.T) (*Flow, *deployment) {
	t.Helper()
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	h := &plugin.Host{
		Store: store, Docker: dockertest.Connect(t), Names: docker.Names{Instance: dockertest.Name(t)}, Log: slog.New(slog.DiscardHandler),
	}
	return New(Config{Host: h}), &deployment{app: "blog", log: io.Discard}
}

// dokkus are the files with the config that Dokku wrote into images of herokuish, and one of the app.
var dokkus = []string{"app/.profile.d/00-global-env.sh", "app/.profile.d/01-app-env.sh", "tmp/env", "app/.profile.d/node.sh"}

// image loads one with those files, owned by root, as Dokku's are.
func bakedImage(t *testing.T, f *Flow, spec dockertest.Spec) (rel app.Release) {
	t.Helper()
	spec.Ref, spec.Cmd = dockertest.Name(t)+":old", []string{"sh"}
	spec.Files = append(dockertest.BusyBoxFiles(t), dockertest.File{Path: "app/.profile.d/", Mode: 0o755})
	for _, path := range dokkus {
		spec.Files = append(spec.Files, dockertest.File{Path: path, Mode: 0o644, Data: []byte("export SECRET=old\n")})
	}
	image, err := f.host.Docker.ImageInspect(t.Context(), dockertest.Load(t, f.host.Docker, spec))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.host.Docker.ImageRemove(context.Background(), f.releases.imageRef("blog", 7), true)
	})
	return app.Release{App: "blog", Number: 7, ImageID: image.ID}
}

func TestConfigThatDokkuBakedIntoAnImageGoes(t *testing.T) {
	f, d := baking(t)
	old := bakedImage(t, f, dockertest.Spec{Env: []string{"USER=herokuishuser"}, User: "1000:1000", Labels: map[string]string{"com.dokku.image-stage": "release"}})
	next, err := f.withoutConfig(t.Context(), d, old)
	if err != nil {
		t.Fatal(err)
	}
	if next.ImageID == old.ImageID {
		t.Fatal("it is the same image")
	}
	image, err := f.host.Docker.ImageInspect(t.Context(), next.ImageID)
	if err != nil {
		t.Fatal(err)
	}
	if image.User != "1000:1000" || image.Labels[build.LabelConfig] != build.ConfigAtStart || image.Labels["com.dokku.image-stage"] != "release" || !slices.Contains(image.Env, "USER=herokuishuser") {
		t.Errorf("the new image: %+v", image)
	}
	id := dockertest.Create(t, f.host.Docker, next.ImageID, "sh", "-c", "cd / && ls "+strings.Join(dokkus, " ")+" 2>/dev/null")
	var left dockertest.Buffer
	if err := f.host.Docker.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.host.Docker.Wait(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := f.host.Docker.Logs(t.Context(), id, docker.LogOptions{Tail: -1}, &left, &left); err != nil || strings.TrimSpace(left.String()) != "app/.profile.d/node.sh" {
		t.Errorf("left of Dokku's files: %q, %v", left.String(), err)
	}
	again, err := f.withoutConfig(t.Context(), d, next)
	if err != nil || again.ImageID != next.ImageID {
		t.Errorf("it was made twice: %s, %v", again.ImageID, err)
	}
}

func TestImagesWithoutBakedConfigStayAsTheyAre(t *testing.T) {
	f, d := baking(t)
	for what, spec := range map[string]dockertest.Spec{
		"a Dockerfile's":            {},
		"Cloud Native Buildpacks's": {Env: []string{"USER=herokuishuser"}, Labels: map[string]string{"io.buildpacks.stack.id": "heroku-24"}},
		"our own of herokuish":      {Env: []string{"USER=herokuishuser"}, Labels: map[string]string{build.LabelConfig: build.ConfigAtStart}},
	} {
		old := bakedImage(t, f, spec)
		if next, err := f.withoutConfig(t.Context(), d, old); err != nil || next.ImageID != old.ImageID {
			t.Errorf("%s: %s instead of %s, %v", what, next.ImageID, old.ImageID, err)
		}
	}
	gone := app.Release{App: "blog", Number: 7, ImageID: "sha256:" + strings.Repeat("0", 64)}
	if next, err := f.withoutConfig(t.Context(), d, gone); err != nil || next.ImageID != gone.ImageID {
		t.Errorf("an image that is to be pulled: %+v, %v", next, err)
	}
}
