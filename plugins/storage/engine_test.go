package storage_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storage"
)

func TestExecOnARealEngine(t *testing.T) {
	engine := dockertest.Connect(t)
	image := dockertest.BusyBox(t, engine)
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker, h.CLI = engine, engine.CLI()
		return storage.Plugin(h)
	})
	if r := w.Dokku("storage:create", "data"); r.Code != 0 {
		t.Fatal(r)
	}
	if r := w.Dokku("storage:exec", "data", "--image", image, "--", "sh", "-c", "echo '$HOME' > /data/marker; exit 42"); r.Code != 42 {
		t.Errorf("got %+v", r)
	}
	marker := filepath.Join(w.Host.Store.LibPath("data", "storage", "data"), "marker")
	if text, err := os.ReadFile(marker); err != nil || string(text) != "$HOME\n" {
		t.Errorf("the file has %q, %v", text, err)
	}
	if r := w.Dokku("storage:exec", "data", "--image", image, "--as-user", "1234", "--", "id", "-u"); r.Stdout != "1234\n" {
		t.Errorf("got %+v", r)
	}
	if err := os.RemoveAll(filepath.Dir(marker)); err != nil {
		t.Fatal(err)
	}
	if r := w.Dokku("storage:exec", "data", "--image", image, "--", "true"); r.Code != 1 {
		t.Errorf("of a folder that is gone: %+v", r)
	}
}
