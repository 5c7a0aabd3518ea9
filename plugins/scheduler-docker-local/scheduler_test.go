package schedulerdockerlocal

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/schedule/scheduletest"
	"github.com/slipwayhq/slipway/state"
)

func subject(t *testing.T, engine docker.Engine, image string) scheduletest.Subject {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "root"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		t.Fatal(err)
	}
	app := strings.ToLower(dockertest.Name(t))
	names := docker.Names{Instance: "schedtest"}
	if err := store.MkdirAll(store.AppDir(app), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		all, err := engine.List(context.Background(), docker.Filter{All: true, Labels: names.Owned(app)})
		if err != nil {
			t.Error(err)
		}
		for _, c := range all {
			engine.Remove(context.Background(), c.ID)
		}
	})
	return scheduletest.Subject{
		Scheduler: New(engine, names, store), App: app, Image: image, Command: []string{"sleep", "1000"},
		Env: func(id string) map[string]string {
			c, err := engine.Inspect(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			env := map[string]string{}
			for _, e := range c.Env {
				k, v, _ := strings.Cut(e, "=")
				env[k] = v
			}
			return env
		},
	}
}

func TestConformanceOnTheFakeEngine(t *testing.T) {
	scheduletest.Run(t, func(t *testing.T) scheduletest.Subject {
		engine := fake.New()
		engine.AddImage(docker.Image{Tags: []string{"box:1"}})
		return subject(t, engine, "box:1")
	})
}

func TestConformanceOnARealEngine(t *testing.T) {
	engine := dockertest.Connect(t)
	image := dockertest.BusyBox(t, engine)
	scheduletest.Run(t, func(t *testing.T) scheduletest.Subject { return subject(t, engine, image) })
}

func TestContainersAreNamedAndLabelledAsDokkus(t *testing.T) {
	engine := fake.New()
	engine.AddImage(docker.Image{Tags: []string{"box:1"}})
	s := subject(t, engine, "box:1")
	ctx := context.Background()
	spec := schedule.Spec{App: s.App, Process: "web", Index: 1, Deploy: "d1", Image: "box:1", Command: []string{"serve"}, Restart: "on-failure:10", Init: true}
	i, err := s.Scheduler.Start(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Join(s.Scheduler.(*Scheduler).createArgs(spec), " ")
	for _, want := range []string{
		"--name=schedtest-" + s.App + ".web.1.upcoming-d1", "--init", "--label=com.slipway.restart=on-failure:10", "--label=dokku=", "--label=com.dokku.app-name=" + s.App,
		"--label=com.dokku.container-type=deploy", "--label=com.dokku.process-type=web", "--label=com.dokku.dyno=web.1",
		"--label=org.label-schema.vendor=dokku", "--label=com.slipway.instance=schedtest",
	} {
		if !strings.Contains(args, want) {
			t.Errorf("missing %s in %s", want, args)
		}
	}
	if c, err := engine.Inspect(ctx, i.ID); err != nil || c.RestartPolicy != "no" {
		t.Errorf("an upcoming container has the restart policy %q (%v)", c.RestartPolicy, err)
	}
	if err := s.Scheduler.Promote(ctx, s.App, []schedule.Instance{i}, nil); err != nil {
		t.Fatal(err)
	}
	if c, err := engine.Inspect(ctx, i.ID); err != nil || c.RestartPolicy != "on-failure:10" {
		t.Errorf("a live container has the restart policy %q (%v)", c.RestartPolicy, err)
	}
	defer func() { // scaled away: its files go at once, though it still drains
		i.State = schedule.Live
		if err := s.Scheduler.Promote(ctx, s.App, nil, []schedule.Instance{i}); err != nil {
			t.Error(err)
		}
		store := s.Scheduler.(*Scheduler).store
		for _, file := range []string{"CONTAINER.web.1", "IP.web.1", "PORT.web.1"} {
			if text, err := store.ReadFile(store.RootPath(s.App, file)); err != nil || text != "" {
				t.Errorf("%s is %q (%v)", file, text, err)
			}
		}
	}()
	store := s.Scheduler.(*Scheduler).store
	for file, want := range map[string]string{"CONTAINER.web.1": i.ID, "IP.web.1": i.IP} {
		if got, err := store.ReadFile(store.RootPath(s.App, file)); err != nil || strings.TrimSpace(got) != want {
			t.Errorf("%s: %q %v, want %q", file, got, err, want)
		}
	}
}
