package storage

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/plugins/dockeroptions"
)

// withEngine is storage with an engine in memory.
func withEngine(h *plugin.Host) plugin.Plugin {
	h.Docker = fake.New()
	return Plugin(h)
}

func TestStories(t *testing.T) {
	plugintest.Run(t, withEngine, apps.Plugin, dockeroptions.Plugin)
}

func world(t *testing.T) (*plugintest.World, storage) {
	t.Helper()
	w := plugintest.Make(t, withEngine)
	s := storage{h: w.Host}
	if err := w.Host.Store.MkdirAll(s.home(), 0o755); err != nil {
		t.Fatal(err)
	}
	return w, s
}

// A security test: as root, links that an app put into its folder lead nowhere.
func TestChownAndChmodDoNotFollowLinks(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	w, s := world(t)
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := w.Dokku("storage:create", "data"); r.Code != 0 {
		t.Fatal(r)
	}
	folder := filepath.Join(s.home(), "data")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(folder, "sub"), 0o755), os.WriteFile(filepath.Join(folder, "sub", "file"), nil, 0o644),
		os.Symlink(outside, filepath.Join(folder, "link")), os.Symlink(filepath.Dir(outside), filepath.Join(folder, "dir")),
		os.Symlink(filepath.Dir(outside), filepath.Join(s.home(), "linked")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if r := w.Dokku("storage:create", "data", "--chown", "heroku", "--mode", "2770"); r.Code != 0 {
		t.Fatal(r)
	}
	for path, want := range map[string]uint32{
		folder: 1000, filepath.Join(folder, "sub", "file"): 1000, filepath.Join(folder, "link"): 1000, outside: 0, filepath.Dir(outside): 0,
	} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s belongs to %d, want %d", path, got, want)
		}
	}
	if info, err := os.Stat(folder); err != nil || info.Mode() != os.ModeDir|os.ModeSetgid|0o770 {
		t.Errorf("the folder has the mode %v (%v)", info.Mode(), err)
	}
	for _, args := range [][]string{{"--chown", "heroku"}, {"--mode", "0777"}} {
		if r := w.Dokku(append([]string{"storage:create", "linked"}, args...)...); r.Code == 0 || !strings.Contains(r.Stderr, "is a link") {
			t.Errorf("%q of a link: %+v", args, r)
		}
	}
	w.Host.Docker.(*fake.Engine).Remaps = true
	if r := w.Dokku("storage:set", "data", "chown", "root"); r.Code != 0 || !strings.Contains(r.Stdout, "165536:165536") {
		t.Errorf("with user namespaces: %+v", r)
	}
}

// A security test: nothing outside of the folder of entries is removed.
func TestDestroyKeepsWhatALinkLeadsTo(t *testing.T) {
	w, s := world(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "keep"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := w.Dokku("storage:create", "data", "--reclaim-policy", "Delete"); r.Code != 0 {
		t.Fatal(r)
	}
	if err := os.Symlink(outside, filepath.Join(s.home(), "data", "link")); err != nil {
		t.Fatal(err)
	}
	if r := w.Dokku("storage:destroy", "data", "--force"); r.Code != 0 {
		t.Fatal(r)
	}
	if _, err := os.Stat(filepath.Join(outside, "keep")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(s.home(), "data")); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestOwnersByName(t *testing.T) {
	_, s := world(t)
	for chown, want := range map[string]int{
		"herokuish": 32767, "heroku": 1000, "paketo": 2000, "packeto": 2000, "root": 0, "false": nobody, "": nobody, "65535": 65535, "7": 7,
		"65536": -2, "-1": -2, "abc": -2, "165536": -2, "1 ": -2,
	} {
		got, err := s.owner(t.Context(), command.Discard(), chown)
		if (want == -2) != (err != nil) || (err == nil && got != want) {
			t.Errorf("%q is %d, %v; want %d", chown, got, err, want)
		}
	}
}

// What a mount is made of reaches docker as the words that were meant.
func FuzzMount(f *testing.F) {
	f.Add("/tmp/a:/b")
	f.Add("vol:/data:ro,Z")
	f.Add("/a b:/c 'd'")
	f.Add("/a:/b:ro:rw")
	f.Add("/:/")
	f.Fuzz(func(t *testing.T, text string) {
		host, m, err := parseShort(text)
		if err != nil || m.check() != nil {
			return
		}
		e := legacyEntry(host)
		if e.check("/home") != nil {
			return
		}
		words, err := words.Split(m.text(e))
		if err != nil || len(words) != 2 || words[0] != "-v" || words[1] != m.short(host) {
			t.Fatalf("%q: %q, %v", text, words, err)
		}
		if n := strings.Count(words[1], ":"); n > 2 {
			t.Fatalf("%q: %q has %d colons", text, words[1], n)
		}
	})
}

func FuzzEntryName(f *testing.F) {
	f.Add("blog-data")
	f.Add("../x")
	f.Add("-a")
	f.Fuzz(func(t *testing.T, name string) {
		if checkName(name) != nil {
			return
		}
		if len(name) > maxName || filepath.Base(name) != name || strings.HasPrefix(name, ".") {
			t.Fatalf("%q is accepted", name)
		}
	})
}

func FuzzExecution(f *testing.F) {
	f.Add("--interactive=true\x00--tty=false\x00--as-user\x001\x00--\x00ls\x00-l")
	f.Fuzz(func(t *testing.T, joined string) {
		x, err := parseExecution(strings.Split(joined, "\x00"))
		if err == nil && (len(x.argv) == 0 || strings.HasPrefix(x.user, "-")) {
			t.Fatalf("%q gave %+v", joined, x)
		}
	})
}

func TestAMountIsForItsPhasesAndProcess(t *testing.T) {
	m := mount{Entry: "a", ContainerPath: "/a", Phases: []string{deploy}, Process: "web"}
	for _, c := range []struct {
		phase, process string
		want           bool
	}{{deploy, "web", true}, {deploy, "worker", false}, {deploy, "", true}, {run, "", false}} {
		if got := m.in(c.phase, c.process); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	e := entry{Name: "a", HostPath: "/srv/a"}
	m.Subpath, m.Readonly = "up/loads", true
	if got := m.text(e); got != "-v /srv/a/up/loads:/a:ro" {
		t.Errorf("got %s", got)
	}
	e.HostPath = "vol"
	if got := m.text(e); got != "--mount type=volume,source=vol,target=/a,volume-subpath=up/loads,readonly" {
		t.Errorf("got %s", got)
	}
}

func FuzzMode(f *testing.F) {
	for _, s := range []string{"", "755", "0755", "7777", "888", "0755\n", "u+x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseMode(s)
		if err != nil {
			return
		}
		if again, err := parseMode(got); err != nil || again != got {
			t.Errorf("%q is %q, and that is %q, %v", s, got, again, err)
		}
		if got != "" && (len(got) != 4 || strings.Trim(got, "01234567") != "") {
			t.Errorf("%q is accepted as %q", s, got)
		}
	})
}

// What Dokku's scripts of these names refuse, with their words.
func TestProgramsOfScriptsCheckWhatTheyAreGiven(t *testing.T) {
	w, s := world(t)
	if err := w.Host.Store.MkdirAll(filepath.Join(s.home(), "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	const characters = "Directory can only contain the following set of characters"
	for _, c := range []struct {
		do               func(context.Context, *command.Call, programArgs) error
		directory, value string
		want             string // "": it succeeds
	}{
		{s.chmodProgram, "data", "0750", ""},
		{s.chmodProgram, "data", "0888", "Unsupported directory mode"},
		{s.chmodProgram, "data", "07555", "Unsupported directory mode"},
		{s.chmodProgram, "data", "u+rwx", "Unsupported directory mode"},
		{s.chmodProgram, "../escape", "0777", characters},
		{s.chmodProgram, "", "0777", "Please specify a directory to chmod"},
		{s.chownProgram, "data", "65536", "Supported values: 0-65535"},
		{s.chownProgram, "data", "165535", "Supported values: 0-65535"},
		{s.chownProgram, "data", "231072", "Supported values: 0-65535"},
		{s.chownProgram, "data", "-1", "Value must be a non-negative integer"},
		{s.chownProgram, "data", "abc", "Value must be a non-negative integer"},
		{s.chownProgram, "a/b", "0", characters},
		{s.destroyProgram, "../escape", "", characters},
		{s.destroyProgram, "absent", "", ""},
		{s.destroyProgram, "data", "", ""},
	} {
		err := c.do(t.Context(), nil, programArgs{c.directory, c.value})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s %s: %v", c.directory, c.value, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s %s: %v, want %s", c.directory, c.value, err, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(s.home(), "data")); err == nil {
		t.Error("the folder is still there")
	}
}
