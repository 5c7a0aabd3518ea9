package e2e

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/compat/bash"
)

// every is an installation with the plugin of testdata/plugins/every and an app fn that it was there to deploy.
func every(t *testing.T) (*installation, repository) {
	t.Helper()
	in := newInstallation(t)
	dir := in.lib("plugins", "available", "every")
	if err := os.CopyFS(dir, os.DirFS("testdata/plugins/every")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, in.lib("plugins", "enabled", "every")); err != nil {
		t.Fatal(err)
	}
	r := newRepository(t, in, "fn")
	r.commit(t, "one")
	if out, err := r.push().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return in, r
}

// Every function that Dokku gives to plugins is called by a plugin (testdata/plugins/every), which knows what has to come out
// of it, for an app that runs. The plugin tells which functions it called; none may be left out.
func TestFunctionsOfPlugins(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	t.Parallel()
	in, _ := every(t)
	image, err := in.command("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "label=com.dokku.app-name=fn", "--filter", "label=com.slipway.instance="+in.instance).Output()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(strings.TrimSpace(string(image)), "\n")
	out, err := in.command("dokku", "every:check", "fn", name).CombinedOutput()
	if err != nil || strings.Contains(string(out), "FAILED") {
		_, failures, _ := strings.Cut(string(out), "FAILED")
		t.Errorf("%v\nFAILED%s", err, failures)
	}
	var called []string
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "called "); ok {
			called = append(called, name)
		}
	}
	for _, n := range bash.Names() {
		if !slices.Contains(called, n.Function) {
			t.Errorf("%s of %s was not called", n.Function, n.File)
		}
	}
}

// A deploy holds its app's lock while hooks run, and hooks change the app, by functions, commands and triggers.
func TestHooksChangeTheAppThatIsDeployed(t *testing.T) {
	t.Parallel()
	in, r := every(t)
	r.commit(t, "two")
	if out, err := r.push().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config, err := in.command("dokku", "config:export", "--format", "shell", "fn").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"BY_FUNCTION", "BY_COMMAND", "BY_TRIGGER", "BY_OTHER_FUNCTION"} {
		if !strings.Contains(string(config), name+"='1'") {
			t.Errorf("no %s=1 in %s", name, config)
		}
	}
	options, err := in.command("dokku", "docker-options:report", "fn", "--docker-options-deploy").Output()
	if err != nil || !strings.Contains(string(options), "--label=hooked=1") || strings.Contains(string(options), "--label=hooked=0") {
		t.Errorf("%v: %s", err, options)
	}
	// It counts in the deploy that the hook is part of, as with Dokku.
	running, err := in.containers(false, "label=hooked=1")
	if err != nil || len(running) == 0 {
		t.Errorf("%v: no container has the label of the deploy", err)
	}
	list, err := os.ReadFile(in.lib("config", "hooked", "fn", "list"))
	if err != nil || string(list) != "0\n1\n" {
		t.Errorf("%v: %q", err, list)
	}
}
