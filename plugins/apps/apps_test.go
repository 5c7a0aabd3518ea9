package apps_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/state"
)

func TestStories(t *testing.T) { plugintest.Run(t, apps.Plugin) }

func TestOneOfManyCreatesAnApp(t *testing.T) {
	w := plugintest.Make(t, apps.Plugin)
	var mu sync.Mutex
	var wg sync.WaitGroup
	created := 0
	for range 8 {
		wg.Go(func() {
			r := w.Dokku("apps:create", "blog")
			mu.Lock()
			defer mu.Unlock()
			if r.Code == 0 {
				created++
			} else if !strings.Contains(r.Stderr, "Name is already taken") {
				t.Errorf("got %+v", r)
			}
		})
	}
	wg.Wait()
	if created != 1 || !w.Host.Store.AppExists("blog") {
		t.Errorf("%d created it", created)
	}
}

// Scripts for Dokku write into these before the first deploy.
func TestANewAppHasItsDataFolders(t *testing.T) {
	w := plugintest.Make(t, apps.Plugin)
	w.Dokku("apps:create", "blog")
	for _, folder := range []string{"app-json", "apps", "ps", "scheduler-docker-local"} {
		if info, err := os.Stat(w.Host.Store.DataDir(folder, "blog")); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", folder, err)
		}
	}
	w.Dokku("--force", "apps:destroy", "blog")
	if _, err := os.Stat(w.Host.Store.DataDir("ps", "blog")); err == nil {
		t.Error("a folder outlives the app")
	}
}

func TestNothingHappensToAnAppDuringItsDeploy(t *testing.T) {
	w := plugintest.Make(t, apps.Plugin)
	w.Dokku("apps:create", "blog")
	_, release, err := w.Host.Store.LockApp(context.Background(), "blog")
	if err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{{"--force", "apps:destroy", "blog"}, {"apps:rename", "blog", "other"}, {"apps:clone", "blog", "other"}} {
		if r := w.Dokku(argv...); r.Code != 1 || !strings.Contains(r.Stderr, "blog currently has a deploy lock in place. Exiting...") {
			t.Errorf("%v: %+v", argv, r)
		}
	}
	if r := w.Dokku("apps:locked", "blog"); r.Code != 0 {
		t.Errorf("a deploy is no lock: %+v", r)
	}
	if names, err := w.Host.Store.Apps(); err != nil || strings.Join(names, " ") != "blog" {
		t.Errorf("there are %v, %v", names, err)
	}
	release()
	if r := w.Dokku("--force", "apps:destroy", "blog"); r.Code != 0 {
		t.Errorf("got %+v", r)
	}
}

// left lists what the state folders have of an app.
func left(t *testing.T, store *state.Store, app string) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{store.Root(), store.Lib()} {
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if filepath.Base(path) == app {
				all = append(all, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestAFailedCopyLeavesNothing(t *testing.T) {
	for _, test := range []struct{ command, trigger string }{
		{"apps:clone", "post-app-clone-setup"}, {"apps:rename", "post-app-rename-setup"}, {"apps:rename", "pre-delete"},
	} {
		w := plugintest.Make(t, apps.Plugin)
		w.Dokku("apps:create", "blog")
		if err := w.Host.Store.SetEnv("blog", map[string]string{"A": "1"}); err != nil {
			t.Fatal(err)
		}
		w.Answers[test.trigger] = "!no"
		if r := w.Dokku(test.command, "blog", "fresh"); r.Code != 1 || !strings.Contains(r.Stderr, test.trigger+": no") {
			t.Errorf("%s: %+v", test.command, r)
		}
		if files := left(t, w.Host.Store, "fresh"); len(files) > 0 {
			t.Errorf("%s with %s failing left %v", test.command, test.trigger, files)
		}
		if env, err := w.Host.Store.Env("blog"); err != nil || env["A"] != "1" || !w.Host.Store.AppExists("blog") {
			t.Errorf("%s: the old app has %v, %v", test.command, env, err)
		}
	}
}

// Errors after pre-delete do not stop the rest.
func TestDestroyGoesToTheEnd(t *testing.T) {
	w := plugintest.Make(t, apps.Plugin)
	w.Dokku("apps:create", "blog")
	w.Answers["post-delete"] = "!cannot drop the database"
	w.Answers["scheduler-stop"] = "!no engine"
	r := w.Dokku("--force", "apps:destroy", "blog")
	if r.Code != 1 || !strings.Contains(r.Stderr, "cannot drop the database") || !strings.Contains(r.Stderr, "no engine") {
		t.Errorf("got %+v", r)
	}
	if files := left(t, w.Host.Store, "blog"); len(files) > 0 {
		t.Errorf("left %v", files)
	}
}

func TestAppFolderMayBeALink(t *testing.T) {
	w := plugintest.Make(t, apps.Plugin)
	elsewhere := filepath.Join(t.TempDir(), "big")
	if err := os.MkdirAll(filepath.Join(elsewhere, "objects"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, w.Host.Store.AppDir("blog")); err != nil {
		t.Fatal(err)
	}
	if r := w.Dokku("apps:list"); r.Stdout != "=====> My Apps\nblog\n" {
		t.Errorf("listed %+v", r)
	}
	if r := w.Dokku("--force", "apps:destroy", "blog"); r.Code != 0 {
		t.Fatalf("got %+v", r)
	}
	for _, path := range []string{elsewhere, w.Host.Store.AppDir("blog")} {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
}

func TestListShowsWhatTheCallerMaySee(t *testing.T) {
	w := plugintest.Make(t, apps.Plugin)
	for i := range 3 {
		w.Dokku("apps:create", "app"+strconv.Itoa(i))
	}
	w.Answers["user-auth-app"] = "app1\n"
	r := w.Run(command.Actor{User: "dokku", KeyName: "ana"}, "", "apps:list", "--format", "json")
	if r.Stdout != "[\"app1\"]\n" {
		t.Errorf("got %+v", r)
	}
	if want := "user-auth-app dokku ana app0 app1 app2"; strings.Join(w.Fired, "") != want {
		t.Errorf("asked %q", w.Fired)
	}
}

// Security: an app that user-auth-app does not name does not exist for that
// caller, whatever the command. Dokku: VerifyAppName.
func TestHiddenAppsDoNotExist(t *testing.T) {
	w := plugintest.Make(t, apps.Plugin)
	for i := range 3 {
		w.Dokku("apps:create", "app"+strconv.Itoa(i))
	}
	w.Answers["user-auth-app"] = "app1\n"
	ana := command.Actor{User: "dokku", KeyName: "ana"}
	for _, argv := range [][]string{{"apps:exists", "app0"}, {"apps:report", "app0"}, {"apps:lock", "app0"}, {"--force", "apps:destroy", "app0"}, {"apps:clone", "app0", "mine"}} {
		if r := w.Run(ana, "", argv...); r.Code != 20 || r.Stderr != " !     App app0 does not exist\n" {
			t.Errorf("%v: %+v", argv, r)
		}
	}
	if r := w.Run(ana, "", "apps:report", "--app-dir"); r.Stdout != "$ROOT/app1\n" {
		t.Errorf("the report of all: %+v", r)
	}
	for arg, want := range map[string]string{"": "app1", "true": "app1", "false": "app0\napp1\napp2"} {
		if got, err := w.Host.Bus.Query(t.Context(), "app-list", arg); got != want || err != nil {
			t.Errorf("app-list %q: %q, %v", arg, got, err)
		}
	}
	w.Answers["user-auth-app"] = "!it broke"
	if r := w.Run(ana, "", "apps:exists", "app1"); r.Code != 20 {
		t.Errorf("with a plugin that fails: %+v", r)
	}
}
