package deploy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugins/appjson"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/plugins/builder"
	"github.com/slipwayhq/slipway/plugins/builds"
	"github.com/slipwayhq/slipway/plugins/certs"
	"github.com/slipwayhq/slipway/plugins/checks"
	"github.com/slipwayhq/slipway/plugins/config"
	"github.com/slipwayhq/slipway/plugins/domains"
	"github.com/slipwayhq/slipway/plugins/git"
	"github.com/slipwayhq/slipway/plugins/logs"
	"github.com/slipwayhq/slipway/plugins/ports"
	proxyplugin "github.com/slipwayhq/slipway/plugins/proxy"
	"github.com/slipwayhq/slipway/plugins/ps"
	"github.com/slipwayhq/slipway/plugins/releases"
	"github.com/slipwayhq/slipway/plugins/scheduler"
	schedulerdockerlocal "github.com/slipwayhq/slipway/plugins/scheduler-docker-local"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// table is a proxy.Provider that remembers what it was told.
type table struct {
	mu     sync.Mutex
	routes map[string]proxy.Routes
	fail   error

	applying func()                   // is called by Apply; may be nil
	draining func(upstreams []string) // is called by Drain; may be nil
}

func (t *table) Apply(_ context.Context, r proxy.Routes) error {
	if t.applying != nil {
		t.applying()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fail != nil {
		return t.fail
	}
	t.routes[r.App] = r
	return nil
}

func (t *table) Remove(_ context.Context, app string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.routes, app)
	return nil
}

func (t *table) Drain(_ context.Context, _ string, upstreams []string, _ time.Duration) error {
	if t.draining != nil {
		t.draining(upstreams)
	}
	return nil
}

func (t *table) of(app string) proxy.Routes {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.routes[app]
}

// imageBuilder "builds" by adding an image to the fake engine.
type imageBuilder struct {
	engine *fake.Engine
	n      int
	err    error
}

func (b *imageBuilder) Name() string                                         { return "dockerfile" }
func (b *imageBuilder) Detect(context.Context, string, string) (bool, error) { return true, nil }
func (b *imageBuilder) Build(_ context.Context, req build.Request, _ *command.Output) error {
	if b.err != nil {
		return b.err
	}
	b.n++
	b.engine.AddImage(docker.Image{Tags: []string{req.Image}, Labels: req.Labels, Env: []string{fmt.Sprintf("BUILD=%d", b.n)}})
	return nil
}

// world is a flow over a fake engine.
type world struct {
	t       *testing.T
	engine  *fake.Engine
	host    *plugin.Host
	flow    *deploy.Flow
	proxy   *table
	builder *imageBuilder
	run     func(argv ...string) (string, int)

	triggers plugin.Triggers // of the test itself; open registers them
	external trigger.External
}

// newWorld makes a world without apps. behaviour is what the engine's containers do; nil: they run.
func newWorld(t *testing.T, behaviour func(docker.Container) fake.Behaviour) *world {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "root"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, engine: fake.New(), proxy: &table{routes: map[string]proxy.Routes{}}}
	w.engine.Behaviour = behaviour
	w.builder = &imageBuilder{engine: w.engine}
	w.host = &plugin.Host{
		Store: store, Docker: w.engine, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		Exec: plugin.Exec{Env: append(os.Environ(), "DOKKU_ROOT="+store.Root())},
	}
	w.host.Bus = trigger.NewBus(nil)
	w.open()
	return w
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) { return len(p), nil }

// open makes flow and plugins anew, as a restart of the control plane does.
func (w *world) open() {
	h := w.host
	h.Bus = trigger.NewBus(w.external)
	records := record.NewBook(h.Store)
	w.flow = deploy.New(deploy.Config{
		Host: h, Builders: []build.Builder{w.builder}, Proxy: w.proxy, Records: records,
		Schedulers: []schedule.Scheduler{schedulerdockerlocal.New(h.Docker, h.Names, h.Store)},
	})
	fresh := *h
	*h = plugin.Host{Store: fresh.Store, Bus: fresh.Bus, Docker: fresh.Docker, Log: fresh.Log, Exec: fresh.Exec}
	all := []plugin.Plugin{
		appjson.Plugin(h), apps.Plugin(h), builder.Plugin(h), builds.Plugin(h, records), certs.Plugin(h), checks.Plugin(h), config.Plugin(h), domains.Plugin(h),
		git.Plugin(h, w.flow), logs.Plugin(h), ports.Plugin(h), proxyplugin.Plugin(h), ps.Plugin(h, w.flow), releases.Plugin(h, w.flow),
		scheduler.Plugin(h), schedulerdockerlocal.Plugin(h, w.flow),
		{Name: "builder-test", Triggers: plugin.Triggers{"builder-detect": func(_ context.Context, c *trigger.Call) error {
			_, err := fmt.Fprintln(c.Out, "dockerfile")
			return err
		}}},
		{Name: "zz-test", Triggers: w.triggers},
	}
	if err := h.Register(all...); err != nil {
		w.t.Fatal(err)
	}
	var commands []*command.Command
	for _, p := range all {
		commands = append(commands, p.Commands...)
	}
	commandTable, err := command.NewTable(nil, commands)
	if err != nil {
		w.t.Fatal(err)
	}
	commandTable.AppExists = h.Store.AppExists
	w.run = func(argv ...string) (string, int) {
		var out bytes.Buffer
		c := &command.Call{Actor: command.Actor{User: "root", Root: true}, In: strings.NewReader(""), Out: command.NewOutput(&out, &out)}
		commandTable.Prepare = func(ctx context.Context, c *command.Call) context.Context {
			return trigger.WithStreams(ctx, c.In, c.Out.Stdout(), c.Out.Stderr())
		}
		code := commandTable.Run(context.Background(), c, argv)
		return out.String(), code
	}
	w.t.Cleanup(w.flow.Close)
}

func (w *world) must(argv ...string) string {
	w.t.Helper()
	out, code := w.run(argv...)
	if code != 0 {
		w.t.Fatalf("dokku %s: exit code %d\n%s", strings.Join(argv, " "), code, out)
	}
	return out
}

// create makes an app whose instances are not checked by a connection.
func (w *world) create(app string) {
	w.t.Helper()
	w.must("domains:set-global", "test")
	w.must("apps:create", app)
	w.must("checks:skip", app)
}

func (w *world) deploy(app string, files map[string]string) (string, error) {
	w.t.Helper()
	var out bytes.Buffer
	err := w.flow.Deploy(context.Background(), command.NewOutput(&out, &out), deploy.Request{
		App: app, Actor: "ann", Source: "git-push", Metadata: "abc", Rev: "abcdef0123456789",
		Tree: func(_ context.Context, dir string) error {
			for name, text := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return out.String(), err
}

func (w *world) mustDeploy(app string, files map[string]string) {
	w.t.Helper()
	if out, err := w.deploy(app, files); err != nil {
		w.t.Fatalf("deploy of %s: %v\n%s", app, err, out)
	}
}

func (w *world) containers(app string) []docker.Container {
	w.t.Helper()
	all, err := w.engine.List(context.Background(), docker.Filter{All: true, Labels: map[string]string{docker.LabelApp: app}})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// running lists the names of the app's running containers.
func (w *world) running(app string) []string {
	w.t.Helper()
	names := []string{}
	for _, c := range w.containers(app) {
		if c.Running() {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

var procfile = map[string]string{"Procfile": "web: serve\nworker: work\n"}

func TestDeployStartsRoutesAndKeepsARelease(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	if got := w.running("blog"); !slices.Equal(got, []string{"blog.web.1"}) {
		t.Errorf("running: %v", got)
	}
	r := w.proxy.of("blog")
	if !slices.Equal(r.Hosts, []string{"blog.test"}) || len(r.Listeners) != 1 || len(r.Listeners[0].Upstreams) != 1 || r.Stopped {
		t.Errorf("routes: %+v", r)
	}
	rel, ok, err := w.flow.Releases().Current("blog")
	if err != nil || !ok || rel.Number != 1 || rel.Actor != "ann" || rel.Procfile == "" || rel.Rev != "abcdef0123456789" {
		t.Errorf("release: %+v %v %v", rel, ok, err)
	}
	if env := rel.Env["GIT_REV"]; env != "abcdef0123456789" {
		t.Errorf("GIT_REV: %q", env)
	}
	if got := w.must("ps:scale", "blog"); !strings.Contains(got, "web:  1") || !strings.Contains(got, "worker: 0") {
		t.Errorf("scale: %s", got)
	}
}

func TestSkippedDeployKeepsTheReleaseForLater(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("ps:set", "blog", "skip-deploy", "true")
	out, err := w.deploy("blog", procfile)
	if err != nil || !strings.Contains(out, "-----> Skipping deployment\n") || strings.Contains(out, "Application deployed") {
		t.Fatalf("%v\n%s", err, out)
	}
	w.must("ps:restore", "blog")
	if got := w.running("blog"); len(got) != 0 {
		t.Errorf("running: %v", got)
	}
	w.must("ps:set", "blog", "skip-deploy", "false")
	w.mustDeploy("blog", procfile)
	first := w.containers("blog")[0].ID

	w.must("ps:set", "blog", "skip-deploy", "true")
	w.mustDeploy("blog", procfile)
	if all := w.containers("blog"); len(all) != 1 || all[0].ID != first || !all[0].Running() {
		t.Errorf("what ran does not go on: %+v", all)
	}
	if rel, _, err := w.flow.Releases().Current("blog"); err != nil || rel.Number != 3 {
		t.Errorf("release %d, %v", rel.Number, err)
	}
	w.must("ps:restart", "blog")
	dockertest.Eventually(t, "the release is live", func() bool {
		all := w.containers("blog")
		return len(all) == 1 && all[0].ID != first
	})
}

func TestSecondDeployReplacesAndRetires(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	first := w.containers("blog")[0].ID
	w.mustDeploy("blog", procfile)
	dockertest.Eventually(t, "the old container is removed", func() bool {
		all := w.containers("blog")
		return len(all) == 1 && all[0].ID != first && all[0].Name == "blog.web.1"
	})
}

func TestFailedCheckLeavesTheOldUntouched(t *testing.T) {
	dies := false
	w := newWorld(t, func(docker.Container) fake.Behaviour {
		return fake.Behaviour{Exits: dies, ExitCode: 1, Stdout: "no database\n"}
	})
	w.create("blog")
	w.mustDeploy("blog", procfile)
	before := w.proxy.of("blog").Listeners[0].Upstreams
	w.must("checks:enable", "blog")
	w.must("ps:set", "blog", "restart-policy", "no")
	dies = true
	out, err := w.deploy("blog", procfile)
	if err == nil {
		t.Fatal("the deploy succeeded")
	}
	if !strings.Contains(out, "no database") {
		t.Errorf("the output of the failed instance is not shown:\n%s", out)
	}
	if got := w.running("blog"); !slices.Equal(got, []string{"blog.web.1"}) {
		t.Errorf("running: %v", got)
	}
	if after := w.proxy.of("blog").Listeners[0].Upstreams; !slices.Equal(before, after) {
		t.Errorf("routes changed from %v to %v", before, after)
	}
	if ns, _ := w.flow.Releases().Numbers("blog"); len(ns) != 1 {
		t.Errorf("releases: %v", ns)
	}
}

func TestFailedBuildLeavesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.builder.err = command.Fail("the build failed")
	if _, err := w.deploy("blog", procfile); err == nil || err.Error() != "the build failed" {
		t.Fatalf("error: %v", err)
	}
	if all := w.containers("blog"); len(all) != 0 {
		t.Errorf("containers: %v", all)
	}
	if _, err := w.host.Store.ReadLines(w.host.Store.LibPath("data", "deploys", "blog.json")); err != nil {
		t.Error(err)
	}
	if w.host.Store.AppDeploying("blog") {
		t.Error("the app is still locked")
	}
}

func TestRefusedRoutesDiscardTheNewContainers(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	old := w.containers("blog")[0].ID
	w.proxy.fail = errors.New("the port is taken")
	if _, err := w.deploy("blog", procfile); err == nil || !strings.Contains(err.Error(), "the port is taken") {
		t.Fatalf("error: %v", err)
	}
	for _, c := range w.containers("blog") {
		if c.Running() != (c.ID == old) {
			t.Errorf("%s runs: %v", c.Name, c.Running())
		}
	}
}

func TestInvalidProcfileFailsWithItsLine(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	_, err := w.deploy("blog", map[string]string{"Procfile": "web: serve\nthis is no process\n"})
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error: %v", err)
	}
}

func TestScaleTouchesOnlyTheDifference(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	first := w.containers("blog")[0].ID
	w.must("ps:scale", "blog", "web=3", "worker=1")
	if got := w.running("blog"); !slices.Equal(got, []string{"blog.web.1", "blog.web.2", "blog.web.3", "blog.worker.1"}) {
		t.Errorf("running: %v", got)
	}
	if n := len(w.proxy.of("blog").Listeners[0].Upstreams); n != 3 {
		t.Errorf("%d upstreams", n)
	}
	w.must("ps:scale", "blog", "web=1")
	dockertest.Eventually(t, "surplus instances are gone", func() bool {
		return slices.Equal(w.running("blog"), []string{"blog.web.1", "blog.worker.1"})
	})
	if !slices.ContainsFunc(w.containers("blog"), func(c docker.Container) bool { return c.ID == first && c.Running() }) {
		t.Error("the first instance was replaced")
	}
}

func TestScaleThatFailsIsTakenBack(t *testing.T) {
	dies := false
	w := newWorld(t, func(docker.Container) fake.Behaviour { return fake.Behaviour{Exits: dies, ExitCode: 1} })
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.must("checks:enable", "blog")
	dies = true
	if out, code := w.run("ps:scale", "blog", "worker=1"); code == 0 {
		t.Fatalf("it succeeded:\n%s", out)
	}
	if got := w.must("ps:scale", "blog"); !strings.Contains(got, "worker: 0") {
		t.Errorf("scale: %s", got)
	}
}

func TestFormationRulesTheScale(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", map[string]string{"Procfile": procfile["Procfile"], "app.json": `{"formation":{"web":{"quantity":2},"worker":{"quantity":1}}}`})
	if got := w.running("blog"); len(got) != 3 {
		t.Errorf("running: %v", got)
	}
	out, code := w.run("ps:scale", "blog", "web=1")
	if code == 0 || !strings.Contains(out, "formations key") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestConfigSetMakesARelease(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.must("config:set", "blog", "GREETING=hi there")
	rel, _, _ := w.flow.Releases().Current("blog")
	if rel.Number != 2 || rel.Env["GREETING"] != "hi there" || !strings.Contains(rel.Description, "GREETING") {
		t.Errorf("release: %+v", rel)
	}
	w.must("ps:restart", "blog")
	if rel, _, _ := w.flow.Releases().Current("blog"); rel.Number != 2 {
		t.Errorf("a restart made release %d", rel.Number)
	}
}

// Dokku: config:set fires release-and-deploy, which runs predeploy and release
// tasks again.
func TestConfigSetRunsReleaseTasks(t *testing.T) {
	w := newWorld(t, func(c docker.Container) fake.Behaviour {
		return fake.Behaviour{Exits: strings.Contains(c.Name, "predeploy") || strings.Contains(c.Name, "release")}
	})
	w.create("blog")
	w.mustDeploy("blog", map[string]string{
		"Procfile": "web: run\nrelease: migrate\n", "app.json": `{"scripts":{"dokku":{"predeploy":"collect"}}}`,
	})
	for n, argv := range [][]string{{"config:set", "blog", "A=1"}, {"config:set", "blog", "A=1"}, {"config:unset", "blog", "A"}} {
		out, at := w.must(argv...), 0
		for _, want := range []string{
			"-----> Restarting app blog", "-----> Releasing blog...", "Executing predeploy task from app.json: collect",
			"Executing release task from Procfile in ephemeral container: migrate", "=====> Application deployed:",
		} {
			i := strings.Index(out[at:], want)
			if i < 0 {
				t.Fatalf("%v: no %q in its place:\n%s", argv, want, out)
			}
			at += i
		}
		if rel, _, _ := w.flow.Releases().Current("blog"); rel.Number != n+2 {
			t.Errorf("%v: release %d", argv, rel.Number)
		}
	}
	if err := w.host.Bus.Event(t.Context(), "release-and-deploy", "blog", "nothere"); err == nil {
		t.Error("an image that is not there was released")
	}
	w.create("new")
	if err := w.host.Bus.Event(t.Context(), "release-and-deploy", "new"); err != nil {
		t.Errorf("an app without an image: %v", err)
	}
}

func TestRollbackRestoresImageAndConfig(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	one, _, _ := w.flow.Releases().Current("blog")
	w.must("config:set", "--no-restart", "blog", "MODE=new")
	w.mustDeploy("blog", procfile)
	w.must("releases:rollback", "blog", "v1")
	now, _, _ := w.flow.Releases().Current("blog")
	if now.Number != 3 || now.ImageID != one.ImageID || now.Metadata != "1" {
		t.Errorf("release: %+v", now)
	}
	env, _ := w.host.Store.Env("blog")
	if _, still := env["MODE"]; still {
		t.Error("config of the later release is still set")
	}
	if out, code := w.run("releases:rollback", "blog", "99"); code == 0 || !strings.Contains(out, "keeps no release v99") {
		t.Errorf("rollback to nothing: %d %s", code, out)
	}
}

func TestRetentionForgetsOldReleasesAndTheirImages(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("releases:set", "blog", "retention", "2")
	for range 4 {
		w.mustDeploy("blog", procfile)
	}
	ns, _ := w.flow.Releases().Numbers("blog")
	if !slices.Equal(ns, []int{3, 4}) {
		t.Errorf("releases: %v", ns)
	}
	images, _ := w.engine.ImageList(context.Background(), nil)
	var tags []string
	for _, i := range images {
		tags = append(tags, i.Tags...)
	}
	if slices.Contains(tags, "dokku/blog:release-1") || !slices.Contains(tags, "dokku/blog:release-3") || !slices.Contains(tags, "dokku/blog:latest") {
		t.Errorf("tags: %v", tags)
	}
}

func TestStoppedAppStaysStopped(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.must("ps:stop", "blog")
	if got := w.running("blog"); len(got) != 0 {
		t.Errorf("running: %v", got)
	}
	if r := w.proxy.of("blog"); !r.Stopped {
		t.Errorf("routes: %+v", r)
	}
	w.must("config:set", "blog", "A=1")
	w.must("ps:restore", "blog")
	if got := w.running("blog"); len(got) != 0 {
		t.Errorf("running after config:set and ps:restore: %v", got)
	}
	w.must("ps:start", "blog")
	if got := w.running("blog"); len(got) != 1 {
		t.Errorf("running after ps:start: %v", got)
	}
	if rel, _, _ := w.flow.Releases().Current("blog"); rel.Env["A"] != "1" {
		t.Errorf("release: %+v", rel)
	}
}

func TestLockedAppRefusesDeploys(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("apps:lock", "blog")
	_, err := w.deploy("blog", procfile)
	if !errors.Is(err, state.ErrLocked) || !strings.Contains(err.Error(), "blog currently has a deploy lock in place. Exiting...") {
		t.Errorf("error: %v", err)
	}
	w.must("apps:unlock", "blog")
	w.mustDeploy("blog", procfile)

	// What is not a deploy goes on.
	w.must("apps:lock", "blog")
	w.must("ps:restart", "blog")
	w.must("ps:stop", "blog")
	w.must("ps:start", "blog")
	w.must("ps:restore", "blog")
	if out, code := w.run("apps:locked", "blog"); code != 0 {
		t.Errorf("the lock is gone: %s", out)
	}
}

// A ps:stop that was cut off is finished by the next look at the app.
func TestStopThatWasCutOffIsFinished(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	if err := w.host.Store.Set(w.host.Property("ps", "restore"), "blog", "false"); err != nil {
		t.Fatal(err)
	}
	w.must("ps:restore", "blog")
	if got := w.running("blog"); len(got) != 0 {
		t.Errorf("running: %v", got)
	}
}

func TestDestroyLeavesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.must("--force", "apps:destroy", "blog")
	if all := w.containers("blog"); len(all) != 0 {
		t.Errorf("containers: %v", all)
	}
	if tags := w.tags(); len(tags) > 0 {
		t.Errorf("images: %q", tags)
	}
	if _, ok := w.proxy.routes["blog"]; ok {
		t.Error("it is still routed")
	}
	if w.host.Store.AppExists("blog") {
		t.Error("the app is still there")
	}
}

// The engine tells of a container that ended while others of the app still
// run: that routed a destroyed app again, to addresses that were gone.
func TestDestroyedAppIsNotRoutedAgain(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	if err := w.flow.Destroy(ctx, "blog"); err != nil {
		t.Fatal(err)
	}
	if err := w.flow.BuildProxyConfig(ctx, "blog"); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.proxy.routes["blog"]; ok {
		t.Error("it is routed again")
	}
	w.must("--force", "apps:destroy", "blog")
	w.create("blog")
	if err := w.flow.BuildProxyConfig(ctx, "blog"); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.proxy.routes["blog"]; !ok {
		t.Error("a new app of the same name is not routed")
	}
}

// A deploy that fails used to leave the scale that its app.json asks for, and
// a restart of the control plane then scaled the old release.
func TestFormationOfAFailedDeployIsTakenBack(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	before := w.must("ps:scale", "blog")
	w.proxy.fail = errors.New("no route")
	if _, err := w.deploy("blog", map[string]string{"app.json": `{"formation":{"web":{"quantity":3}}}`}); err == nil {
		t.Fatal("the deploy did not fail")
	}
	w.proxy.fail = nil
	if after := w.must("ps:scale", "blog"); after != before {
		t.Errorf("the scale after a failed deploy:\n%s\nbefore:\n%s", after, before)
	}
	w.must("ps:scale", "blog", "web=1")
}
