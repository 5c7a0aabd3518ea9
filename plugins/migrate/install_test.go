package migrate_test

import (
	"os"
	"strings"
	"testing"
)

// What the install hooks of Dokku's core plugins do when plugin:install --core runs them again.
func TestInstallTakesOverWhatCameSince(t *testing.T) {
	w := newWorld(t, "0.38.27")
	if err := w.Host.Bus.Event(t.Context(), "slipway-install"); err == nil || !strings.Contains(err.Error(), "slipway migrate") {
		t.Errorf("on a machine that Dokku has: %v", err)
	}
	w.ok(t, "migrate")

	store := w.Host.Store
	must(t, os.RemoveAll(store.LibPath("config", "config", "old")))
	must(t, store.WriteFile(store.RootPath("old", "ENV"), []byte("export DOKKU_CHECKS_SKIPPED=worker\nexport KEEP=1\n"), 0o600))
	must(t, w.Host.Bus.Event(t.Context(), "slipway-install"))
	if v, err := store.Get(w.Host.Property("checks", "skipped"), "old"); v != "worker" || err != nil {
		t.Errorf("skipped is %q, %v", v, err)
	}
	env, err := store.Env("old")
	if err != nil || len(env) != 1 || env["KEEP"] != "1" {
		t.Errorf("the config is %v, %v", env, err)
	}

	// A property that is set counts, and the variable is the app's own business.
	env["DOKKU_CHECKS_SKIPPED"] = "web"
	must(t, store.SetEnv("old", env))
	must(t, w.Host.Bus.Event(t.Context(), "slipway-install"))
	if v, err := store.Get(w.Host.Property("checks", "skipped"), "old"); v != "worker" || err != nil {
		t.Errorf("skipped is %q, %v", v, err)
	}
	if env, err := store.Env("old"); err != nil || env["DOKKU_CHECKS_SKIPPED"] != "web" {
		t.Errorf("the config is %v, %v", env, err)
	}
}
