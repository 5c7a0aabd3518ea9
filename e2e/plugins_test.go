package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// plugin puts an enabled plugin of others where plugin:install puts it: files by path, executable.
func (in *installation) plugin(t *testing.T, name string, files map[string]string) {
	t.Helper()
	dir := in.lib("plugins", "available", name)
	for file, text := range files {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(in.lib("plugins", "enabled"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", "available", name), in.lib("plugins", "enabled", name)); err != nil {
		t.Fatal(err)
	}
}

// A plugin that breaks every command can be left out, and disabled while slipwayd does not run.
func TestABrokenPluginIsLeftOut(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	in.plugin(t, "broken", map[string]string{
		"plugin.toml": "[plugin]\nversion = \"1\"\n", "post-create": "#!/bin/sh\necho I am broken >&2\nexit 1\n",
	})
	if err := in.dokku("apps:create", "one"); err == nil || !strings.Contains(err.Error(), "I am broken") {
		t.Fatalf("the plugin does not break anything: %v", err)
	}
	in.stop("serve", syscall.SIGTERM)
	if err := in.start("serve", "--no-plugins"); err != nil {
		t.Fatal(err)
	}
	if err := in.dokku("apps:create", "two"); err != nil {
		t.Error(err)
	}
	out, err := in.command("dokku", "plugin:list").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "broken: slipwayd was started with --no-plugins") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := run(in.command("slipwayd", "plugin", "disable", "broken")); err == nil {
		t.Error("it can be disabled behind the back of a running slipwayd")
	}
	in.stop("serve", syscall.SIGTERM)
	if err := run(in.command("slipwayd", "plugin", "disable", "broken")); err != nil {
		t.Error(err)
	}
	if err := in.start("serve"); err != nil {
		t.Fatal(err)
	}
	if err := in.dokku("apps:create", "three"); err != nil {
		t.Error(err)
	}
}
