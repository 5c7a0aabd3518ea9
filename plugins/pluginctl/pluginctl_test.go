package pluginctl_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/pluginctl"
)

func TestStories(t *testing.T) {
	plugintest.Run(t, func(h *plugin.Host) plugin.Plugin {
		h.Version = "1.2.3"
		return pluginctl.PluginAt(h, clock)
	})
}

// clock is a time at which the index that came with Slipway, and those of the stories, are valid.
func clock() time.Time { return pluginctl.OfficialIssued().Add(time.Hour) }

type world struct {
	*plugintest.World
	t *testing.T
}

func make(t *testing.T) world { return makeAt(t, clock) }

func makeAt(t *testing.T, now func() time.Time) world {
	t.Helper()
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Exec.Env = []string{"PATH=" + os.Getenv("PATH"), "DOKKU_LIB_ROOT=" + h.Store.Lib()}
		return pluginctl.PluginAt(h, now)
	})
	return world{w, t}
}

// ok runs a command that succeeds.
func (w world) ok(argv ...string) plugintest.Result {
	w.t.Helper()
	got := w.Dokku(argv...)
	if got.Code != 0 {
		w.t.Fatalf("%v: %+v", argv, got)
	}
	return got
}

// fails runs one that fails with these words.
func (w world) fails(words string, argv ...string) {
	w.t.Helper()
	if got := w.Dokku(argv...); got.Code != 1 || !strings.Contains(got.Stderr, words) {
		w.t.Errorf("%v: %+v, want %q", argv, got, words)
	}
}

// left fails when anything of the plugin is left.
func (w world) left(name string) {
	w.t.Helper()
	for _, folder := range []string{"available", "enabled"} {
		entries, err := os.ReadDir(w.Host.Store.LibPath("plugins", folder))
		if err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
		for _, e := range entries {
			if strings.Contains(e.Name(), name) || strings.HasPrefix(e.Name(), ".") {
				w.t.Errorf("%s/%s is left", folder, e.Name())
			}
		}
	}
}

// files are those of a plugin whose hooks write their name to $DOKKU_LIB_ROOT/ran.
func files(version string) map[string]string {
	hook := "#!/bin/sh\necho $(basename \"$0\") $* >>\"$DOKKU_LIB_ROOT/ran\"\n"
	return map[string]string{
		"plugin.toml": "[plugin]\ndescription = \"a test\"\nversion = \"" + version + "\"\n[plugin.config]\n",
		"install":     hook, "dependencies": hook, "update": hook, "uninstall": hook, "post-create": hook,
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// repository is a bare one with the tags v1 and v2 and main at 3.
func repository(t *testing.T) string {
	t.Helper()
	work, bare := filepath.Join(t.TempDir(), "work"), filepath.Join(t.TempDir(), "dokku-thing.git")
	write(t, work, files("1"))
	git(t, work, "init", "-q")
	for _, version := range []string{"1", "2", "3"} {
		write(t, work, files(version))
		git(t, work, "add", "-A")
		git(t, work, "commit", "-q", "-m", version)
		git(t, work, "tag", "v"+version)
	}
	git(t, work, "clone", "-q", "--bare", work, bare)
	return bare
}

func (w world) ran() string {
	text, err := os.ReadFile(w.Host.Store.LibPath("ran"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	_ = os.Remove(w.Host.Store.LibPath("ran"))
	return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", ",")
}

func (w world) listed(name string) string {
	for line := range strings.Lines(w.ok("plugin:list").Stdout) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == name {
			return strings.Join(fields, " ")
		}
	}
	return ""
}

func (w world) want(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestLifeOfAPluginFromARepository(t *testing.T) {
	w, bare := make(t), repository(t)
	w.ok("plugin:install", "file://"+bare, "--committish", "v1")
	w.want("hooks", w.ran(), "install")
	w.want("list", w.listed("thing"), "thing 1 enabled a test")
	w.ok("plugin:installed", "thing")
	link, err := os.Readlink(w.Host.Store.LibPath("plugins", "enabled", "thing"))
	if err != nil || link != w.Host.Store.LibPath("plugins", "available", "thing") {
		t.Error(link, err)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(w.ok("plugin:list", "--format", "json").Stdout), &list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p["name"] == "thing" && (p["core"] != false || p["enabled"] != true || p["source_url"] != "file://"+bare || len(p["committish"].(string)) != 40 || p["branch"] != "") {
			t.Error(p)
		}
	}
	w.ok("plugin:update", "thing", "v2")
	w.want("hooks", w.ran(), "update thing")
	w.want("list", w.listed("thing"), "thing 2 enabled a test")
	w.ok("plugin:update", "thing")
	w.want("list", w.listed("thing"), "thing 3 enabled a test")
	w.fails("has no branch, commit or tag v9", "plugin:update", "thing", "v9")
	w.want("list", w.listed("thing"), "thing 3 enabled a test")
	w.ran()

	w.fails("There is a plugin thing already", "plugin:install", "file://"+bare)
	w.fails("Plugin already enabled", "plugin:enable", "thing")
	w.ok("plugin:disable", "thing")
	w.want("list", w.listed("thing"), "thing 3 disabled a test")
	w.fails("Plugin already disabled", "plugin:disable", "thing")
	w.fails("Specified plugin not enabled or installed", "plugin:update", "thing")
	w.ok("plugin:install")
	w.want("hooks of a disabled plugin", w.ran(), "")
	w.ok("plugin:enable", "thing")
	w.ok("plugin:install")
	w.want("hooks", w.ran(), "install")
	w.ok("plugin:install-dependencies")
	w.want("hooks", w.ran(), "dependencies")
	w.ok("plugin:uninstall", "thing")
	w.want("hooks", w.ran(), "uninstall thing")
	w.left("thing")
	w.fails("Plugin (thing) is not currently installed", "plugin:uninstall", "thing")
	if got := w.Dokku("plugin:installed", "thing"); got.Code != 1 || got.Stdout+got.Stderr != "" {
		t.Errorf("%+v", got)
	}
}

func TestAPluginFromAFolderIsCopied(t *testing.T) {
	for _, prefix := range []string{"file://", ""} {
		w, dir := make(t), filepath.Join(t.TempDir(), "thing")
		write(t, dir, files("1"))
		w.ok("plugin:install", prefix+dir, "--name", "mine")
		write(t, dir, files("2"))
		w.want("list", w.listed("mine"), "mine 1 enabled a test")
		if got := w.ok("plugin:update", "mine"); !strings.Contains(got.Stdout, "nothing to update") {
			t.Errorf("%+v", got)
		}
		w.fails("has no versions", "plugin:update", "mine", "v1")
	}
}

func TestAPluginFromAnArchive(t *testing.T) {
	w, path := make(t), filepath.Join(t.TempDir(), "dokku-thing.tar.gz")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	a := tar.NewWriter(z)
	for name, text := range files("1") {
		if err := a.WriteHeader(&tar.Header{Name: "dokku-thing-1/" + name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	z.Close()
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	w.ok("plugin:install", "file://"+path)
	w.want("list", w.listed("thing"), "thing 1 enabled a test")
	w.want("hooks", w.ran(), "install")

	if err := os.WriteFile(path, packed.Bytes()[:100], 0o644); err != nil {
		t.Fatal(err)
	}
	w.fails("cannot be used", "plugin:install", path, "--name", "damaged")
	w.left("damaged")
}

func TestAFailingInstallLeavesNothing(t *testing.T) {
	w, dir := make(t), filepath.Join(t.TempDir(), "thing")
	broken := files("1")
	broken["install"] = "#!/bin/sh\necho no disk >&2\nexit 3\n"
	write(t, dir, broken)
	w.fails("its install hook failed", "plugin:install", "file://"+dir)
	w.left("thing")
	w.ok("plugin:install", "file://"+dir, "--skip-install-trigger")
	w.fails("The install hook of the plugin thing failed", "plugin:install")

	noPlugin := filepath.Join(t.TempDir(), "other")
	write(t, noPlugin, map[string]string{"README": "x"})
	w.fails("it has no plugin.toml", "plugin:install", noPlugin)
	w.left("other")
	w.fails("has no branch, commit or tag nosuch", "plugin:install", "file://"+repository(t), "--committish", "nosuch", "--name", "third")
	w.left("third")
}

func TestTheInstallHookOfANewPluginRunsOnce(t *testing.T) {
	w, dir := make(t), t.TempDir()
	write(t, filepath.Join(dir, "a"), files("1"))
	write(t, filepath.Join(dir, "b"), files("1"))
	w.ok("plugin:install", "file://"+filepath.Join(dir, "a"))
	w.want("hooks", w.ran(), "install")
	w.ok("plugin:install", "file://"+filepath.Join(dir, "b"))
	w.want("hooks", w.ran(), "install,install")
}

func TestAPluginThatTakesAFeaturesPlaceSaysSo(t *testing.T) {
	w, dir := make(t), filepath.Join(t.TempDir(), "plugin")
	write(t, dir, files("9"))
	if got := w.ok("plugin:install", "file://"+dir); !strings.Contains(got.Stderr, "takes the place of the feature plugin") {
		t.Errorf("%+v", got)
	}
	w.want("list", w.listed("plugin"), "plugin 9 enabled a test")
	w.ok("plugin:uninstall", "plugin")
	w.fails("Cannot uninstall a core plugin", "plugin:uninstall", "plugin")
}

// READMEs of community plugins say: dokku plugin:install https://github.com/dokku-community/dokku-acl.git acl
func TestInstallTakesTheNameThatReadmesPutAfterTheURL(t *testing.T) {
	w := make(t)
	if got := w.ok("plugin:install", "file://"+repository(t), "thing"); strings.Contains(got.Stderr, "ignored") {
		t.Errorf("%+v", got)
	}
	w.ok("plugin:uninstall", "thing")
	got := w.ok("plugin:install", "file://"+repository(t), "other")
	if !strings.Contains(got.Stderr, "The plugin is named thing: a second argument is ignored. For another name: --name other") {
		t.Errorf("%+v", got)
	}
	w.ok("plugin:installed", "thing")
}
