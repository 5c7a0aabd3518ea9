package run_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

func TestAnotherSchedulerIsAskedInstead(t *testing.T) {
	w, engine := deploy(t)
	if err := w.Host.Store.Set(state.Property{Plugin: "scheduler", Name: "selected"}, "alpha", "k3s"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"scheduler-run", "scheduler-run-list", "scheduler-run-logs", "scheduler-run-stop", "scheduler-run-retire"} {
		w.Watched[name] = true
	}
	for _, line := range []string{
		"run -e A=b -e C=d alpha ls -l", "run:detached alpha -- ls", "run:list alpha --format json", "run:logs alpha -t -n 5",
		"run:stop alpha", "run:retire alpha",
	} {
		if got := w.Dokku(strings.Fields(line)...); got.Code != 0 {
			t.Errorf("%s: %+v", line, got)
		}
	}
	want := []string{
		"scheduler-run k3s alpha 2 A=b C=d -- ls -l", "scheduler-run k3s alpha 0 -- -- ls", "scheduler-run-list k3s alpha json",
		"scheduler-run-logs k3s alpha  true false 5", "scheduler-run-stop k3s alpha ", "scheduler-run-retire k3s alpha",
	}
	if !slices.Equal(w.Fired, want) {
		t.Errorf("fired %q\nwant  %q", w.Fired, want)
	}
	if left, err := engine.List(t.Context(), docker.Filter{All: true}); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestATriggerThatIsNotWellFormedIsRefused(t *testing.T) {
	w, _ := deploy(t)
	for _, args := range []string{"docker-local nosuch 0 -- ls", "docker-local alpha x -- ls", "docker-local alpha 9 -- ls", "docker-local alpha -1 -- ls", "docker-local alpha 1 A -- ls"} {
		if got := w.Fire("scheduler-run", strings.Fields(args)...); got.Code == 0 {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// A plugin may fire scheduler-run with Dokku's variables in its environment.
func TestVariablesOfTheCallerReachTheTrigger(t *testing.T) {
	w, engine := deploy(t)
	var out bytes.Buffer
	call := &command.Call{
		Actor: plugintest.Root, In: strings.NewReader(""), Out: command.NewOutput(&out, &out),
		Env: map[string]string{"DOKKU_DETACH_CONTAINER": "1", "DOKKU_CRON_ID": "abc", "DOKKU_SHELL": "/bin/zsh", "PATH": "/evil"},
	}
	ctx := trigger.WithCall(t.Context(), call)
	if err := w.Host.Bus.Event(ctx, "scheduler-run", "docker-local", "alpha", "0", "--"); err != nil {
		t.Fatal(err)
	}
	c, err := engine.Inspect(t.Context(), strings.TrimSpace(out.String()))
	if err != nil || c.Labels["com.dokku.cron-id"] != "abc" || !strings.HasPrefix(c.Name, "alpha.cron.") || !slices.Equal(c.Cmd, []string{"/bin/zsh"}) {
		t.Errorf("%+v, %v", c, err)
	}
	if trigger.EnvOf(ctx)["PATH"] != "" {
		t.Error("security: a variable that is not Dokku's is passed on")
	}
}

func TestADetachedRunTellsPlugins(t *testing.T) {
	w, engine := deploy(t)
	w.Watched["scheduler-post-run"] = true
	c, err := engine.Inspect(t.Context(), start(t, w, "alpha", "ls"))
	if err != nil || !slices.Equal(w.Fired, []string{"scheduler-post-run docker-local alpha " + c.ID + " 0"}) {
		t.Errorf("%q, %v", w.Fired, err)
	}
}
