package enter_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/enter"
	"github.com/slipwayhq/slipway/state"
)

func TestStories(t *testing.T) {
	plugintest.Run(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = fake.New()
		return enter.Plugin(h)
	})
}

// deploy makes the app alpha and runs instances of it, whose commands print
// their arguments and what they read, and exit with 3 when asked to fail.
func deploy(t *testing.T, dynos ...string) (w *plugintest.World, engine *fake.Engine, ids map[string]string) {
	t.Helper()
	engine, ids = fake.New(), map[string]string{}
	engine.Behaviour = func(c docker.Container) fake.Behaviour {
		dyno := c.Labels[docker.LabelDyno]
		return fake.Behaviour{Exec: func(o docker.ExecOptions, stdin io.Reader, stdout, stderr io.Writer) int {
			read, _ := io.ReadAll(stdin)
			fmt.Fprintf(stdout, "%s %q %s", dyno, o.Cmd, read)
			if o.Cmd[0] == "fail" {
				fmt.Fprint(stderr, "failed\n")
				return 3
			}
			return 0
		}}
	}
	engine.AddImage(docker.Image{Tags: []string{"dokku/alpha:latest"}, Cmd: []string{"serve"}})
	w = plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = engine
		return enter.Plugin(h)
	})
	for _, err := range []error{
		w.Host.Store.MkdirAll(w.Host.Store.AppDir("alpha"), 0o755),
		w.Host.Store.Set(state.Property{Plugin: "common", Name: "deployed"}, "alpha", "true"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dyno := range dynos {
		process, _, _ := strings.Cut(dyno, ".")
		labels := w.Host.Names.Labels(docker.Labelled{App: "alpha", ContainerType: "deploy", Process: process, Dyno: dyno})
		id, err := engine.Create(context.Background(), append(docker.LabelArgs(labels), "--name=alpha."+dyno, "dokku/alpha:latest"))
		if err == nil {
			err = engine.Start(context.Background(), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		ids[dyno] = id
	}
	return w, engine, ids
}

func TestEnterChoosesTheContainer(t *testing.T) {
	w, _, ids := deploy(t, "web.1", "web.2", "worker.1")
	for _, test := range []struct {
		args string
		want string // stdout, or stderr where it begins with " !"
	}{
		{"alpha web env", `web.1 ["env"] `},
		{"alpha web.2 -- ls -l", `web.2 ["ls" "-l"] `},
		{"alpha worker ls --container-id x", `worker.1 ["ls" "--container-id" "x"] `},
		{"alpha --container-id " + ids["web.2"][:12] + " env", `web.2 ["env"] `},
		{"alpha --container-id=" + ids["worker.1"] + " -- env", `worker.1 ["env"] `},
		{"alpha", " !     No container type specified.\n !     Available types for app (alpha): web worker\n"},
		{"alpha -- env", " !     No container type specified.\n !     Available types for app (alpha): web worker\n"},
		{"alpha bogus echo hi", " !     No containers found for type 'bogus'\n !     Available types for app (alpha): web worker\n"},
		{"alpha web.9 env", " !     No containers found for type 'web.9'\n !     Available types for app (alpha): web worker\n"},
		{"alpha --container-id ffff", " !     Invalid container id for app: ffff\n !     Available ids for app (alpha): $ID $ID $ID\n"},
		{"alpha --container-id", " !     expected --container-id to have an argument\n"},
	} {
		got := w.Run(plugintest.Root, "", append([]string{"enter"}, strings.Fields(test.args)...)...)
		for _, id := range ids {
			got.Stderr = strings.ReplaceAll(got.Stderr, id, "$ID")
		}
		if refused := strings.HasPrefix(test.want, " !"); refused && (got.Stderr != test.want || got.Code != 1) || !refused && (got.Stdout != test.want || got.Code != 0) {
			t.Errorf("enter %s: %+v, want %q", test.args, got, test.want)
		}
	}
}

func TestEnterPassesStreamsAndExitCode(t *testing.T) {
	w, _, _ := deploy(t, "web.1")
	got := w.Run(plugintest.Root, "typed", "enter", "-i", "alpha", "--", "fail", "")
	if want := (plugintest.Result{Stdout: `web.1 ["fail" ""] typed`, Stderr: "failed\n", Code: 3}); got != want {
		t.Errorf("%+v", got)
	}
	if got := w.Run(plugintest.Root, "for another", "enter", "alpha", "--", "cat"); got.Stdout != `web.1 ["cat"] ` {
		t.Errorf("without -i: %+v", got)
	}
}

func TestEnterOpensTheShellOfTheScheduler(t *testing.T) {
	w, _, _ := deploy(t, "web.1")
	if got := w.Dokku("enter", "alpha").Stdout; !strings.Contains(got, "exec bash") || !strings.Contains(got, "exec /bin/sh") {
		t.Errorf("the default shell is %s", got)
	}
	if err := w.Host.Store.Set(state.Property{Plugin: "scheduler", Name: "shell"}, state.Global, "/bin/zsh"); err != nil {
		t.Fatal(err)
	}
	if got := w.Dokku("enter", "alpha").Stdout; got != `web.1 ["/bin/zsh"] ` {
		t.Errorf("the shell is %s", got)
	}
}

func TestEnterRefusesAContainerThatDoesNotRun(t *testing.T) {
	w, engine, ids := deploy(t, "web.1")
	engine.Exit(ids["web.1"], 1)
	if got := w.Dokku("enter", "alpha", "web", "env"); got.Code != 1 || got.Stderr != " !     Container is not running\n" {
		t.Errorf("%+v", got)
	}
}

// Security: a container of another app, or of nobody's, is never entered.
func TestEnterRefusesContainersOfOthers(t *testing.T) {
	w, engine, _ := deploy(t, "web.1")
	for _, app := range []string{"other", "alpha"} {
		args := []string{"--name=other-" + app, "--label=com.dokku.app-name=" + app, "dokku/alpha:latest"}
		id, err := engine.Create(t.Context(), args)
		if err == nil {
			err = engine.Start(t.Context(), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{id, "other-" + app} {
			if got := w.Dokku("enter", "alpha", "--container-id", name, "env"); got.Code != 1 || got.Stdout != "" {
				t.Errorf("%+v", got)
			}
		}
	}
}

func TestAnAppScaledToNothingCannotBeEntered(t *testing.T) {
	w, _, _ := deploy(t)
	if got := w.Dokku("enter", "alpha"); got.Code != 1 || got.Stderr != " !     No containers found for app\n" {
		t.Errorf("%+v", got)
	}
}
