package run_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/run"
	"github.com/slipwayhq/slipway/state"
)

func TestStories(t *testing.T) {
	plugintest.Run(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = fake.New()
		return run.Plugin(h)
	})
}

// released are labels of an image that a release made.
var released = map[string]string{docker.LabelImageStage: "release"}

// deploy makes the app alpha with an image on a fake engine.
func deploy(t *testing.T) (*plugintest.World, *fake.Engine) {
	t.Helper()
	engine := fake.New()
	engine.AddImage(docker.Image{Tags: []string{"dokku/alpha:latest"}, Cmd: []string{"serve"}, Labels: released})
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = engine
		return run.Plugin(h)
	})
	s := w.Host.Store
	for _, err := range []error{
		s.MkdirAll(s.AppDir("alpha"), 0o755),
		s.SetEnv(state.Global, map[string]string{"REGION": "north", "LEVEL": "1"}),
		s.SetEnv("alpha", map[string]string{"SECRET": "s3cr=t", "LEVEL": "2"}),
		s.WriteFile(s.LibPath("data", "ps", "alpha", "Procfile"), []byte("web: serve\nrake: bundle exec rake 'a b' --port $PORT --level ${LEVEL} $HOME\n"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w, engine
}

// start runs a command detached and gives its container's name.
func start(t *testing.T, w *plugintest.World, argv ...string) string {
	t.Helper()
	got := w.Dokku(append([]string{"run:detached"}, argv...)...)
	lines := strings.Split(strings.TrimSpace(got.Stdout), "\n")
	name := lines[len(lines)-1]
	if got.Code != 0 || !regexp.MustCompile(`^alpha\.run\.[0-9]{1,5}$`).MatchString(name) {
		t.Fatalf("run:detached %v: %+v", argv, got)
	}
	return name
}

func TestTheContainerHasConfigLabelsAndOptions(t *testing.T) {
	w, engine := deploy(t)
	w.Answers["docker-args-run"] = `--volume=/srv/a\ b:/data --memory 64m`
	w.Answers["docker-args-process-run"] = "--dns 10.0.0.1"
	w.Watched["post-container-create"] = true
	name := start(t, w, "-e", "LEVEL=3", "--env", "EMPTY=", "--label", "com.example.a=b", "--ttl-seconds", "60", "alpha", "ls", "-l", "--", "-e")
	c, err := engine.Inspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	number := strings.TrimPrefix(name, "alpha.run.")
	for _, want := range []string{"SECRET=s3cr=t", "REGION=north", "LEVEL=3", "EMPTY=", "DYNO=run." + number} {
		if !slices.Contains(c.Env, want) {
			t.Errorf("no %s in %v", want, c.Env)
		}
	}
	for key, want := range map[string]string{
		"dokku": "", "com.dokku.app-name": "alpha", "com.dokku.container-type": "run", "com.dokku.active-deadline-seconds": "60",
		"com.example.a": "b", "com.dokku.dyno": "run." + number,
	} {
		if got, found := c.Labels[key]; !found || got != want {
			t.Errorf("label %s is %q", key, got)
		}
	}
	if want := []string{"ls", "-l", "--", "-e"}; !slices.Equal(c.Cmd, want) {
		t.Errorf("command %q, want %q", c.Cmd, want)
	}
	args := engine.Args(c.ID)
	for option, want := range map[string]string{"volume": "/srv/a b:/data", "memory": "64m", "dns": "10.0.0.1", "pull": "never"} {
		if got, _ := args.Option(option); got != want {
			t.Errorf("--%s is %q, want %q", option, got, want)
		}
	}
	if !args.Switch("rm") || !args.Switch("init") || args.Switch("tty") || args.Switch("interactive") {
		t.Errorf("options %+v", args)
	}
	if want := "post-container-create app " + c.ID + " alpha run"; !slices.Contains(w.Fired, want) {
		t.Errorf("fired %q, want %q", w.Fired, want)
	}
}

func TestAProcessTypeStandsForItsCommand(t *testing.T) {
	w, engine := deploy(t)
	got := w.Dokku("run:detached", "alpha", "rake", "db:migrate")
	header, name, _ := strings.Cut(strings.TrimSpace(got.Stdout), "\n")
	if header != "-----> Found 'rake' in Procfile, running that command" {
		t.Errorf("%+v", got)
	}
	c, err := engine.Inspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"bundle", "exec", "rake", "a b", "--port", "5000", "--level", "2", "$HOME", "db:migrate"}
	if !slices.Equal(c.Cmd, want) || c.Labels[docker.LabelProcess] != "rake" {
		t.Errorf("command %q of %s, want %q", c.Cmd, c.Labels[docker.LabelProcess], want)
	}
}

func TestWithoutACommandItIsAShell(t *testing.T) {
	w, engine := deploy(t)
	c, err := engine.Inspect(t.Context(), start(t, w, "alpha"))
	if err != nil || c.Cmd[0] != "/bin/sh" {
		t.Errorf("%v %v", c.Cmd, err)
	}
	if err := w.Host.Store.Set(state.Property{Plugin: "scheduler", Name: "shell"}, "alpha", "/bin/zsh"); err != nil {
		t.Fatal(err)
	}
	if c, err = engine.Inspect(t.Context(), start(t, w, "alpha", "--")); err != nil || !slices.Equal(c.Cmd, []string{"/bin/zsh"}) {
		t.Errorf("%v %v", c.Cmd, err)
	}
}

func TestAForcedTerminalIsGivenToADetachedContainer(t *testing.T) {
	w, engine := deploy(t)
	c, err := engine.Inspect(t.Context(), start(t, w, "--force-tty", "alpha", "top"))
	if err != nil || !c.TTY {
		t.Errorf("terminal %v, %v", c.TTY, err)
	}
}

// Security: labels by which containers are told apart, and variables without a
// value (which docker would take from the control plane), are not the caller's.
func TestBadVariablesAndLabelsAreRefused(t *testing.T) {
	w, engine := deploy(t)
	for _, args := range []string{
		"--label com.dokku.app-name=other", "--label com.slipway.instance=x", "--label dokku=", "--label org.label-schema.vendor=x", "--label =x",
		"-e PATH", "-e =x", "-e A-B=c", "-e 1A=c",
	} {
		got := w.Dokku(append(append([]string{"run:detached"}, strings.Fields(args)...), "alpha", "true")...)
		if got.Code != 1 || !strings.Contains(got.Stderr, "Invalid") {
			t.Errorf("%s: %+v", args, got)
		}
	}
	if got := w.Dokku("--label", "com.dokku.dyno=web.1", "run:detached", "alpha", "true"); got.Code != 1 {
		t.Errorf("a global label: %+v", got)
	}
	if calls := engine.Calls(); slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, "Create") }) {
		t.Errorf("calls %q", calls)
	}
}

func TestANumberThatIsTakenIsDrawnAnew(t *testing.T) {
	w, engine := deploy(t)
	taken := 3
	engine.OnCall = func(method, _ string) error {
		if method == "Create" && taken > 0 {
			taken--
			return docker.Errorf(docker.ErrConflict, "the name is in use")
		}
		return nil
	}
	start(t, w, "alpha", "true")
	taken = 100
	if got := w.Dokku("run:detached", "alpha", "true"); got.Code != 1 || !strings.Contains(got.Stderr, "No free name") {
		t.Errorf("%+v", got)
	}
}

func TestAFailedStartLeavesNothing(t *testing.T) {
	w, engine := deploy(t)
	engine.Behaviour = func(docker.Container) fake.Behaviour { return fake.Behaviour{StartError: "no such file: nope"} }
	if got := w.Dokku("run:detached", "alpha", "nope"); got.Code != 1 || !strings.Contains(got.Stderr, "no such file") {
		t.Errorf("%+v", got)
	}
	w.Answers["post-container-create"] = "!not now"
	if got := w.Dokku("run:detached", "alpha", "nope"); got.Code != 1 || !strings.Contains(got.Stderr, "not now") {
		t.Errorf("%+v", got)
	}
	if left, err := engine.List(t.Context(), docker.Filter{All: true}); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestListLogsAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, engine := deploy(t)
		engine.Behaviour = func(c docker.Container) fake.Behaviour {
			return fake.Behaviour{Stdout: strings.Join(c.Cmd, " ") + "\n"}
		}
		first := start(t, w, "alpha", "sleep", "30")
		<-time.After(time.Minute) // in the time of the bubble
		second := start(t, w, "alpha", "sh", "-c", "sleep 30")
		<-time.After(2 * time.Second)

		got := w.Dokku("run:list", "alpha").Stdout
		want := "=====> alpha run containers\nNAMES COMMAND CREATED\n" +
			second + ` "sh -c 'sleep 30'" 2 seconds ago` + "\n" + first + ` "sleep 30" About a minute ago` + "\n"
		if regexp.MustCompile(` {2,}`).ReplaceAllString(got, " ") != want {
			t.Errorf("run:list\n%s\nwant\n%s", got, want)
		}
		var listed []map[string]string
		if err := json.Unmarshal([]byte(w.Dokku("run:list", "alpha", "--format", "json").Stdout), &listed); err != nil || len(listed) != 2 {
			t.Fatalf("%v %v", listed, err)
		}
		if one := listed[1]; one["name"] != first || one["state"] != "running" || one["command"] != `"sleep 30"` || one["created_at"] != "2000-01-01 00:00:00 +0000 UTC" {
			t.Errorf("%v", one)
		}

		number := strings.TrimPrefix(first, "alpha.run.")
		if got := w.Dokku("run:logs", "alpha").Stdout; !strings.Contains(got, "app["+number+"]: sleep 30\n") || !strings.HasSuffix(got, ": sh -c sleep 30\n") {
			t.Errorf("run:logs\n%s", got)
		}
		if got := w.Dokku("run:logs", "--container", first, "-q").Stdout; got != "sleep 30\n" {
			t.Errorf("run:logs of one: %s", got)
		}
		if got := w.Dokku("run:stop", "--container", second); got.Stdout != second+"\n" {
			t.Errorf("%+v", got)
		}
		if got := w.Dokku("run:stop", "alpha"); got.Stdout != first+"\n" {
			t.Errorf("%+v", got)
		}
		if left, err := engine.List(t.Context(), docker.Filter{}); err != nil || len(left) > 0 {
			t.Errorf("left %v, %v", left, err)
		}
	})
}

// Security: only one-off containers of ours can be stopped or read by name.
func TestContainersOfOthersAreRefused(t *testing.T) {
	w, engine := deploy(t)
	for name, labels := range map[string][]string{
		"alpha.web.1": {"--label=dokku=", "--label=com.dokku.app-name=alpha", "--label=com.dokku.container-type=deploy"},
		"foreign":     {"--label=com.dokku.app-name=alpha", "--label=com.dokku.container-type=run"},
		"demo-a.run":  {"--label=dokku=", "--label=com.dokku.app-name=a", "--label=com.dokku.container-type=run", "--label=com.slipway.instance=demo"},
	} {
		id, err := engine.Create(t.Context(), append(append(labels, "--name="+name), "dokku/alpha:latest"))
		if err == nil {
			err = engine.Start(t.Context(), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []string{"run:stop", "run:logs"} {
			if got := w.Dokku(c, "--container", name); got.Code != 1 || got.Stderr != " !     Specified container must be a run container\n" {
				t.Errorf("%s %s: %+v", c, name, got)
			}
		}
	}
}

func TestRetireEndsWhatRanTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, engine := deploy(t)
		late := start(t, w, "--ttl-seconds", "60", "alpha", "sleep", "1000")
		stays := start(t, w, "alpha", "sleep", "1000")
		<-time.After(2 * time.Minute)
		got := w.Fire("scheduler-run-retire", "docker-local", "alpha")
		if !strings.HasPrefix(got.Stdout, "-----> Retiring run and cron containers for app alpha\n       Retiring container ") || got.Code != 0 {
			t.Errorf("%+v", got)
		}
		if _, err := engine.Inspect(context.Background(), late); err == nil {
			t.Error("it is still there")
		}
		if _, err := engine.Inspect(context.Background(), stays); err != nil {
			t.Error(err)
		}
		if got := w.Fire("scheduler-run-retire", "k3s"); got.Stdout != "" {
			t.Errorf("%+v", got)
		}
		if got := w.Dokku("run:retire"); got.Stdout != "-----> Retiring all run and cron containers\n" {
			t.Errorf("%+v", got)
		}
	})
}

func TestAnImageThatIsOnlyBuiltIsNotRun(t *testing.T) {
	w, engine := deploy(t)
	for stage, labels := range map[string]map[string]string{"": nil, "build": {docker.LabelImageStage: "build"}} {
		engine.AddImage(docker.Image{Tags: []string{"dokku/alpha:latest"}, Cmd: []string{"serve"}, Labels: labels})
		for _, name := range []string{"run", "run:detached"} {
			got := w.Dokku(name, "alpha", "ls")
			want := " !     Invalid image stage detected: expected 'release', got '" + stage + "'\n !     Successfully deploy your app to fix dokku run calls\n"
			if got.Code != 1 || got.Stderr != want {
				t.Errorf("%s of stage %q: %+v", name, stage, got)
			}
		}
	}
	if left, err := engine.List(t.Context(), docker.Filter{All: true}); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
