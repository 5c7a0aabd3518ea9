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
	"github.com/slipwayhq/slipway/trigger"
)

// away is a scheduler of an external plugin. It notes what it is told, with what it finds at that moment.
type away struct {
	w      *world
	told   []string
	status string // its answer to scheduler-app-status
	fail   bool
}

func (a *away) plugin(name string) installed {
	note := func(ctx context.Context, c *trigger.Call) error {
		if c.Arg(0) != "orbit" {
			return nil
		}
		line := c.Name + " " + strings.Join(c.Args, ",")
		if c.Name == "scheduler-post-delete" { // by which it knows what to remove
			if _, err := a.w.engine.ImageInspect(ctx, "dokku/"+c.Arg(1)+":latest"); err != nil {
				return err
			}
		}
		if c.Name == "scheduler-deploy" {
			image, err := a.w.engine.ImageInspect(ctx, "dokku/"+c.Arg(1)+":latest")
			if err != nil {
				return err
			}
			command, err := a.w.host.Bus.Query(ctx, "procfile-get-command", c.Arg(1), "web", "5000")
			if err != nil {
				return err
			}
			scale, err := a.w.host.Bus.Query(ctx, "ps-current-scale", c.Arg(1))
			if err != nil {
				return err
			}
			line += " " + image.Env[0] + " " + command + " " + strings.ReplaceAll(scale, "\n", " ")
		}
		a.told = append(a.told, line)
		if a.fail {
			return command.Exit{Code: 3}
		}
		return nil
	}
	triggers := plugin.Triggers{"scheduler-app-status": func(_ context.Context, c *trigger.Call) error {
		if c.Arg(0) == "orbit" {
			fmt.Fprintln(c.Out, a.status)
		}
		return nil
	}}
	for _, name := range []string{"scheduler-deploy", "scheduler-stop", "scheduler-post-delete", "scheduler-retire", "scheduler-inspect", "scheduler-logs", "scheduler-is-deployed"} {
		triggers[name] = note
	}
	return installed{name, triggers}
}

// take is what it was told since the last time.
func (a *away) take() []string {
	told := a.told
	a.told = nil
	return told
}

func delegate(t *testing.T, name string) (*world, *away) {
	t.Helper()
	w := newWorld(t, nil)
	a := &away{w: w, status: "2 true"}
	w.external = a.plugin(name)
	w.open()
	w.create("blog")
	w.must("scheduler:set", "blog", "selected", "orbit")
	return w, a
}

func (a *away) mustHaveBeenTold(t *testing.T, want ...string) {
	t.Helper()
	if got := a.take(); !slices.Equal(got, want) {
		t.Errorf("told %q\nwant %q", got, want)
	}
}

func TestASchedulerOfAPluginDeploys(t *testing.T) {
	w, a := delegate(t, "scheduler-orbit")
	var fired []string
	w.triggers = plugin.Triggers{}
	for _, name := range []string{"slipway-pre-deploy", "core-post-deploy", "post-deploy"} {
		w.triggers[name] = func(_ context.Context, c *trigger.Call) error {
			fired = append(fired, c.Name)
			return nil
		}
	}
	w.open()
	w.must("ps:scale", "blog", "worker=2")
	out, err := w.deploy("blog", procfile)
	if err != nil {
		t.Fatal(err, out)
	}
	a.mustHaveBeenTold(t, "scheduler-deploy orbit,blog,latest, BUILD=1 serve web=1 worker=2")
	if !strings.Contains(out, "-----> Deploying blog via the orbit scheduler...\n") || !strings.Contains(out, "=====> Application deployed:\n       http://blog.test\n") {
		t.Error(out)
	}
	if !slices.Equal(fired, []string{"slipway-pre-deploy"}) { // the others are the scheduler's to fire
		t.Errorf("fired %q", fired)
	}
	if all := w.containers("blog"); len(all) > 0 {
		t.Errorf("containers of ours: %+v", all)
	}
	w.mustDeploy("blog", map[string]string{"Procfile": "web: again\nworker: work\n"})
	a.mustHaveBeenTold(t, "scheduler-deploy orbit,blog,latest, BUILD=2 again web=1 worker=2")
	w.must("ps:restart", "blog", "worker")
	a.mustHaveBeenTold(t, "scheduler-deploy orbit,blog,latest,worker BUILD=2 again web=1 worker=2")
	w.must("releases:rollback", "blog")
	a.mustHaveBeenTold(t, "scheduler-deploy orbit,blog,latest, BUILD=1 serve web=1 worker=2")
	w.must("ps:scale", "blog", "worker=3")
	a.mustHaveBeenTold(t, "scheduler-deploy orbit,blog,latest,worker BUILD=1 serve web=1 worker=3")
	w.must("config:set", "blog", "A=b")
	if got := a.take(); len(got) != 1 || !strings.HasPrefix(got[0], "scheduler-deploy orbit,blog,latest, ") {
		t.Errorf("told %q", got)
	}
}

func TestASchedulerOfAPluginIsAskedAndTold(t *testing.T) {
	w, a := delegate(t, "scheduler-orbit")
	w.mustDeploy("blog", procfile)
	a.take()
	if out := w.must("ps:report", "blog", "--running"); out != "true\n" {
		t.Error(out)
	}
	if out := w.must("ps:report", "blog", "--processes"); out != "2\n" {
		t.Error(out)
	}
	if out := w.must("ps:start", "blog"); !strings.Contains(out, "already running") {
		t.Error(out)
	}
	a.mustHaveBeenTold(t)
	w.must("logs", "blog", "-n", "5")
	w.must("ps:inspect", "blog")
	w.must("ps:stop", "blog")
	got := a.take()
	if want := []string{"scheduler-logs orbit,blog,,false,false,5", "scheduler-inspect orbit,blog", "scheduler-stop orbit,blog"}; !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
	a.status = "0 false"
	w.must("ps:start", "blog")
	if got := a.take(); len(got) != 1 || !strings.HasPrefix(got[0], "scheduler-deploy orbit,blog,latest,") {
		t.Errorf("told %q", got)
	}
	w.must("--force", "apps:destroy", "blog")
	var names []string
	for _, told := range a.take() {
		names = append(names, strings.Fields(told)[0])
	}
	if !slices.Contains(names, "scheduler-stop") || !slices.Contains(names, "scheduler-post-delete") || !slices.Contains(names, "scheduler-retire") {
		t.Errorf("told %q", names)
	}
}

func TestAPluginsSchedulerThatFailsLeavesTheReleaseBefore(t *testing.T) {
	w, a := delegate(t, "orbital-things") // of any name
	w.mustDeploy("blog", procfile)
	before, err := w.engine.ImageInspect(t.Context(), "dokku/blog:latest")
	if err != nil {
		t.Fatal(err)
	}
	a.fail = true
	if out, err := w.deploy("blog", map[string]string{"Procfile": "web: broken\n"}); err == nil || command.ExitCode(err) != 3 {
		t.Errorf("%v\n%s", err, out)
	}
	if after, err := w.engine.ImageInspect(t.Context(), "dokku/blog:latest"); err != nil || after.ID != before.ID {
		t.Errorf("latest is %s, %v; want %s", after.ID, err, before.ID)
	}
	if line, err := w.host.Bus.Query(t.Context(), "procfile-get-command", "blog", "web", "5000"); err != nil || line != "serve" {
		t.Errorf("the Procfile is that of the failed release: %q, %v", line, err)
	}
}

func TestAPluginTakesThePlaceOfACompiledScheduler(t *testing.T) {
	w, a := delegate(t, "scheduler-orbit")
	w.create("other")
	w.mustDeploy("other", procfile)
	if got := w.running("other"); !slices.Equal(got, []string{"other.web.1"}) || len(a.take()) > 0 {
		t.Errorf("docker-local: %q", got)
	}
	var told []string
	w.external = installed{"scheduler-docker-local", plugin.Triggers{"scheduler-deploy": func(_ context.Context, c *trigger.Call) error {
		told = append(told, strings.Join(c.Args, ","))
		return nil
	}}}
	w.open()
	w.create("third")
	w.mustDeploy("third", procfile)
	if got := w.running("third"); len(got) > 0 || !slices.Equal(told, []string{"docker-local,third,latest,"}) {
		t.Errorf("running %q, told %q", got, told)
	}
}

func TestASchedulerThatNobodyBringsFails(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("scheduler:set", "blog", "selected", "orbit")
	if _, err := w.deploy("blog", procfile); err == nil || !strings.Contains(err.Error(), "There is no scheduler orbit. Set one that is there: dokku scheduler:set blog selected docker-local") {
		t.Error(err)
	}
}

func TestAPluginTakesThePlaceOfACompiledBuilder(t *testing.T) {
	w := newWorld(t, nil)
	var fired []string
	note := func(_ context.Context, c *trigger.Call) error {
		fired = append(fired, c.Name+" "+c.Arg(0)+" "+c.Arg(1))
		if c.Name == "builder-build" {
			w.engine.AddImage(docker.Image{Tags: []string{"dokku/blog:latest"}, Cmd: []string{"serve"}})
		}
		return nil
	}
	w.external = installed{"builder-dockerfile", plugin.Triggers{"builder-build": note, "builder-release": note}}
	w.open()
	w.create("blog")
	w.mustDeploy("blog", procfile)
	if want := []string{"builder-build dockerfile blog", "builder-release dockerfile blog"}; !slices.Equal(fired, want) || w.builder.n != 0 {
		t.Errorf("fired %q, and ours built %d times", fired, w.builder.n)
	}
}

func TestABuilderOfAPluginThatFails(t *testing.T) {
	w := newWorld(t, nil)
	w.triggers = plugin.Triggers{"builder-build": func(context.Context, *trigger.Call) error { return command.Exit{Code: 2} }}
	w.open()
	w.create("blog")
	w.must("builder:set", "blog", "selected", "mine")
	if _, err := w.deploy("blog", procfile); err == nil || err.Error() != "App build failed" {
		t.Error(err)
	}
}
