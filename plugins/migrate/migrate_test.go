package migrate_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/internal/snapshot"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/migrate"
	"github.com/slipwayhq/slipway/plugins/migrate/dokkutree"
	"github.com/slipwayhq/slipway/proxy"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts a container as Dokku does.
func start(t *testing.T, engine *fake.Engine, app, dyno, image string) docker.Container {
	t.Helper()
	process, _, _ := strings.Cut(dyno, ".")
	ctx := context.Background()
	id, err := engine.Create(ctx, []string{
		"--name=" + app + "." + dyno, "--label=dokku", "--label=com.dokku.app-name=" + app, "--label=com.dokku.container-type=deploy",
		"--label=com.dokku.process-type=" + process, "--label=com.dokku.dyno=" + dyno, "--label=com.dokku.builder-type=dockerfile",
		"--label=com.dokku.image-stage=release", "--restart=on-failure:10", image,
	})
	must(t, err)
	must(t, engine.Start(ctx, id))
	c, err := engine.Inspect(ctx, id)
	must(t, err)
	return c
}

func TestEveryLayoutIsTakenOverAndGivenBack(t *testing.T) {
	for _, version := range dokkutree.Versions {
		t.Run(version, func(t *testing.T) {
			w := newWorld(t, version)
			before := w.scan(t)
			p := w.check(t)
			if !p.Ready || p.Done {
				t.Fatalf("check: %+v", p)
			}
			if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
				t.Fatalf("--check changed %v", diff)
			}
			w.ok(t, "migrate")
			w.isTaken(t)
			if r := w.ok(t, "migrate"); !strings.Contains(r.Stdout, "nothing to do") {
				t.Errorf("a second time: %s", r.Stdout)
			}
			if p := w.check(t); !p.Ready || !p.Done {
				t.Errorf("--check afterwards: %+v", p)
			}
			w.ok(t, "migrate", "--undo")
			if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
				t.Errorf("after the undo %d files differ, such as %+v", len(diff), diff[0])
			}
			w.untouched(t)
			if rel, ok, err := w.flow.Releases().Current("blog"); err != nil || ok {
				t.Errorf("after the undo blog has release %d (%v)", rel.Number, err)
			}
			if r := w.ok(t, "migrate", "--undo"); !strings.Contains(r.Stdout, "nothing to undo") {
				t.Errorf("a second undo: %s", r.Stdout)
			}
		})
	}
}

// isTaken checks everything that the tree of newWorld becomes.
func (w *world) isTaken(t *testing.T) {
	t.Helper()
	w.untouched(t)
	rel, ok, err := w.flow.Releases().Current("blog")
	if err != nil || !ok || rel.Number != 1 || rel.ImageID != w.image || rel.Builder != "dockerfile" {
		t.Errorf("release %+v %v", rel, err)
	}
	env, err := w.Host.Store.Env("blog")
	if err != nil || env["MOTTO"] != `it's "fine"` || env["GIT_REV"] == "" || len(env) != 2 {
		t.Errorf("config: %v %v", env, err)
	}
	if global, err := w.Host.Store.Env("--global"); err != nil || global["CURL_TIMEOUT"] != "600" {
		t.Errorf("global config: %v %v", global, err)
	}
	for want, got := range map[string]struct{ plugin, name string }{
		"45": {"checks", "wait-to-retire"}, "worker": {"checks", "skipped"}, "on-failure:20": {"ps", "restart-policy"},
	} {
		if v, err := w.Host.Computed(got.plugin, got.name, "blog"); err != nil || v != want {
			t.Errorf("%s of %s: %q %v, want %q", got.name, got.plugin, v, err, want)
		}
	}
	if r := w.Dokku("--quiet", "docker-options:list", "--phase", "deploy", "blog"); strings.Contains(r.Stdout, "restart") {
		t.Errorf("docker options: %+v", r)
	}
	if r := w.Dokku("--quiet", "storage:list", "blog"); !strings.Contains(r.Stdout, "/var/lib/dokku/data/storage/blog:/uploads") {
		t.Errorf("storage: %+v", r)
	}
	r := w.Dokku("ps:report", "blog")
	for _, want := range []string{"Running:                          true", "Status web 1:", "running (CID: " + w.containers["web.1"].ID[:11]} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("ps:report lacks %q:\n%s", want, r.Stdout)
		}
	}
	if routes := w.proxy.routes["blog"]; !slices.Contains(routes.Hosts, "blog.example.com") || len(routes.Listeners) == 0 ||
		!slices.Contains(routes.Listeners[0].Upstreams, w.containers["web.1"].IP()+":5000") {
		t.Errorf("routes: %+v", w.proxy.routes["blog"])
	}
	if !w.Host.Store.AppLocked("old") || w.Host.Store.AppLocked("blog") {
		t.Error("apps:lock is not kept")
	}
}

// untouched makes sure that the containers run as they did.
func (w *world) untouched(t *testing.T) {
	t.Helper()
	for dyno, c := range w.containers {
		now, err := w.engine.Inspect(context.Background(), c.ID)
		if err != nil || now.State != "running" || !now.StartedAt.Equal(c.StartedAt) || now.Name != c.Name {
			t.Errorf("%s: %+v %v", dyno, now, err)
		}
	}
}

// What slipwayd notes at its first start after a migration without it kept an undo from going back.
func TestUndoAfterTheFirstStartOfTheDaemon(t *testing.T) {
	w := newWorld(t, "0.30.11")
	before := w.scan(t)
	w.ok(t, "migrate")
	must(t, w.Host.Bus.Event(context.Background(), "slipway-start"))
	if r := w.ok(t, "migrate", "--undo"); strings.Contains(r.Stdout, "Changed") {
		t.Errorf("undo: %s", r.Stdout)
	}
	if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
		t.Errorf("%+v", diff[0])
	}
}

// A restart changes nothing that Dokku could lose.
func TestUndoAfterARestartTellsAndGoesOn(t *testing.T) {
	w := newWorld(t, "0.36.10")
	before := w.scan(t)
	w.ok(t, "migrate")
	skipped := w.Host.Property("checks", "skipped")
	must(t, w.Host.Store.Set(skipped, "blog", "_all_")) // nothing listens here
	w.ok(t, "ps:restart", "blog")
	must(t, w.Host.Store.Set(skipped, "blog", "worker"))
	r := w.Dokku("migrate", "--undo")
	if r.Code != 0 || !strings.Contains(r.Stdout, "blog: Its containers were replaced by others of the same release") {
		t.Errorf("undo: %+v", r)
	}
	for _, diff := range snapshot.Compare(before, w.scan(t)) {
		if name := filepath.Base(diff.Path); !strings.HasPrefix(name, "CONTAINER.") && !strings.HasPrefix(name, "IP.") && !strings.HasPrefix(name, "PORT.") {
			t.Errorf("%+v", diff)
		}
	}
}

func TestNextDeployReplacesWhatWasTakenOver(t *testing.T) {
	w := newWorld(t, "0.37.4")
	w.ok(t, "migrate")
	w.ok(t, "checks:skip", "blog")
	w.ok(t, "config:set", "blog", "A=1")
	rel, _, err := w.flow.Releases().Current("blog")
	if err != nil || rel.Number != 2 {
		t.Fatalf("release %d %v", rel.Number, err)
	}
	w.ok(t, "ps:retire")
	for dyno, c := range w.containers {
		if now, err := w.engine.Inspect(context.Background(), c.ID); err == nil && now.State == "running" {
			t.Errorf("the old %s still runs", dyno)
		}
	}
	w.ok(t, "releases:rollback", "blog", "1")
	if env, err := w.Host.Store.Env("blog"); err != nil || env["A"] != "" {
		t.Errorf("after a rollback: %v %v", env, err)
	}

	r := w.Dokku("migrate", "--undo")
	for _, want := range []string{"blog: It was deployed and runs release v3", "slipway migrate --undo --force"} {
		if r.Code != 1 || !strings.Contains(r.Stdout+r.Stderr, want) {
			t.Errorf("undo: %d, lacks %q\n%s%s", r.Code, want, r.Stdout, r.Stderr)
		}
	}
	r = w.ok(t, "migrate", "--undo", "--force")
	if !strings.Contains(r.Stdout, "What was removed or replaced is in") || !strings.Contains(r.Stdout, "Other containers, or other addresses, than at the time of the backup: blog.") {
		t.Errorf("undo: %s", r.Stdout)
	}
	live, err := w.flow.InstancesByApp(context.Background(), "blog")
	must(t, err)
	for _, i := range live["blog"] {
		id, err := w.Host.Store.ReadFile(w.Host.Store.RootPath("blog", "CONTAINER."+i.Dyno()))
		if err != nil || !i.Running || strings.TrimSpace(id) != i.ID {
			t.Errorf("%s: running %v, Dokku's file says %q (%v)", i.Dyno(), i.Running, id, err)
		}
	}
	w.before = w.scan(t)
	w.ok(t, "migrate") // and there again
	w.ok(t, "migrate", "--undo")
	if diff := snapshot.Compare(w.before, w.scan(t)); len(diff) > 0 {
		t.Errorf("the second time %+v", diff[0])
	}
}

// Whatever it is cut off by, running it again ends well.
func TestMigrationThatIsCutOffIsFinished(t *testing.T) {
	for _, stop := range []string{"backup", "changes", "releases", "host", "undo"} {
		t.Run(stop, func(t *testing.T) {
			w := newWorld(t, "0.30.11")
			before := w.scan(t)
			p, err := w.m.Survey(context.Background())
			must(t, err)
			cut := errors.New("killed")
			switch stop {
			case "backup":
				w.must(os.MkdirAll(p.Backup.Folder+".partial", 0o700))
				w.must(os.WriteFile(filepath.Join(p.Backup.Folder+".partial", migrate.ArchiveFile), []byte("half"), 0o600))
			case "changes":
				p.CutOff(len(p.Changes)/2, cut)
			case "releases":
				w.engine.OnCall = func(method, _ string) error {
					if method == "ImageTag" {
						return cut
					}
					return nil
				}
			case "host":
				w.ran = func([]string) error { return cut }
				w.unit(t, "nginx.service")
				w.unit(t, "dokku-retire.timer")
				p, err = w.m.Survey(context.Background())
				must(t, err)
			case "undo":
				w.ok(t, "migrate")
				w.engine.OnCall = func(method, _ string) error {
					if method == "ImageRemove" {
						return cut
					}
					return nil
				}
				if r := w.Dokku("migrate", "--undo"); r.Code == 0 {
					t.Fatal("it was not cut off")
				}
				w.engine.OnCall = nil
				if r := w.Dokku("migrate"); r.Code == 0 || !strings.Contains(r.Stderr, "An undo was cut off") {
					t.Errorf("migrate meanwhile: %+v", r)
				}
				w.ok(t, "migrate", "--undo")
			}
			if stop != "undo" {
				if err := w.m.Take(context.Background(), p); err == nil && stop != "backup" && stop != "host" {
					t.Fatal("it was not cut off")
				}
				w.engine.OnCall, w.ran = nil, nil
				w.untouched(t)
				w.ok(t, "migrate")
				w.isTaken(t)
				w.ok(t, "migrate", "--undo")
			}
			if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
				t.Errorf("%d files differ, such as %+v", len(diff), diff[0])
			}
		})
	}
}

func TestWhatStandsInTheWayIsSaid(t *testing.T) {
	w := newWorld(t, "0.37.4")
	store := w.Host.Store
	must(t, store.WriteFile(store.RootPath("blog", "ENV"), []byte("A='open\n"), 0o600))
	must(t, store.WriteFile(store.RootPath("old", "VHOST"), []byte("blog.example.com\n"), 0o644))
	must(t, store.WriteFile(store.LibPath("config", "scheduler", "old", "selected"), []byte("k3s"), 0o600))
	p := w.check(t)
	var all []string
	for _, r := range p.Problems {
		all = append(all, r.App+": "+r.What)
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{"blog: Its config: cannot read", "line 1: a single quote is not closed", "old: The domain blog.example.com belongs to blog too.", "old: It is run by the scheduler k3s"} {
		if !strings.Contains(text, want) {
			t.Errorf("no problem says %q:\n%s", want, text)
		}
	}
	before := w.scan(t)
	if r := w.Dokku("migrate"); r.Code != 1 || !strings.Contains(r.Stderr, "It cannot go yet:") {
		t.Errorf("migrate: %+v", r)
	}
	if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
		t.Errorf("it changed %v", diff)
	}
}

func TestDaemonLeavesAppsOfDokkuAlone(t *testing.T) {
	w := newWorld(t, "0.37.4")
	retired := start(t, w.engine, "blog", "web.1.1700000000", "dokku/blog:latest")
	before := w.scan(t)
	for _, name := range []string{"blog", "blog", "old"} {
		if err := w.flow.Restore(context.Background(), command.Discard(), name, true); err != nil {
			t.Fatal(err)
		}
	}
	if pending, err := migrate.Pending(context.Background(), w.Host, w.flow); err != nil || !pending {
		t.Errorf("a Dokku has this machine: %v %v", pending, err)
	}
	w.untouched(t)
	if c, err := w.engine.Inspect(context.Background(), retired.ID); err != nil || c.State != "running" {
		t.Errorf("what Dokku replaced: %+v %v", c, err)
	}
	if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
		t.Errorf("it changed %v", diff)
	}
	if len(w.proxy.routes["blog"].Listeners) == 0 {
		t.Error("it is not routed")
	}
	w.ok(t, "migrate")
	if pending, err := migrate.Pending(context.Background(), w.Host, w.flow); err != nil || pending {
		t.Errorf("a Dokku has this machine still: %v %v", pending, err)
	}
	w.ok(t, "ps:retire")
	if _, err := w.engine.Inspect(context.Background(), retired.ID); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("after the migration: %v", err)
	}
}

func TestHostIsSwitchedOverAndBack(t *testing.T) {
	w := newWorld(t, "0.38.27")
	for _, unit := range []string{"dokku-redeploy.service", "dokku-retire.timer", "dokku-retire.service", "nginx.service"} {
		w.unit(t, unit)
	}
	w.must(os.MkdirAll(w.m.HostPath("etc", "nginx", "conf.d"), 0o755))
	w.must(os.WriteFile(w.m.HostPath("etc", "nginx", "conf.d", "dokku.conf"), nil, 0o644))
	program := w.m.HostPath("usr", "bin", "dokku")
	crontab := w.m.HostPath("var", "spool", "cron", "crontabs", "dokku")
	retire := w.m.HostPath("etc", "cron.d", "dokku-retire")
	for path, text := range map[string]string{
		program: "#!/usr/bin/env bash\n",
		crontab: "PATH=/usr/local/bin\nMAILTO=a@example.com\n0 5 * * * dokku cron:run blog abc\n@daily dokku letsencrypt:auto-renew\n",
		retire:  "PATH=/usr/local/bin:/usr/bin:/bin\n*/5 * * * * dokku /usr/bin/dokku ps:retire >> /var/log/dokku/retire.log 2>&1\n",
	} {
		w.must(os.MkdirAll(filepath.Dir(path), 0o755))
		w.must(os.WriteFile(path, []byte(text), 0o755))
	}
	before := w.host(t)
	w.ok(t, "migrate")
	if target, err := os.Readlink(program); err != nil || filepath.Base(target) != "slipway" {
		t.Errorf("/usr/bin/dokku: %q %v", target, err)
	}
	for _, path := range []string{crontab, retire} {
		if b, err := os.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q %v", path, b, err)
		}
	}
	if got := strings.Join(w.commands, "\n"); !strings.Contains(got, "systemctl disable --now --quiet dokku-retire.timer") || !strings.Contains(got, "systemctl disable --now --quiet nginx.service") {
		t.Errorf("commands: %s", got)
	}
	// A static unit, which cannot be disabled, was something to do for ever.
	if r := w.ok(t, "migrate"); !strings.Contains(r.Stdout, "There is nothing to do") {
		t.Errorf("the second time: %s", r.Stdout)
	}
	w.commands = nil
	w.ok(t, "migrate", "--undo")
	if diff := snapshot.Compare(before, w.host(t)); len(diff) > 0 {
		t.Errorf("the host differs: %+v", diff[0])
	}
	if got := strings.Join(w.commands, "\n"); !strings.Contains(got, "systemctl start dokku-retire.timer") || !strings.Contains(got, "systemctl enable --quiet dokku-redeploy.service") {
		t.Errorf("commands: %s", got)
	}
}

func TestOnlyRootMigrates(t *testing.T) {
	w := newWorld(t, "0.38.27")
	for _, argv := range [][]string{{"migrate"}, {"migrate", "--check"}, {"migrate", "--undo"}} {
		if r := w.Run(command.Actor{User: "dokku", KeyName: "admin"}, "", argv...); r.Code == 0 {
			t.Errorf("a key may %v", argv)
		}
	}
}

// world is a machine with a Dokku of some version: blog with a web and a worker, and old, which was never deployed.
type world struct {
	*plugintest.World
	t          *testing.T
	m          *migrate.Migration
	flow       *deploy.Flow
	engine     *fake.Engine
	proxy      *routes
	image      string
	containers map[string]docker.Container
	before     snapshot.Manifest
	commands   []string             // of the host
	ran        func([]string) error // what they do; nil: nothing
	off        map[string]bool      // units that are
}

func (w *world) must(err error) { w.t.Helper(); must(w.t, err) }

func newWorld(t *testing.T, version string) *world {
	t.Helper()
	w := &world{t: t, engine: fake.New(), proxy: &routes{routes: map[string]proxy.Routes{}}, containers: map[string]docker.Container{}, off: map[string]bool{}}
	w.World = plugintest.MakeAll(t, func(_ testing.TB, h *plugin.Host) []plugin.Plugin { return w.features(t, h) })
	w.image = w.engine.AddImage(docker.Image{Tags: []string{"dokku/blog:latest"}, Cmd: []string{"serve"}})
	tree := dokkutree.Tree{Root: w.Host.Store.Root(), Lib: w.Host.Store.Lib(), Version: version}
	must(t, tree.Lay())
	for _, dyno := range []string{"web.1", "worker.1"} {
		w.containers[dyno] = start(t, w.engine, "blog", dyno, "dokku/blog:latest")
	}
	env := map[string]string{"MOTTO": `it's "fine"`, "GIT_REV": strings.Repeat("a1", 20)}
	blog := dokkutree.App{
		Name: "blog", Env: env, Domains: []string{"blog.example.com"}, Scale: []string{"web=1", "worker=1"},
		Options: map[string]string{"deploy": "-v /var/lib/dokku/data/storage/blog:/uploads\n"},
	}
	if version < "0.38" {
		env["DOKKU_WAIT_TO_RETIRE"], env["DOKKU_CHECKS_SKIPPED"], env["DOKKU_APP_RESTORE"] = "45", "worker", "1"
		blog.Options["deploy"] += "--restart=on-failure:20\n"
		if version < "0.31" {
			env["DOKKU_PROXY_PORT_MAP"] = "http:80:5000"
		}
	} else {
		must(t, w.Host.Store.Set(w.Host.Property("checks", "wait-to-retire"), "blog", "45"))
		must(t, w.Host.Store.Set(w.Host.Property("checks", "skipped"), "blog", "worker"))
		must(t, w.Host.Store.Set(w.Host.Property("ps", "restart-policy"), "blog", "on-failure:20"))
	}
	for dyno, c := range w.containers {
		blog.Containers = append(blog.Containers, dokkutree.Container{Dyno: dyno, ID: c.ID, IP: c.IP(), Port: 5000})
	}
	must(t, tree.App(blog))
	must(t, tree.App(dokkutree.App{Name: "old", Scale: []string{"web=1"}, Locked: true}))
	must(t, w.Host.Store.WriteFile(w.Host.Store.LibPath("data", "ps", "blog", "Procfile"), []byte("web: serve\nworker: work\n"), 0o644))
	return w
}

func (w *world) ok(t *testing.T, argv ...string) plugintest.Result {
	t.Helper()
	r := w.Dokku(argv...)
	if r.Code != 0 {
		t.Fatalf("%v: exit code %d\n%s%s", argv, r.Code, r.Stdout, r.Stderr)
	}
	return r
}

// check is --check as JSON.
func (w *world) check(t *testing.T) migrate.Plan {
	t.Helper()
	r := w.Dokku("migrate", "--check", "--format", "json")
	var p migrate.Plan
	if err := json.Unmarshal([]byte(r.Stdout), &p); err != nil {
		t.Fatalf("%v: %s%s", err, r.Stdout, r.Stderr)
	}
	if p.Ready != (r.Code == 0) {
		t.Errorf("exit code %d, ready %v", r.Code, p.Ready)
	}
	return p
}

// scan is the tree without what is Slipway's own, and with the locks.
func (w *world) scan(t *testing.T) snapshot.Manifest {
	t.Helper()
	store := w.Host.Store
	m, err := snapshot.Scan(context.Background(), snapshot.Tree{Roots: []string{store.Root(), store.Lib()}, Skip: func(path string) bool {
		rel, err := filepath.Rel(store.Lib(), path)
		return err == nil && (slices.Contains(migrate.Ours, rel) || rel == migrate.BackupsDir)
	}})
	must(t, err)
	return m
}

func (w *world) host(t *testing.T) snapshot.Manifest {
	t.Helper()
	m, err := snapshot.Scan(context.Background(), snapshot.Tree{Roots: []string{w.m.HostPath()}})
	must(t, err)
	return m
}

// unit is a unit that the host has and that is on.
func (w *world) unit(t *testing.T, name string) {
	t.Helper()
	w.must(os.MkdirAll(w.m.HostPath("run", "systemd", "system"), 0o755))
	path := w.m.HostPath("lib", "systemd", "system", name)
	w.must(os.MkdirAll(filepath.Dir(path), 0o755))
	w.must(os.WriteFile(path, nil, 0o644))
}

// runHost stands for the commands of the host.
func (w *world) runHost(_ context.Context, argv ...string) (string, error) {
	unit := argv[len(argv)-1]
	switch {
	case argv[1] == "is-enabled" && unit == "dokku-retire.service":
		return "static", nil
	case strings.HasPrefix(argv[1], "is-") && w.off[unit]:
		return "disabled", errors.New("it is off")
	case argv[1] == "is-enabled":
		return "enabled", nil
	case argv[1] == "is-active" && unit == "dokku-retire.service":
		return "inactive", errors.New("it runs now and then")
	case argv[1] == "is-active":
		return "active", nil
	}
	w.commands = append(w.commands, strings.Join(argv, " "))
	if w.ran != nil {
		return "", w.ran(argv)
	}
	switch argv[1] {
	case "disable":
		w.off[unit] = true
	case "enable", "start":
		delete(w.off, unit)
	}
	return "", nil
}

// What a migration that was killed leaves of its locks was taken for apps:lock by the next one.
func TestLocksOfAKilledMigrationAreNoLocksOfOperators(t *testing.T) {
	w := newWorld(t, "0.37.4")
	store := w.Host.Store
	before := w.scan(t)
	must(t, w.m.DieHoldingLocks(context.Background()))
	if _, err := os.Stat(store.DeployLockPath("blog")); err != nil {
		t.Fatal(err)
	}
	w.ok(t, "migrate")
	w.isTaken(t)
	w.ok(t, "migrate", "--undo")
	if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
		t.Errorf("%+v", diff[0])
	}
}

// An undo found nothing to undo, and to Dokku the apps stayed locked.
func TestUndoOfAMigrationThatWasKilledBeforeItsBackup(t *testing.T) {
	w := newWorld(t, "0.37.4")
	before := w.scan(t)
	must(t, w.m.DieHoldingLocks(context.Background()))
	partial := w.Host.Store.LibPath(migrate.BackupsDir, "dokku-20260101T000000Z.partial")
	must(t, os.MkdirAll(partial, 0o700))
	w.ok(t, "migrate", "--undo")
	if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
		t.Errorf("%+v", diff[0])
	}
	if _, err := os.Stat(partial); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a backup: %v", err)
	}
}

// Who let go of the locks took those of apps:lock with them.
func TestMigrationThatCannotKeepItsBackupLeavesAppsLocked(t *testing.T) {
	w := newWorld(t, "0.38.27")
	before := w.scan(t)
	must(t, os.WriteFile(w.Host.Store.LibPath("backups"), nil, 0o600)) // in the way
	if r := w.Dokku("migrate"); r.Code == 0 {
		t.Fatalf("migrate: %+v", r)
	}
	must(t, os.Remove(w.Host.Store.LibPath("backups")))
	if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
		t.Errorf("%+v", diff[0])
	}
}

// An undo of a migration that was cut off after an app had its release was refused, as if it had been deployed since.
func TestUndoOfAMigrationThatWasCutOffAfterAnyChange(t *testing.T) {
	w := newWorld(t, "0.30.11")
	before := w.scan(t)
	p, err := w.m.Survey(context.Background())
	must(t, err)
	for n := range len(p.Changes) + 1 {
		p, err := w.m.Survey(context.Background())
		must(t, err)
		p.CutOff(n, errors.New("killed"))
		if err := w.m.Take(context.Background(), p); err == nil {
			t.Fatal("it was not cut off")
		}
		if r := w.ok(t, "migrate", "--undo"); strings.Contains(r.Stdout, "What happened since") {
			t.Errorf("after %d changes: %s", n, r.Stdout)
		}
		if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
			t.Errorf("after %d changes: %+v", n, diff[0])
		}
		w.untouched(t)
	}
}

func TestUndoWithoutTheBackupChangesNothing(t *testing.T) {
	w := newWorld(t, "0.38.27")
	w.ok(t, "migrate")
	folders, err := filepath.Glob(w.Host.Store.LibPath(migrate.BackupsDir, "dokku-*"))
	if must(t, err); len(folders) != 1 {
		t.Fatalf("backups: %v", folders)
	}
	must(t, os.Rename(folders[0], folders[0]+"-elsewhere"))
	before := w.scan(t)
	if r := w.Dokku("migrate", "--undo"); r.Code == 0 || !strings.Contains(r.Stderr, "The backup is not in "+folders[0]+" any more.") && !strings.Contains(r.Stderr, "The backup is not in $LIB") {
		t.Errorf("undo: %+v", r)
	}
	if diff := snapshot.Compare(before, w.scan(t)); len(diff) > 0 {
		t.Errorf("%+v", diff[0])
	}
	must(t, os.Rename(folders[0]+"-elsewhere", folders[0]))
	w.ok(t, "migrate", "--undo")
}
