package server

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// environment is a getenv over a table.
func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestWithoutAnEnvironmentItIsDokkus(t *testing.T) {
	c, err := Load(environment(nil), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != "/home/dokku" || c.Lib != "/var/lib/dokku" || c.Socket != "/var/lib/dokku/run/slipwayd.sock" || c.SystemUser != "dokku" {
		t.Errorf("%+v", c)
	}
	if c.SSHPort != 0 || c.sshAddr() != "" || c.HTTPPort != 80 || c.HTTPSPort != 443 || c.Listen != "" || c.Instance != "" || c.Container {
		t.Errorf("%+v", c)
	}
	if !filepath.IsAbs(c.BinDir) || c.Version != "1.2.3" {
		t.Errorf("%+v", c)
	}
}

func TestTheEnvironmentSaysHowAnInstallationRuns(t *testing.T) {
	c, err := Load(environment(map[string]string{
		"DOKKU_ROOT": "/srv/root", "DOKKU_LIB_ROOT": "/srv/lib", "SLIPWAY_LISTEN": "::1", "SLIPWAY_SSH_PORT": "2222",
		"SLIPWAY_HTTP_PORT": "8080", "SLIPWAY_HTTPS_PORT": "8443", "SLIPWAY_INSTANCE": "demo", "SLIPWAY_CONTAINER": "1",
		"DOKKU_SYSTEM_USER": "ann",
	}), "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != "/srv/root" || c.Lib != "/srv/lib" || c.Socket != "/srv/lib/run/slipwayd.sock" || c.SystemUser != "ann" || !c.Container {
		t.Errorf("%+v", c)
	}
	if got := c.sshAddr(); got != "[::1]:2222" {
		t.Errorf("SSH listens at %s", got)
	}
	for port, want := range map[int]int{80: 8080, 443: 8443, 3000: 3000} {
		if got := c.publicPort(port); got != want {
			t.Errorf("port %d is reached at %d, want %d", port, got, want)
		}
	}
	if u, err := c.systemUser(); u != nil || err != nil { // an instance beside the real one runs as who started it
		t.Errorf("%v %v", u, err)
	}
}

func TestRelativeFoldersAreResolvedOnce(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	c, err := Load(environment(map[string]string{"DOKKU_ROOT": "root", "DOKKU_LIB_ROOT": "lib"}), "")
	if err != nil || c.Root != filepath.Join(dir, "root") || c.Lib != filepath.Join(dir, "lib") || c.Socket != filepath.Join(dir, "lib/run/slipwayd.sock") {
		t.Errorf("%+v %v", c, err)
	}
}

func TestWhatIsNoPortIsNamed(t *testing.T) {
	for _, name := range []string{"SLIPWAY_SSH_PORT", "SLIPWAY_HTTP_PORT", "SLIPWAY_HTTPS_PORT"} {
		for _, value := range []string{"ssh", "-1", "65536", " 80"} {
			_, err := Load(environment(map[string]string{name: value}), "")
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), value) {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}

func TestChildrenGetDokkusEnvironmentAndNoSecrets(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
	c, err := Load(environment(map[string]string{"DOKKU_ROOT": "/srv/root", "DOKKU_LIB_ROOT": "/srv/lib", "SLIPWAY_INSTANCE": "demo"}), "")
	if err != nil {
		t.Fatal(err)
	}
	env := c.childEnv()
	for _, want := range []string{
		"DOKKU_ROOT=/srv/root", "DOKKU_LIB_ROOT=/srv/lib", "HOME=/srv/root", "PLUGIN_PATH=/srv/lib/plugins",
		"PLUGIN_ENABLED_PATH=/srv/lib/plugins/enabled", "DOKKU_LOGS_DIR=/srv/lib/logs", "SLIPWAY_INSTANCE=demo",
		"SLIPWAY_SOCKET=/srv/lib/run/slipwayd.sock", "HTTPS_PROXY=http://127.0.0.1:3128",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %v", want, env)
		}
	}
	for _, v := range env {
		if strings.Contains(v, "s3cret") {
			t.Errorf("%s reaches the children", v)
		}
	}
	if path := slices.IndexFunc(env, func(v string) bool { return strings.HasPrefix(v, "PATH=/srv/lib/core-plugins/bin:"+c.BinDir+":") }); path < 0 {
		t.Errorf("our own binaries are not first on the path: %v", env)
	}
}
