package fake_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
)

// running is an engine with one running container.
func running(t *testing.T, behaviour fake.Behaviour, options ...string) (engine *fake.Engine, id string) {
	t.Helper()
	engine = fake.New()
	engine.AddImage(docker.Image{Tags: []string{"dokku/blog:latest"}, Cmd: []string{"serve"}})
	engine.Behaviour = func(docker.Container) fake.Behaviour { return behaviour }
	id, err := engine.Create(t.Context(), append(options, "--name=blog.web.1", "dokku/blog"))
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return engine, id
}

func inspect(t *testing.T, engine docker.Engine, id string) docker.Container {
	t.Helper()
	c, err := engine.Inspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCrashIsSeenByEverybody(t *testing.T) {
	engine, id := running(t, fake.Behaviour{IP: "10.1.2.3", Health: "starting"})
	events, _ := engine.Events(t.Context())
	if c := inspect(t, engine, id); c.IP() != "10.1.2.3" || c.Health != "starting" {
		t.Errorf("container is %+v", c)
	}
	engine.SetHealth(id, "healthy")
	engine.Write(id, "out\n", "err\n")
	engine.OOM(id)
	c := inspect(t, engine, id)
	if c.State != "exited" || c.ExitCode != 137 || !c.OOMKilled || c.Health != "" {
		t.Errorf("container is %+v", c)
	}
	var actions []string
	for range 3 {
		actions = append(actions, (<-events).Action)
	}
	if want := []string{"oom", "die", "disconnect"}; !slices.Equal(actions, want) {
		t.Errorf("events are %q, want %q", actions, want)
	}
	var stdout, stderr bytes.Buffer
	if err := engine.Logs(t.Context(), id, docker.LogOptions{Tail: -1}, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	if stdout.String() != "out\n" || stderr.String() != "err\n" {
		t.Errorf("log is %q and %q", stdout.String(), stderr.String())
	}
}

func TestRestartPolicies(t *testing.T) {
	for _, test := range []struct {
		policy, state string
		count         int
	}{
		{"no", "exited", 0},
		{"on-failure:10", "exited", 10},
		{"on-failure:3", "exited", 3},
		{"always", "restarting", 10},
	} {
		engine, id := running(t, fake.Behaviour{Exits: true, ExitCode: 1}, "--restart="+test.policy)
		c := inspect(t, engine, id)
		if c.State != test.state || c.RestartCount != test.count || c.Restarting != (test.state == "restarting") {
			t.Errorf("%s: %s after %d restarts", test.policy, c.State, c.RestartCount)
		}
	}
	engine, id := running(t, fake.Behaviour{}, "--restart=on-failure:10")
	engine.Exit(id, 0)
	if c := inspect(t, engine, id); c.State != "exited" {
		t.Errorf("a clean end leads to %s", c.State)
	}
	engine, id = running(t, fake.Behaviour{}, "--restart=always")
	engine.Exit(id, 0)
	if c := inspect(t, engine, id); c.State != "running" || c.RestartCount != 1 {
		t.Errorf("%s after %d restarts", c.State, c.RestartCount)
	}
	if err := engine.Stop(t.Context(), id, time.Second); err != nil {
		t.Fatal(err)
	}
	if c := inspect(t, engine, id); c.State != "exited" {
		t.Errorf("a stop leads to %s", c.State)
	}
}

func TestStopTakesTheTimeOfTheBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, id := running(t, fake.Behaviour{IgnoresStop: true})
		begun := time.Now()
		if err := engine.Stop(t.Context(), id, 30*time.Second); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 30*time.Second {
			t.Errorf("stopped after %v", took)
		}
	})
}

func TestCallsCanFailAndAreKept(t *testing.T) {
	engine, id := running(t, fake.Behaviour{})
	broken := docker.Unreachable("unix:///engine.sock")
	engine.OnCall = func(method, subject string) error {
		if method == "Rename" && subject == id {
			return broken
		}
		return nil
	}
	if err := engine.Rename(t.Context(), id, "x"); !errors.Is(err, docker.ErrUnreachable) {
		t.Errorf("error is %v", err)
	}
	want := []string{"Create blog.web.1", "Start " + id, "Rename " + id}
	if got := engine.Calls(); !slices.Equal(got, want) {
		t.Errorf("calls are %q, want %q", got, want)
	}
	if name, _ := engine.Args(id).Option("name"); name != "blog.web.1" {
		t.Errorf("name is %q", name)
	}
}

func TestCreatePullsWhatIsPublished(t *testing.T) {
	engine := fake.New()
	engine.Publish(docker.Image{Tags: []string{"blog:1"}, Cmd: []string{"serve"}})
	if _, err := engine.Create(t.Context(), []string{"blog:1"}); err != nil {
		t.Error(err)
	}
	if _, err := engine.Create(t.Context(), []string{"blog:2"}); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}

func TestStartErrorLeavesTheContainerCreated(t *testing.T) {
	engine := fake.New()
	engine.AddImage(docker.Image{Tags: []string{"blog"}, Cmd: []string{"serve"}})
	engine.Behaviour = func(docker.Container) fake.Behaviour { return fake.Behaviour{StartError: "no such file: serve"} }
	id, err := engine.Create(context.Background(), []string{"blog"})
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Start(t.Context(), id)
	if err == nil || err.Error() != "cannot start container "+id+": no such file: serve" {
		t.Errorf("error is %v", err)
	}
	if c := inspect(t, engine, id); c.State != "created" || c.ExitCode != 127 || c.Error == "" {
		t.Errorf("container is %+v", c)
	}
}
