package state_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/state"
)

func open(t *testing.T) *state.Store {
	t.Helper()
	dir := t.TempDir()
	s, err := state.Open(state.Config{Root: filepath.Join(dir, "root"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// paths lists the files below dir, relative to it.
func paths(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			all = append(all, rel)
		}
		return err
	}))
	return all
}

func TestAppsAreFoldersThatDoNotBeginWithADot(t *testing.T) {
	s := open(t)
	for _, dir := range []string{"beta", "alpha", ".ssh", "legacy_name"} {
		must(t, s.MkdirAll(s.RootPath(dir), 0o755))
	}
	must(t, s.WriteLines(s.RootPath("VHOST"), []string{"dokku.me"}, 0o644))
	got, err := s.Apps()
	must(t, err)
	if diff := cmp.Diff([]string{"alpha", "beta", "legacy_name"}, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{
		"alpha": true, "": false, ".": false, "..": false, ".ssh": false, "VHOST": false, "alpha/..": false, "nope": false, "a\x00": false,
	} {
		if s.AppExists(name) != want {
			t.Errorf("AppExists(%q) is %v", name, !want)
		}
	}
}

func TestPropertiesHaveScopes(t *testing.T) {
	s := open(t)
	both := state.Property{Plugin: "ps", Name: "restart-policy", Default: "on-failure:10"}
	app := state.Property{Plugin: "ps", Name: "restore", Scope: state.AppOnly, Default: "true"}
	global := state.Property{Plugin: "logs", Name: "vector-image", Scope: state.GlobalOnly, Default: "d"}
	check := func(p state.Property, want string) {
		t.Helper()
		if got, err := s.Computed(p, "blog"); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", p.Name, got, want, err)
		}
	}
	check(both, "on-failure:10")
	must(t, s.Set(both, state.Global, "always"))
	check(both, "always")
	must(t, s.Set(both, "blog", "no"))
	check(both, "no")
	if got, err := s.Computed(both, state.Global); err != nil || got != "always" {
		t.Errorf("globally it is %q, %v", got, err)
	}
	must(t, s.Unset(both, "blog"))
	must(t, s.Unset(both, "blog"))
	check(both, "always")

	must(t, s.Set(app, state.Global, "false"))
	check(app, "true")
	must(t, s.Set(global, "blog", "mine"))
	check(global, "d")

	if _, ok, err := s.Lookup(both, "blog"); ok || err != nil {
		t.Errorf("an unset property is there: %v", err)
	}
	must(t, s.Set(both, "blog", ""))
	if v, ok, err := s.Lookup(both, "blog"); !ok || v != "" || err != nil {
		t.Errorf("a property set to nothing is %q, %v, %v", v, ok, err)
	}
}

func TestPropertyFilesAreDokkus(t *testing.T) {
	s := open(t)
	list := state.Property{Plugin: "ports", Name: "map"}
	must(t, s.SetList(list, "blog", []string{"http:80:5000", "https:443:5000"}))
	path := s.LibPath("config", "ports", "blog", "map")
	b, err := os.ReadFile(path)
	must(t, err)
	if string(b) != "http:80:5000\nhttps:443:5000\n" {
		t.Errorf("the file is %q", b)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", st.Mode(), err)
	}
	if st, err := os.Stat(filepath.Dir(path)); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("the folder's mode is %v, %v", st.Mode(), err)
	}
	// What a bash plugin wrote without a final newline, with a blank line.
	must(t, os.WriteFile(path, []byte("a\n\n b \nc"), 0o600))
	got, err := s.List(list, "blog")
	must(t, err)
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Error(diff)
	}
	all, err := s.Properties("ports", "blog")
	must(t, err)
	if diff := cmp.Diff(map[string]string{"map": "a\n\n b \nc"}, all); diff != "" {
		t.Error(diff)
	}
}

// An app may be named like a plugin: their files share folders.
func TestPropertiesOfAnAppNamedLikeAPlugin(t *testing.T) {
	s := open(t)
	p := state.Property{Plugin: "ps", Name: "restore"}
	for _, app := range []string{"ps", "blog", state.Global} {
		must(t, s.Set(p, app, "false"))
		must(t, s.SetEnv(app, map[string]string{"A": "1"}))
	}
	must(t, s.CopyProperties("ps", "copy"))
	if v, err := s.Get(p, "copy"); err != nil || v != "false" {
		t.Errorf("the copy has %q, %v", v, err)
	}
	must(t, s.DestroyProperties("ps"))
	must(t, s.DestroyEnv("ps"))
	want := []string{"--global/ENV", "blog/ENV", "ps/--global/restore", "ps/blog/restore", "ps/copy/restore"}
	if diff := cmp.Diff(want, paths(t, s.LibPath("config"))); diff != "" {
		t.Error(diff)
	}
}

func TestEnvMergesAndTakesOverTheLegacyFile(t *testing.T) {
	s := open(t)
	must(t, s.SetEnv(state.Global, map[string]string{"A": "global", "G": "g"}))
	must(t, s.WriteFile(s.RootPath("blog", "ENV"), []byte("export A='old'\n"), 0o600))
	got, err := s.MergedEnv("blog")
	must(t, err)
	if diff := cmp.Diff(map[string]string{"A": "old", "G": "g"}, got); diff != "" {
		t.Error(diff)
	}
	must(t, s.UpdateEnv("blog", func(env map[string]string) error { env["B"] = "new"; return nil }))
	if _, err := os.Stat(s.RootPath("blog", "ENV")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the legacy file is still there: %v", err)
	}
	if got, err = s.Env("blog"); err != nil || !cmp.Equal(got, map[string]string{"A": "old", "B": "new"}) {
		t.Errorf("it has %v, %v", got, err)
	}
	refused := errors.New("refused")
	if err := s.UpdateEnv("blog", func(env map[string]string) error { clear(env); return refused }); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if got, err = s.Env("blog"); err != nil || len(got) != 2 {
		t.Errorf("a refused edit left %v, %v", got, err)
	}
	if st, err := os.Stat(s.LibPath("config", "blog", "ENV")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", st.Mode(), err)
	}
	must(t, s.DestroyEnv("blog"))
	if _, err := os.Stat(s.LibPath("config", "blog")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestConcurrentEditsOfTheEnvLoseNothing(t *testing.T) {
	s := open(t)
	const writers = 16
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if err := s.UpdateEnv("blog", func(env map[string]string) error { env["K"+strconv.Itoa(i)] = "1"; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if env, err := s.Env("blog"); err != nil || len(env) != writers {
		t.Errorf("%d of %d are left: %v", len(env), writers, err)
	}
}

// A broken file is an error, and is not overwritten.
func TestBrokenEnvIsKept(t *testing.T) {
	s := open(t)
	path := s.LibPath("config", "blog", "ENV")
	must(t, s.WriteFile(path, []byte(`A="open`), 0o600))
	if err := s.UpdateEnv("blog", func(map[string]string) error { return nil }); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != `A="open` {
		t.Errorf("it became %q, %v", b, err)
	}
}

func TestUnwritableFolderIsSaidAndKeepsTheOldValue(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	s := open(t)
	p := state.Property{Plugin: "ps", Name: "restore"}
	must(t, s.Set(p, "blog", "old"))
	dir := s.LibPath("config", "ps", "blog")
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if err := s.Set(p, "blog", "new"); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if v, err := s.Get(p, "blog"); v != "old" || err != nil {
		t.Errorf("it is %q, %v", v, err)
	}
}

func TestDataOfAnApp(t *testing.T) {
	s := open(t)
	for _, path := range []string{
		"ps/blog/Procfile", "app-json/blog/app.json", "builds/blog/1.json", "apps/blog/.deploy.lock", "releases/blog/1.json",
		"storage/blog/precious", "proxy/blog/x", "scheduler-docker-local/dead-containers", "ps/other/Procfile",
	} {
		must(t, s.WriteFile(s.LibPath("data", path), []byte(path), 0o640))
	}
	must(t, os.Symlink("/etc/passwd", s.LibPath("data", "ps", "blog", "link")))
	must(t, s.CopyData("blog", "copy"))
	want := []string{"app.json"}
	if diff := cmp.Diff(want, paths(t, s.DataDir("app-json", "copy"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Procfile"}, paths(t, s.DataDir("ps", "copy"))); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(s.DataDir("builds", "copy")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the records were copied: %v", err)
	}
	must(t, s.DestroyData("copy"))
	must(t, s.DestroyData("blog"))
	want = []string{"proxy/blog/x", "ps/other/Procfile", "scheduler-docker-local/dead-containers", "storage/blog/precious"}
	if diff := cmp.Diff(want, paths(t, s.LibPath("data"))); diff != "" {
		t.Error(diff)
	}
}

func TestCopyTreeReplacesFiles(t *testing.T) {
	s := open(t)
	must(t, s.CopyTree(s.RootPath("nope"), s.RootPath("target")))
	must(t, s.WriteFile(s.RootPath("a", "sub", "f"), []byte("new"), 0o444))
	must(t, s.WriteFile(s.RootPath("b", "sub", "f"), []byte("older"), 0o444))
	must(t, s.CopyTree(s.RootPath("a"), s.RootPath("b")))
	b, err := s.ReadFile(s.RootPath("b", "sub", "f"))
	if st, statErr := os.Stat(s.RootPath("b", "sub", "f")); b != "new" || err != nil || statErr != nil || st.Mode().Perm() != 0o444 {
		t.Errorf("it is %q, %v, %v", b, err, st.Mode())
	}
}

func ExampleStore_Computed() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := state.Open(state.Config{Root: dir + "/root", Lib: dir + "/lib"})
	if err != nil {
		return
	}
	policy := state.Property{Plugin: "ps", Name: "restart-policy", Default: "on-failure:10"}
	value, err := store.Computed(policy, "blog")
	fmt.Println(value, err)
	// Output: on-failure:10 <nil>
}
