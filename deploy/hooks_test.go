package deploy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// firstWeb is the one container of blog.
func (w *world) firstWeb() docker.Container {
	w.t.Helper()
	c, err := w.engine.Inspect(w.t.Context(), "blog.web.1")
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// Plugins look for the image under way as dokku/APP:latest, and put another one there.
func TestAPluginChangesTheImageUnderWay(t *testing.T) {
	w := newWorld(t, nil)
	var seen []string
	layer := func(mark string) func(context.Context, *trigger.Call) error {
		return func(ctx context.Context, c *trigger.Call) error {
			image, err := w.engine.ImageInspect(ctx, "dokku/blog:latest")
			if err != nil {
				return err
			}
			seen = append(seen, c.Name+" "+strings.Join(image.Env, " "))
			w.engine.AddImage(docker.Image{Tags: []string{"dokku/blog:latest"}, Env: append(slices.Clone(image.Env), mark), Cmd: []string{"serve"}})
			return nil
		}
	}
	w.triggers = plugin.Triggers{"post-build": layer("BUILT=1"), "pre-release-dockerfile": layer("OLD=1"), "pre-release-builder": layer("NEW=1")}
	w.open()
	w.create("blog")
	w.must("checks:skip", "blog")
	w.mustDeploy("blog", map[string]string{"Procfile": "web: serve\n"})
	want := []string{"post-build BUILD=1", "pre-release-dockerfile BUILD=1 BUILT=1", "pre-release-builder BUILD=1 BUILT=1 OLD=1"}
	if !slices.Equal(seen, want) {
		t.Errorf("plugins saw %q", seen)
	}
	if env := w.firstWeb().Env; !slices.Contains(env, "NEW=1") || !slices.Contains(env, "BUILT=1") {
		t.Errorf("the app runs with %q", env)
	}
}

// What a deploy that fails was about to run must not become what `run` uses.
func TestAFailedDeployLeavesLatestAlone(t *testing.T) {
	w := newWorld(t, nil)
	fail := false
	w.triggers = plugin.Triggers{"post-build": func(context.Context, *trigger.Call) error {
		if fail {
			return command.Fail("no")
		}
		return nil
	}}
	w.open()
	w.create("blog")
	w.must("checks:skip", "blog")
	w.mustDeploy("blog", map[string]string{"Procfile": "web: serve\n"})
	before, err := w.engine.ImageInspect(t.Context(), "dokku/blog:latest")
	if err != nil {
		t.Fatal(err)
	}
	fail = true
	if _, err := w.deploy("blog", nil); err == nil {
		t.Fatal("it was deployed")
	}
	if after, err := w.engine.ImageInspect(t.Context(), "dokku/blog:latest"); err != nil || after.ID != before.ID {
		t.Errorf("latest is %s, %v; want %s", after.ID, err, before.ID)
	}
}

func TestABuilderOfAPlugin(t *testing.T) {
	w := newWorld(t, nil)
	var fired []string
	note := func(ctx context.Context, c *trigger.Call) error {
		fired = append(fired, c.Name+" "+c.Arg(0)+" "+c.Arg(1))
		if c.Name == "builder-build" && c.Arg(0) == "mine" {
			w.engine.AddImage(docker.Image{Tags: []string{"dokku/blog:latest"}, Env: []string{"MINE=1"}, Cmd: []string{"serve"}})
		}
		return nil
	}
	w.triggers = plugin.Triggers{"builder-build": note, "builder-release": note, "pre-build": note, "post-build": note}
	w.open()
	w.create("blog")
	w.must("checks:skip", "blog")
	w.must("builder:set", "blog", "selected", "mine")
	w.mustDeploy("blog", map[string]string{"Procfile": "web: serve\n"})
	if want := []string{"builder-build mine blog", "builder-release mine blog"}; !slices.Equal(fired, want) {
		t.Errorf("fired %q", fired)
	}
	if c := w.firstWeb(); !slices.Contains(c.Env, "MINE=1") {
		t.Errorf("the app runs with %q", c.Env)
	}
	if v, err := w.host.Store.Get(state.Property{Plugin: "builder", Name: "detected"}, "blog"); v != "mine" || err != nil {
		t.Errorf("detected is %q, %v", v, err)
	}
	w.create("other")
	w.must("builder:set", "other", "selected", "nobody")
	if out, err := w.deploy("other", nil); err == nil || !strings.Contains(fmt.Sprint(err), "App image (dokku/other:latest) not found") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestThereIsNoSuchBuilder(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("builder:set", "blog", "selected", "bogus")
	if _, err := w.deploy("blog", nil); err == nil || !strings.Contains(err.Error(), "There is no builder bogus\nChoose one of dockerfile: dokku builder:set blog selected") {
		t.Error(err)
	}
}
