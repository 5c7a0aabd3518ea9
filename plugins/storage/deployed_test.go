package storage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storytest"
)

// Mounts, options of docker and resources reach the containers that they are
// for, each in its phase, and a clone's too.
func TestContainersGetWhatIsForThem(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
	engine := w.Host.Docker.(*fake.Engine)
	for _, args := range [][]string{
		{"storage:create", "data"},
		{"storage:mount", storytest.App, "data", "--container-dir", "/data dir"},
		{"storage:mount", storytest.App, "data", "--container-dir", "/web", "--phase", "deploy", "--process-type", "web", "--volume-readonly"},
		{"storage:mount", storytest.App, "data", "--container-dir", "/one-off", "--phase", "run"},
		{"docker-options:add", storytest.App, "deploy", `--label "a=b $(id)"`},
		{"docker-options:add", "--process", "worker", storytest.App, "deploy", "--ulimit nofile=1"},
		{"docker-options:add", storytest.App, "run", "--shm-size 1m"},
		{"resource:limit", storytest.App, "--memory", "128"},
		{"resource:limit", storytest.App, "--memory", "1g", "--process-type", "worker"},
		{"ps:scale", storytest.App, "worker=1"},
		{"ps:start", storytest.App},
		{"run:detached", storytest.App, "sleep", "1000"},
	} {
		if r := w.Dokku(args...); r.Code != 0 {
			t.Fatalf("%q: %+v", args, r)
		}
	}
	home := w.Host.Store.LibPath("data", "storage", "data")
	for kind, want := range map[string]map[string][]string{
		"web":    {"volume": {home + ":/data dir", home + ":/web:ro"}, "memory": {"128m"}, "ulimit": nil, "shm-size": nil},
		"worker": {"volume": {home + ":/data dir"}, "memory": {"1g"}, "ulimit": {"nofile=1"}, "shm-size": nil},
		"run":    {"volume": {home + ":/data dir", home + ":/one-off"}, "memory": nil, "ulimit": nil, "shm-size": {"1m"}},
	} {
		options := engine.Args(containerOf(t, engine, kind)).Options
		for name, values := range want {
			if !slices.Equal(options[name], values) {
				t.Errorf("%s has --%s %q, want %q", kind, name, options[name], values)
			}
		}
		if kind != "run" && !slices.Contains(options["label"], "a=b $(id)") {
			t.Errorf("%s has the labels %q", kind, options["label"])
		}
	}
}

// containerOf is the one running container of a process type, or of run.
func containerOf(t *testing.T, engine *fake.Engine, kind string) string {
	t.Helper()
	all, err := engine.List(t.Context(), docker.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if strings.HasPrefix(c.Name, storytest.App+"."+kind+".") {
			return c.ID
		}
	}
	t.Fatalf("no container of %s among %+v", kind, all)
	return ""
}
