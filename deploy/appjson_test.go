package deploy

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/docker"
)

func TestVariablesOfAppJSON(t *testing.T) {
	parsed, err := app.ParseAppJSON([]byte(`{"env": {
		"PLAIN": "a", "SET": "b", "EMPTY": {"value": "c"}, "SECRET": {"generator": "secret"}, "OWN": {"generator": "secret"},
		"MAYBE": {"required": false}, "SYNC": {"value": "d", "sync": true}, "ROLL": {"generator": "secret", "sync": true},
		"KEPT": {"sync": true}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"SET": "x", "EMPTY": "", "OWN": "x", "SYNC": "x", "ROLL": "x", "KEPT": "x"}
	first, err := declaredValues(env, parsed.Env, false, "blog")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"PLAIN": "a", "EMPTY": "c", "SYNC": "d"} {
		if first[key] != want {
			t.Errorf("%s is %q, want %q", key, first[key], want)
		}
	}
	if len(first["SECRET"]) != 64 || len(first["ROLL"]) != 64 || first["SECRET"] == first["ROLL"] || len(first) != 5 {
		t.Errorf("%v", first)
	}
	later, err := declaredValues(env, parsed.Env, true, "blog")
	if err != nil || len(later) != 2 || later["SYNC"] != "d" || len(later["ROLL"]) != 64 {
		t.Errorf("%v, %v", later, err)
	}
	_, err = declaredValues(nil, map[string]app.EnvVar{"NEED": {}}, false, "blog")
	if err == nil || !strings.HasPrefix(err.Error(), "required env var NEED has no value, no default, and no TTY for prompt\n") {
		t.Errorf("%v", err)
	}
}

func TestAScriptRunsAsTheImageCanRunIt(t *testing.T) {
	plain := docker.Image{}
	own := docker.Image{Entrypoint: []string{"/entry.sh", "-v"}}
	tini := docker.Image{Entrypoint: []string{"/tini", "--"}}
	for name, test := range map[string]struct {
		task  task
		kind  build.Kind
		image docker.Image
		want  []string
	}{
		"a shell":            {task{script: "a && b"}, build.Plain, plain, []string{"--entrypoint=/bin/sh", "ref", "-c", "a && b"}},
		"an init":            {task{script: "a && b"}, build.Plain, tini, []string{"--entrypoint=/bin/sh", "ref", "-c", "a && b"}},
		"an entrypoint":      {task{script: "touch 'a b'"}, build.Plain, own, []string{"ref", "touch", "a b"}},
		"with config":        {task{script: "touch x", before: ". /env"}, build.Plain, own, []string{"--entrypoint=/bin/sh", "ref", "-c", ". /env\nexec \"$@\"", "sh", "/entry.sh", "-v", "touch", "x"}},
		"the CNB launcher":   {task{script: "a", before: ". /env"}, build.CNB, own, []string{"--entrypoint=/cnb/lifecycle/launcher", "ref", "/bin/sh", "-c", ". /env\na"}},
		"an argument vector": {task{argv: []string{"a", "b"}}, build.Plain, own, []string{"ref", "a", "b"}},
	} {
		if got, err := test.task.command(test.kind, test.image, "ref"); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := (task{name: "predeploy", script: "touch 'a"}).command(build.Plain, own, "ref"); err == nil {
		t.Error("an open quote is taken")
	}
}
