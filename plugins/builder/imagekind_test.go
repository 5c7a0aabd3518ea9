package builder_test

import (
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/builder"
	"github.com/slipwayhq/slipway/plugins/config"
)

func TestKindsOfImages(t *testing.T) {
	engine := fake.New()
	for tag, image := range map[string]docker.Image{
		"herokuish": {Env: []string{"USER=herokuishuser"}}, "postgres": {Env: []string{"USER=postgres"}}, "plain": {},
		"pack": {Labels: map[string]string{"io.buildpacks.stack.id": "heroku-24"}},
	} {
		image.Tags = []string{tag + ":latest"}
		engine.AddImage(image)
	}
	w := plugintest.Make(t, config.Plugin, func(h *plugin.Host) plugin.Plugin {
		h.Docker = engine
		return builder.Plugin(h)
	})
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("blog"), 0o755); err != nil {
		t.Fatal(err)
	}
	check := func(trigger, image, want string) {
		t.Helper()
		if got := w.Ask(trigger, "blog", image); got.Stdout != want+"\n" || got.Code != 0 {
			t.Errorf("%s %s: %+v", trigger, image, got)
		}
	}
	for image, want := range map[string][2]string{
		"herokuish": {"true", "false"}, "pack": {"true", "true"}, "plain": {"false", "false"}, "postgres": {"false", "false"}, "nosuch": {"false", "false"},
	} {
		check("builder-image-is-herokuish", image, want[0])
		check("builder-image-is-cnb", image, want[1])
	}
	w.Dokku("config:set", "--no-restart", "blog", "DOKKU_APP_USER=postgres")
	check("builder-image-is-herokuish", "postgres", "true")
}
