package logs_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/logs"
	"github.com/slipwayhq/slipway/state"
)

const vectorImage = "timberio/vector:0.57.0-debian"

func vectorWorld(t *testing.T) (*plugintest.World, *fake.Engine) {
	t.Helper()
	engine := fake.New()
	engine.AddImage(docker.Image{Tags: []string{vectorImage}, Entrypoint: []string{"vector"}})
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = engine
		return logs.Plugin(h)
	})
	return w, engine
}

func TestVectorRunsAsDokkusComposeFileHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, engine := vectorWorld(t)
		got := w.Dokku("logs:vector-start")
		want := "=====> Starting vector container\n       Ensuring vector configuration exists\n       Starting vector container\n" +
			"       Waiting for 10 seconds\n       Vector container is running\n"
		if got.Stdout != want || got.Code != 0 {
			t.Fatalf("%+v", got)
		}
		c, err := engine.Inspect(t.Context(), "vector-vector-1")
		if err != nil || !c.Running() {
			t.Fatal(c.State, err)
		}
		args := engine.Args(c.ID)
		lib := w.Host.Store.Lib()
		for option, want := range map[string]string{
			"restart": "unless-stopped", "network": "bridge",
			"volume": lib + "/data/logs:/etc/vector /var/run/docker.sock:/var/run/docker.sock:ro " + lib + "/logs/apps:/var/log/dokku/apps",
		} {
			if got := strings.Join(args.Options[option], " "); got != want {
				t.Errorf("%s: %s, want %s", option, got, want)
			}
		}
		if c.Labels["com.docker.compose.project"] != "vector" || c.Labels["com.docker.compose.service"] != "vector" || c.Labels["org.label-schema.vendor"] != "dokku" {
			t.Error(c.Labels)
		}
		if got := strings.Join(args.Cmd, " "); got != "--config /etc/vector/vector.json --watch-config" {
			t.Error(got)
		}
		if _, err := os.Stat(lib + "/data/logs/vector.json"); err != nil {
			t.Error(err)
		}

		engine.Write(c.ID, "Vector has started.\n", "warning\n")
		shown := w.Dokku("logs:vector-logs", "--num", "1")
		if shown.Stdout != "-----> Vector container logs\n" || shown.Stderr != "       warning\n" {
			t.Errorf("%+v", shown)
		}

		if again := w.Dokku("logs:vector-start"); again.Code != 0 {
			t.Errorf("%+v", again)
		}
		if same, err := engine.Inspect(t.Context(), "vector-vector-1"); err != nil || same.ID != c.ID {
			t.Error("a container as wanted was replaced", err)
		}
		engine.AddImage(docker.Image{Tags: []string{"vector:2"}, Entrypoint: []string{"vector"}})
		if other := w.Dokku("logs:vector-start", "--vector-image", "vector:2"); other.Code != 0 {
			t.Errorf("%+v", other)
		}
		if next, err := engine.Inspect(t.Context(), "vector-vector-1"); err != nil || next.Image != "vector:2" {
			t.Error(next.Image, err)
		}

		if stop := w.Dokku("logs:vector-stop"); stop.Code != 0 || stop.Stdout != "=====> Stopping and removing vector container\n" {
			t.Errorf("%+v", stop)
		}
		if _, err := engine.Inspect(t.Context(), "vector-vector-1"); !errors.Is(err, docker.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestVectorThatEndsAtOnceIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, engine := vectorWorld(t)
		engine.Behaviour = func(docker.Container) fake.Behaviour { return fake.Behaviour{Exits: true, ExitCode: 78} }
		got := w.Dokku("logs:vector-start")
		if got.Code != 1 || got.Stderr != " !     Vector container did not start properly, run logs:vector-logs for more details\n" {
			t.Errorf("%+v", got)
		}
	})
}

func TestSomebodyElsesContainerOfVectorsNameIsLeftAlone(t *testing.T) {
	w, engine := vectorWorld(t)
	id, err := engine.Create(t.Context(), []string{"--name=vector-vector-1", "--label=com.docker.compose.project=vector", vectorImage})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Dokku("logs:vector-start"); got.Code != 1 || !strings.Contains(got.Stderr, "that is not vector's") {
		t.Errorf("%+v", got)
	}
	if got := w.Dokku("logs:vector-stop"); got.Code != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := engine.Inspect(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestVectorsConfigurationIsPrivateAndValid(t *testing.T) {
	w, _ := vectorWorld(t)
	if got := w.Dokku("logs:set", "--global", "vector-sink", "http://?auth[password]=x"); got.Code != 0 {
		t.Fatalf("%+v", got)
	}
	path := w.Host.Store.LibPath("data", "logs", "vector.json")
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !json.Valid(text) {
		t.Errorf("%s %v", text, err)
	}
}

func TestOnlyLogDriversThatHaveASizeAreGivenOne(t *testing.T) {
	w, engine := vectorWorld(t)
	ask := func() string {
		return strings.TrimSpace(w.Ask("docker-args-process-deploy", "alpha", "dockerfile", "latest").Stdout)
	}
	if got := ask(); got != "--log-opt=max-size=10m" {
		t.Error(got)
	}
	options := state.Property{Plugin: "docker-options", Name: "_default_.deploy"}
	for option, want := range map[string]string{
		"--log-driver=journald": "", "--log-driver=local": "--log-opt=max-size=10m", "--log-driver=json-file": "--log-opt=max-size=10m",
	} {
		if err := w.Host.Store.SetList(options, "alpha", []string{"--env=a=b", option}); err != nil {
			t.Fatal(err)
		}
		if got := ask(); got != want {
			t.Errorf("%s: %s", option, got)
		}
	}
	if err := w.Host.Store.Unset(options, "alpha"); err != nil {
		t.Fatal(err)
	}
	engine.DefaultLogDriver = "journald"
	if got := ask(); got != "" {
		t.Error(got)
	}
	engine.DefaultLogDriver = ""
	if err := w.Host.Store.Set(state.Property{Plugin: "logs", Name: "max-size"}, "alpha", "unlimited"); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "" {
		t.Error(got)
	}
}
