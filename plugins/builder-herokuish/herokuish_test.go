package builderherokuish

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/build/buildtest"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// standIn is an image that does what herokuish does around buildpacks.
const standIn = "slipway-test/herokuish:latest"

// makeStandIn builds it, which takes a moment once.
func makeStandIn(t *testing.T, engine docker.Engine) {
	t.Helper()
	recipe, err := os.ReadFile(filepath.Join("testdata", "herokuish", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	err = buildkit.Build(t.Context(), engine, buildkit.Job{
		App: "herokuish", Context: buildkit.Folder(filepath.Join("testdata", "herokuish")), Image: standIn, Log: &log,
		Dockerfile: buildkit.Dockerfile{Name: "Dockerfile", Content: recipe},
	}, command.NewOutput(io.Discard, io.Discard))
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
}

// newBuilder is the builder with the stand-in as the stack of every app.
func newBuilder(h *plugin.Host) build.Builder {
	h.Bus.Handle(trigger.Handler{Plugin: "buildpacks", Trigger: "buildpack-stack-name", Run: func(_ context.Context, c *trigger.Call) error {
		_, err := fmt.Fprintln(c.Out, standIn)
		return err
	}})
	return New(h)
}

// withoutCache removes what builds of the suite's app kept.
func withoutCache(t *testing.T, engine *docker.Client) {
	t.Helper()
	t.Cleanup(func() {
		volume := docker.Names{Instance: "slipway-test"}.Cache(buildtest.App)
		if out, err := engine.CLI().Command(context.Background(), "volume", "rm", "--force", volume).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestConformance(t *testing.T) {
	engine := dockertest.Connect(t)
	makeStandIn(t, engine)
	withoutCache(t, engine)
	source := func(more string) buildtest.Files {
		return buildtest.Files{".buildpacks": "https://example.com/none.git\n", "Procfile": "web: serve\n", more: "x"}
	}
	buildtest.Run(t, buildtest.Subject{
		New:     newBuilder,
		Source:  source("index.txt"),
		Foreign: buildtest.Files{"Dockerfile": "FROM scratch\n", ".env": "A=b\n"},
		Folder:  "/app",
		Failing: source("fail"),
		Says:    []string{"The build of blog failed", "exit code 3"},
		Shows:   []string{" !     Push rejected, failed to compile"},
		Slow:    source("slow"),
		Started: "42 begun",
	})
}

func TestDetect(t *testing.T) {
	h := buildtest.Host(t)
	b := New(h)
	for _, c := range []struct {
		what  string
		files buildtest.Files
		env   map[string]string
		want  bool
	}{
		{"a file .buildpacks", buildtest.Files{".buildpacks": "", "Dockerfile": "FROM scratch\n"}, nil, true},
		{"BUILDPACK_URL in .env", buildtest.Files{".env": "A=b\nexport BUILDPACK_URL=null\n"}, nil, true},
		{"BUILDPACK_URL in the config", nil, map[string]string{"BUILDPACK_URL": "null"}, true},
		{"another .env", buildtest.Files{".env": "A=b\n"}, nil, false},
		{"a folder .buildpacks", buildtest.Files{".buildpacks/x": ""}, nil, false},
		{"a language", buildtest.Files{"package.json": "{}"}, nil, false},
	} {
		if err := h.Store.SetEnv(buildtest.App, c.env); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Detect(t.Context(), buildtest.App, buildtest.Source(t, c.files)); got != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.what, got, err)
		}
	}
}

// deployed is an image made of a source with the config that a build had.
func deployed(t *testing.T, env map[string]string) (h *plugin.Host, image string, r buildtest.Result) {
	t.Helper()
	engine := dockertest.Connect(t)
	makeStandIn(t, engine)
	withoutCache(t, engine)
	h = buildtest.Host(t)
	files := buildtest.Files{
		"Procfile": "web: id -un; pwd; echo $FROM_PROFILE; echo $HOME; ls -l .env | cut -d' ' -f3\n", ".env": "OWN=1\n", ".dockerignore": "Procfile\n",
	}
	image, r = buildtest.MustBuild(t, h, newBuilder(h), files, build.Request{
		Env: env, Args: []string{"--env=USER=herokuishuser"}, Labels: map[string]string{"com.dokku.image-stage": "release"},
	})
	return h, image, r
}

func TestStartAndExec(t *testing.T) {
	h, image, _ := deployed(t, map[string]string{"GREETING": "built", "MULTI": "a\n'b' \"c\""})
	for _, c := range []struct {
		argv []string
		want string
	}{
		// What a container is made with goes before what was there at the build.
		{[]string{"/start", "web"}, "herokuishuser\n/app\nnow from profile.d\n/app\nherokuishuser\n"},
		{[]string{"/exec", "sh", "-c", "echo $GREETING; ls /tmp/env; cat .env"}, "now\nOWN=1\nGREETING=\"built\"\nMULTI=\"a\\n'b' \\\"c\\\"\"\n"},
	} {
		id := dockertest.CreateWith(t, h.Docker, []string{"--env=GREETING=now"}, image, c.argv...)
		var out bytes.Buffer
		if err := h.Docker.Start(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Docker.Wait(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := h.Docker.Logs(t.Context(), id, docker.LogOptions{Tail: -1}, &out, &out); err != nil || out.String() != c.want {
			t.Errorf("%q printed %q, %v", c.argv, &out, err)
		}
	}
	in, err := h.Docker.ImageInspect(t.Context(), image)
	if err != nil || build.KindOf(in, nil) != build.Herokuish || in.User != "herokuishuser" || in.WorkingDir != "/app" || in.Labels["com.dokku.image-stage"] != "release" {
		t.Errorf("%+v, %v", in, err)
	}
	if !slices.Contains(in.Env, "HEROKUISH_SETUIDGUID=false") {
		t.Errorf("the environment is %q", in.Env)
	}
}

func TestTheCacheIsKeptBetweenBuilds(t *testing.T) {
	h, _, first := deployed(t, map[string]string{"MARK": "one"})
	_, second := buildtest.MustBuild(t, h, New(h), buildtest.Files{"Procfile": "web: x\n"}, build.Request{Env: map[string]string{"MARK": "two"}, Args: []string{"--env=USER=herokuishuser"}})
	if !strings.Contains(first.Out, "cache: empty") || !strings.Contains(second.Out, "cache: one") {
		t.Errorf("%s\n%s", first.Out, second.Out)
	}
}

func TestAUserThatIsNoNameIsRefused(t *testing.T) {
	h := buildtest.Host(t)
	r := buildtest.Build(t.Context(), t, h, New(h), build.Request{Image: buildtest.Image(t), Dir: t.TempDir(), Env: map[string]string{"DOKKU_APP_USER": "a b; id"}})
	if r.Err == nil || !strings.Contains(r.Err.Error(), "Invalid DOKKU_APP_USER") {
		t.Error(r.Err)
	}
}

func TestAnImageThatIsNotThere(t *testing.T) {
	h := buildtest.Host(t)
	h.Bus.Handle(trigger.Handler{Plugin: "zz", Trigger: "builder-dokku-image", Run: func(_ context.Context, c *trigger.Call) error {
		_, err := fmt.Fprintln(c.Out, "nosuch.invalid/none:1")
		return err
	}})
	r := buildtest.Build(t.Context(), t, h, New(h), build.Request{Image: buildtest.Image(t), Dir: t.TempDir()})
	if r.Err == nil || !strings.Contains(r.Err.Error(), "Cannot pull the image nosuch.invalid/none:1, which builds this app") {
		t.Error(r.Err)
	}
}

// others declares the property of builder that this feature reads.
func others(*plugin.Host) plugin.Plugin {
	return plugin.Plugin{Name: "builder", Properties: []state.Property{{Plugin: "builder", Name: "detected", Scope: state.AppOnly}}}
}

func TestStories(t *testing.T) { plugintest.Run(t, others, Plugin) }

func FuzzAppUser(f *testing.F) {
	for _, s := range []string{"herokuishuser", "", "a b", "$(id)", "root\n", "_x-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, user string) {
		if userRE.MatchString(user) && (strings.ContainsAny(user, " \t\n$`'\"\\;&|:/") || user == "") {
			t.Errorf("%q was accepted", user)
		}
	})
}
