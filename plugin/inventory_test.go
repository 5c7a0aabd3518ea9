package plugin

import (
	"os"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

func TestInstalledListsCompiledAndExternalPlugins(t *testing.T) {
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{Store: store, Bus: trigger.NewBus(nil), Version: "1.2.3"}
	if err := h.Register(Plugin{Name: "apps"}, Plugin{Name: "ps"}, Plugin{Name: "certs"}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"postgres": "1", "off": "2", "ps": "3"} {
		about := "[plugin]\ndescription = \"dokku " + name + "\"\nversion = \"" + text + "\"\n[plugin.config]\n"
		if err := store.WriteFile(store.LibPath("plugins", "available", name, "plugin.toml"), []byte(about), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere/core-plugins/available/git", store.LibPath("plugins", "available", "git")); err != nil {
		t.Fatal(err)
	}
	if err := store.MkdirAll(store.LibPath("plugins", "enabled"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(store.LibPath("plugins", "available", "postgres"), store.LibPath("plugins", "enabled", "postgres")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range h.Installed() {
		state := "disabled"
		if p.Enabled {
			state = "enabled"
		}
		got = append(got, strings.Join([]string{p.Name, p.Version, state, p.Description}, "|"))
	}
	want := []string{
		"apps|1.2.3|enabled|dokku core apps plugin", "certs|1.2.3|enabled|dokku core certificate management plugin",
		"off|2|disabled|dokku off", "postgres|1|enabled|dokku postgres", "ps|1.2.3|enabled|dokku core ps plugin",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
