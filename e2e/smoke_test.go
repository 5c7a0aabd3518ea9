package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A mode is a way in which Slipway runs: as processes of the host, or in
// containers.
type mode interface {
	// dokku is a command of the operator on the server.
	dokku(args ...string) *exec.Cmd
	// restart ends "serve" or "proxy" orderly and starts it again.
	restart(name string) error
	// kill is restart with SIGKILL.
	kill(name string) error
	// replace puts a newer version in the place of one that runs.
	replace(name string) error
}

// smoke is what has to work wherever Slipway runs.
func smoke(t *testing.T, in *installation, m mode) {
	r := newRepository(t, in, "smoke")
	push := func(version string) {
		t.Helper()
		r.commit(t, version)
		if out, err := r.push().CombinedOutput(); err != nil || !strings.Contains(string(out), "Application deployed") {
			t.Fatalf("push of %s: %v\n%s", version, err, out)
		}
	}
	say := func(args ...string) string {
		t.Helper()
		out, err := m.dokku(args...).CombinedOutput()
		if err != nil {
			t.Errorf("dokku %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}

	files := map[string]string{
		"Dockerfile": "FROM busybox:stable\nCOPY testapp version /\nCMD [\"/testapp\"]\n",
		// The config comes to it in a file of ours that the engine mounts.
		"app.json": `{"scripts": {"dokku": {"predeploy": "echo $GREETING >/greeting"}}}`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	say("apps:create", "smoke")
	say("config:set", "smoke", "GREETING=good morning")
	push("one")
	r.body(t, "one")
	if out := say("--quiet", "apps:list"); !strings.Contains(out, "smoke") {
		t.Errorf("apps:list prints %q", out)
	}
	if out := say("logs", "smoke"); !strings.Contains(out, "testapp listens on") {
		t.Errorf("logs prints %q", out)
	}
	if out := say("run", "smoke", "cat", "/greeting"); !strings.Contains(out, "good morning") {
		t.Errorf("the predeploy script wrote %q", out)
	}
	testRun(t, m)
	testScriptedPlugin(t, in, m)

	l := in.startLoad(r.host(), "/", "one", "two")
	defer l.stop()
	push("two")
	r.body(t, "two")
	l.check(t)
	say("releases:rollback", "smoke", "1")
	r.body(t, "one")
	l.check(t)

	for _, change := range []struct {
		what string
		do   func(string) error
		of   string
		gap  time.Duration // in which connections may be refused
	}{
		{"restart", m.restart, "serve", 0},
		{"kill", m.kill, "serve", 0},
		{"replace", m.replace, "serve", 0},
		{"replace", m.replace, "proxy", 0},
		{"replace", m.replace, "proxy", 0}, // the one that has taken over, as well
		{"restart", m.restart, "proxy", 5 * time.Second},
		{"kill", m.kill, "proxy", 5 * time.Second},
	} {
		t.Run(change.what+" "+change.of, func(t *testing.T) {
			if err := change.do(change.of); err != nil {
				t.Fatal(err)
			}
			if change.gap > 0 {
				start := time.Now()
				r.body(t, "one")
				if took := time.Since(start); took > change.gap {
					t.Errorf("it took %s until there was an answer", took)
				}
				l.forgiveConnections()
			}
			say("config:set", "smoke", "CHANGED="+change.what+"-"+change.of)
			r.body(t, "one")
			l.check(t)
		})
	}
	push("two")
	r.body(t, "two")
	l.check(t)
	l.stop()
	say("--force", "apps:destroy", "smoke")
	if status, _, err := in.get(t.Context(), r.host(), "/"); err != nil || status != 404 {
		t.Errorf("after apps:destroy: %d %v", status, err)
	}
	if left, err := in.containers(true); err != nil || len(left) != 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

// forgiveConnections forgets the requests that found nobody or were cut off.
// Wrong answers stay.
func (l *load) forgiveConnections() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = slices.DeleteFunc(l.failed, func(what string) bool {
		return strings.Contains(what, "connection refused") || strings.Contains(what, "connection reset") || strings.HasSuffix(what, "EOF")
	})
}

// testRun runs one-off processes: the output, what is piped in, the exit code.
func testRun(t *testing.T, m mode) {
	t.Helper()
	cmd := m.dokku("run", "-i", "smoke", "cat")
	cmd.Stdin = strings.NewReader("hello")
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != "hello" {
		t.Errorf("run prints %q, %v", out, err)
	}
	var exit *exec.ExitError
	if err := m.dokku("run", "smoke", "sh", "-c", "exit 7").Run(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("run ends with %v, want 7", err)
	}
}

// testScriptedPlugin calls a plugin in bash, which needs files, programs and a daemon that know each other wherever they run.
func testScriptedPlugin(t *testing.T, in *installation, m mode) {
	t.Helper()
	in.plugin(t, "scripted", map[string]string{
		"plugin.toml": "[plugin]\nversion = \"1\"\n",
		"subcommands/look": `#!/usr/bin/env bash
set -eo pipefail
source "$PLUGIN_CORE_AVAILABLE_PATH/common/functions"
source "$PLUGIN_CORE_AVAILABLE_PATH/common/property-functions"
source "$PLUGIN_AVAILABLE_PATH/config/functions"
verify_app_name smoke
fn-plugin-property-write scripted smoke seen "$(cat)"
echo 'web: x $PORT' | procfile-util show --procfile - --process-type web
sigil -i '{{ $a }} {{ $b }}' a="$(config_get smoke GREETING)" b="$(fn-plugin-property-get scripted smoke seen)"
docker image ls --quiet >/dev/null
`,
	})
	cmd := m.dokku("scripted:look")
	cmd.Stdin = strings.NewReader("piped in")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "x 5000\ngood morning piped in" {
		t.Errorf("%v\n%s", err, out)
	}
}

// onHost is Slipway as two processes of the host.
type onHost struct{ *installation }

func (h onHost) dokku(args ...string) *exec.Cmd { return h.command("dokku", args...) }

func (h onHost) restart(name string) error {
	h.stop(name, syscall.SIGTERM)
	return h.start(name)
}

func (h onHost) kill(name string) error {
	h.stop(name, syscall.SIGKILL)
	return h.start(name)
}

func (h onHost) replace(name string) error {
	if name == "serve" {
		return h.restart(name)
	}
	h.mu.Lock()
	old, ended := h.procs[name], h.ended[name]
	h.mu.Unlock()
	if err := h.start(name, "--take-over"); err != nil {
		return err
	}
	if err := await(10*time.Second, func() (bool, error) {
		return fileExists(h.lib("run", "proxy.sock.before")) && run(h.command("slipwayd", "health")) == nil, nil
	}); err != nil {
		return err
	}
	if err := old.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-ended
	return nil
}

func TestSmokeOnHost(t *testing.T) {
	in := newInstallation(t)
	smoke(t, in, onHost{in})
}
