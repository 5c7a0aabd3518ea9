package e2e

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/trigger"
)

var updateTriggers = flag.Bool("update-triggers", false, "write what was recorded to testdata/triggers")

// recorder is an installation with two plugins that answer every trigger: one
// before all others, one after them. What is fired meanwhile stands indented
// between the two.
type recorder struct {
	*installation
	t    *testing.T
	apps map[string]repository
}

const firstPlugin, lastPlugin = "00_first", "zz_last"

// recorded are the triggers that the two plugins answer: those by which something
// happens. Questions are left out, with which many parts of the program look at
// their state, also in the background.
func recorded() []string {
	var names []string
	for _, area := range trigger.Catalogue() {
		for _, c := range area.Contracts {
			switch {
			case c.Name == "receive-branch": // who answers takes over pushes to other branches
			case c.Name == "scheduler-run-retire": // fired in the background too
			case slices.Contains([]string{"app-exists", "git-has-code", "builder-herokuish-allowed", "domains-vhost-enabled", "scheduler-is-deployed"}, c.Name): // questions
			case c.Shape == trigger.ShapeEvent, c.Shape == trigger.ShapeCollect && strings.HasPrefix(c.Name, "docker-args-"), c.Name == "builder-detect", c.Name == "user-auth-app":
				names = append(names, c.Name)
			}
		}
	}
	return names
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{installation: newInstallation(t), t: t, apps: map[string]repository{}}
	script, err := filepath.Abs("testdata/triggers/record")
	if err != nil {
		t.Fatal(err)
	}
	for _, plugin := range []string{firstPlugin, lastPlugin} {
		dir := r.lib("plugins", "enabled", plugin)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range recorded() {
			if err := os.Symlink(script, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

// step is something that an operator does.
type step struct {
	what   string // as the golden file shows it
	do     func() *exec.Cmd
	refuse string // "PLUGIN TRIGGER" that fails meanwhile
	fails  bool
}

// record runs steps, and gives what was fired by each.
func (r *recorder) record(steps ...step) string {
	r.t.Helper()
	var all strings.Builder
	for _, s := range steps {
		if err := errors.Join(r.forget("recorded"), r.forget("refuse")); err != nil {
			r.t.Fatal(err)
		}
		if s.refuse != "" {
			if err := os.WriteFile(r.lib("refuse"), []byte(s.refuse), 0o644); err != nil {
				r.t.Fatal(err)
			}
		}
		out, err := s.do().CombinedOutput()
		if (err != nil) != s.fails {
			r.t.Errorf("%s: %v\n%s", s.what, err, out)
		}
		fmt.Fprintf(&all, "$ %s\n", s.what)
		if s.refuse != "" {
			fmt.Fprintf(&all, "# while %s refuses\n", s.refuse)
		}
		recorded, _ := os.ReadFile(r.lib("recorded"))
		text := r.mask(string(recorded))
		if i := strings.Index("\n"+text, "\n"+s.refuse+" "); s.refuse != "" && i > 0 {
			var refused string
			refused, text, _ = strings.Cut(text[i:], "\n")
			all.WriteString("… " + refused + "\n")
		}
		all.WriteString(nested(text))
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			fmt.Fprintf(&all, "exit %d\n", exit.ExitCode())
		}
		if s.refuse != "" || err != nil {
			for line := range strings.Lines(r.mask(string(out))) {
				if strings.Contains(line, "Deprecated: ") {
					continue
				}
				if strings.Contains(line, " !  ") || strings.Contains(line, "refuses") {
					all.WriteString("| " + strings.TrimRight(strings.TrimPrefix(line, "remote: "), " \n") + "\n")
				}
			}
		}
		all.WriteString("\n")
	}
	return all.String()
}

func (r *recorder) forget(name string) error {
	if err := os.Remove(r.lib(name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// nested shows what the two plugins were called with, once, and indents what was
// fired between the two.
func nested(recorded string) string {
	var out strings.Builder
	var open []string
	for line := range strings.Lines(recorded) {
		plugin, call, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if plugin == lastPlugin {
			if n := len(open); n > 0 && open[n-1] == call {
				open = open[:n-1]
				continue
			}
			if at := slices.Index(open, call); at >= 0 { // those after it were left by a failure
				open = open[:at]
				continue
			}
			call += "   # not begun"
		}
		fmt.Fprintf(&out, "%s%s\n", strings.Repeat("  ", len(open)), call)
		if plugin == firstPlugin {
			open = append(open, call)
		}
	}
	for _, call := range open {
		fmt.Fprintf(&out, "# not ended: %s\n", call)
	}
	return out.String()
}

// varying is what is another one each time.
var varying = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "ID"},
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`), "REV"},
	{regexp.MustCompile(`WORLD/tmp/slipway-\w[^/ ]*/src`), "DIR"},
	{regexp.MustCompile(`WORLD/tmp/\S+`), "TMP"},
	{regexp.MustCompile(`\b(172|192|10)\.\d+\.\d+\.\d+\b`), "IP"},
	{regexp.MustCompile(`builds-record-(start|finalize) (\S+) \S+`), "builds-record-$1 $2 BUILD"},
	{regexp.MustCompile(`(builds-record-start \S+ BUILD) \d+`), "$1 PID"},
	{regexp.MustCompile(`DOKKU_CRON_ID=\w+`), "DOKKU_CRON_ID=TASK"},
	{regexp.MustCompile(`\be2e-[0-9a-f]{6}\b`), "INSTANCE"},
	{regexp.MustCompile(`SHA256:[0-9A-Za-z+/]{43}`), "FINGERPRINT"},
}

func (r *recorder) mask(text string) string {
	text = strings.NewReplacer(r.dir, "WORLD", fmt.Sprint(":", r.httpPort), ":HTTP", fmt.Sprint(":", r.tlsPort), ":HTTPS").Replace(text)
	for _, v := range varying {
		text = v.re.ReplaceAllString(text, v.with)
	}
	return text
}

func (r *recorder) dokkuStep(args ...string) step {
	return step{what: "dokku " + strings.Join(args, " "), do: func() *exec.Cmd { return r.command("dokku", args...) }}
}

// pushStep commits files and pushes them.
func (r *recorder) pushStep(app, what string, files map[string]string) step {
	return step{what: "git push " + app + " # " + what, do: func() *exec.Cmd {
		repo, ok := r.apps[app]
		if !ok {
			repo = newRepository(r.t, r.installation, app)
			r.apps[app] = repo
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(repo.dir, name), []byte(text), 0o644); err != nil {
				r.t.Fatal(err)
			}
		}
		repo.commit(r.t, what)
		return repo.push()
	}}
}

func (s step) refused(by string) step {
	s.refuse, s.fails = by, true
	return s
}

func (s step) failing() step {
	s.fails = true
	return s
}

func (r *recorder) compare(name, got string) {
	r.t.Helper()
	golden := filepath.Join("testdata", "triggers", name+".golden")
	if *updateTriggers {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		r.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		r.t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

// procfileApp is an app with two process types.
var procfileApp = map[string]string{"Procfile": "web: /testapp\nworker: /testapp idle\n", "Dockerfile": "FROM busybox:stable\nCOPY testapp version /\nCMD [\"/testapp\"]\n"}

// Every operation fires what Dokku fires, with its arguments and in its order;
// where not, testdata/triggers says why. The golden files were read against
// Dokku's source.
func TestTriggersOfADeploy(t *testing.T) {
	r := newRecorder(t)
	if err := r.dokku("scheduler-docker-local:set", "--global", "parallel-schedule-count", "1"); err != nil {
		t.Fatal(err)
	}
	r.compare("deploy", r.record(
		r.dokkuStep("apps:create", "blog"),
		r.pushStep("blog", "one", procfileApp),
		r.pushStep("blog", "two", nil),
		r.dokkuStep("ps:scale", "blog", "worker=1"),
		r.dokkuStep("config:set", "blog", "KEY=value"),
		r.dokkuStep("config:set", "--no-restart", "blog", "OTHER=value", "SECOND=value"),
		r.dokkuStep("config:unset", "blog", "KEY"),
		r.dokkuStep("config:clear", "--no-restart", "blog"),
		r.dokkuStep("ps:restart", "blog"),
		r.dokkuStep("ps:restart", "blog", "worker"),
		r.dokkuStep("ps:stop", "blog"),
		r.dokkuStep("ps:start", "blog"),
		r.dokkuStep("ps:start", "blog"),
		r.dokkuStep("ps:rebuild", "blog"),
		r.dokkuStep("ps:restore", "blog"),
		r.dokkuStep("ps:retire", "blog"),
		r.dokkuStep("--force", "apps:destroy", "blog"),
	))
}

// What else can be done with an app and to its settings.
func TestTriggersOfSettings(t *testing.T) {
	r := newRecorder(t)
	for _, args := range [][]string{{"scheduler-docker-local:set", "--global", "parallel-schedule-count", "1"}, {"apps:create", "blog"}} {
		if err := r.dokku(args...); err != nil {
			t.Fatal(err)
		}
	}
	withTask := map[string]string{"Dockerfile": procfileApp["Dockerfile"], "app.json": `{"cron": [{"command": "echo tick", "schedule": "0 5 * * *"}], "env": {"DECLARED": "yes"},
		"scripts": {"dokku": {"predeploy": "echo predeploy", "postdeploy": "echo postdeploy"}, "postdeploy": "echo first"}}`}
	r.compare("settings", r.record(
		r.dokkuStep("domains:add", "blog", "a.example.com", "b.example.com"),
		r.dokkuStep("domains:remove", "blog", "b.example.com"),
		r.dokkuStep("domains:set", "blog", "c.example.com"),
		r.dokkuStep("domains:clear", "blog"),
		r.dokkuStep("domains:reset", "blog"),
		r.dokkuStep("domains:disable", "blog"),
		r.dokkuStep("domains:enable", "blog"),
		r.dokkuStep("domains:add-global", "other.example.com"),
		r.dokkuStep("domains:remove-global", "other.example.com"),
		r.dokkuStep("certs:generate", "blog", "d.example.com"),
		r.dokkuStep("certs:add", "blog", "home/blog/tls/server.crt", "home/blog/tls/server.key"),
		r.dokkuStep("certs:remove", "blog"),
		r.dokkuStep("ports:add", "blog", "http:8080:5000"),
		r.dokkuStep("ports:set", "blog", "http:8081:5000", "http:8082:5000"),
		r.dokkuStep("ports:remove", "blog", "http:8082:5000"),
		r.dokkuStep("ports:clear", "blog"),
		r.dokkuStep("proxy:disable", "blog"),
		r.dokkuStep("proxy:enable", "blog"),
		r.dokkuStep("proxy:set", "blog", "proxy-port", "8090"),
		r.dokkuStep("proxy:build-config", "blog"),
		r.dokkuStep("proxy:clear-config", "blog"),
		r.dokkuStep("network:set", "blog", "bind-all-interfaces", "true"),
		r.dokkuStep("network:set", "blog", "bind-all-interfaces"),
		r.dokkuStep("network:rebuild", "blog"),
		r.dokkuStep("storage:create", "data"),
		r.dokkuStep("storage:mount", "blog", "data", "--container-dir", "/data"),
		r.dokkuStep("storage:exec", "data", "--image", "busybox:stable", "--", "true"),
		r.dokkuStep("storage:unmount", "blog", "data"),
		r.dokkuStep("storage:destroy", "data", "--force"),
		r.dokkuStep("buildpacks:set-property", "blog", "stack", "heroku/builder:24"),
		r.dokkuStep("buildpacks:set-property", "blog", "stack"),
		r.dokkuStep("docker-options:add", "blog", "deploy", "--label=a=b"),
		r.dokkuStep("resource:limit", "blog", "--memory", "100m"),
		r.dokkuStep("registry:set", "blog", "push-on-release", "false"),
		r.dokkuStep("checks:set", "blog", "wait-to-retire", "1"),
		r.dokkuStep("git:set", "blog", "keep-git-dir", "true"),
		r.dokkuStep("scheduler:set", "blog", "selected", "docker-local"),
		r.dokkuStep("builder:set", "blog", "selected", "dockerfile"),
		r.pushStep("blog", "with tasks", withTask),
		r.dokkuStep("checks:run", "blog"),
		r.dokkuStep("run", "blog", "true"),
		r.dokkuStep("run", "-e", "A=b", "blog", "sh", "-c", "exit 4").failing(),
		r.dokkuStep("run:detached", "blog", "true"),
		r.dokkuStep("run:list", "blog"),
		r.dokkuStep("run:stop", "blog"),
		r.dokkuStep("enter", "blog", "web", "true"),
		r.dokkuStep("logs", "blog", "-n", "1"),
		r.dokkuStep("logs:failed", "blog"),
		r.dokkuStep("ps:inspect", "blog"),
		r.dokkuStep("report", "blog"),
		r.dokkuStep("urls", "blog"),
		r.dokkuStep("cron:list", "blog"),
		r.taskStep("cron:run", "blog"),
		r.taskStep("cron:run", "--detach", "blog"),
		r.taskStep("cron:suspend", "blog"),
		r.taskStep("cron:resume", "blog"),
		r.dokkuStep("cron:set", "blog", "maintenance", "true"),
		r.dokkuStep("cleanup", "blog"),
		r.dokkuStep("repo:gc", "blog"),
		r.dokkuStep("repo:purge-cache", "blog"),
		r.dokkuStep("apps:lock", "blog"),
		r.dokkuStep("apps:unlock", "blog"),
		r.dokkuStep("apps:list"),
	))
}

// taskStep is a command about the only task of an app.
func (r *recorder) taskStep(args ...string) step {
	return step{what: "dokku " + strings.Join(args, " ") + " TASK", do: func() *exec.Cmd {
		out, err := r.command("dokku", "cron:list", args[len(args)-1], "--format", "json").Output()
		if err != nil {
			r.t.Fatal(err)
		}
		var tasks []struct{ ID string }
		if err := json.Unmarshal(out, &tasks); err != nil || len(tasks) != 1 {
			r.t.Fatalf("%s: %v", out, err)
		}
		if err := r.forget("recorded"); err != nil {
			r.t.Fatal(err)
		}
		return r.command("dokku", append(slices.Clone(args), tasks[0].ID)...)
	}}
}

// Where the source of an app comes from, and what copies it.
func TestTriggersOfSources(t *testing.T) {
	r := newRecorder(t)
	if err := r.dokku("checks:set", "--global", "wait-to-retire", "1"); err != nil {
		t.Fatal(err)
	}
	repo := newRepository(t, r.installation, "synced")
	repo.commit(t, "one")
	archive := filepath.Join(r.dir, "source.tar")
	if err := run(r.command("tar", "--create", "--file", archive, "--directory", repo.dir, "Dockerfile", "testapp", "version")); err != nil {
		t.Fatal(err)
	}
	image := r.instance + "/source:1"
	if err := run(r.command("docker", "build", "--quiet", "--label", "com.slipway.instance="+r.instance, "--tag", image, repo.dir)); err != nil {
		t.Fatal(err)
	}
	imageStep := r.dokkuStep("git:from-image", "imaged", image)
	imageStep.what = "dokku git:from-image imaged IMAGE"
	archiveStep := r.dokkuStep("git:from-archive", "archived", "file://"+archive)
	archiveStep.what = "dokku git:from-archive archived file://source.tar"
	syncStep := r.dokkuStep("git:sync", "--build", "synced", repo.dir, "main")
	syncStep.what = "dokku git:sync --build synced REPOSITORY main"
	clone := step{what: "git clone new", do: func() *exec.Cmd {
		return r.command("git", "clone", "--quiet", fmt.Sprintf("ssh://dokku@127.0.0.1:%d/new", r.sshPort), filepath.Join(r.dir, "clone"))
	}}
	r.compare("sources", r.record(
		r.pushStep("new", "an app that nobody made", map[string]string{"Dockerfile": procfileApp["Dockerfile"]}),
		clone,
		r.dokkuStep("apps:create", "imaged"), imageStep,
		r.dokkuStep("apps:create", "archived"), archiveStep,
		r.dokkuStep("apps:create", "synced"), syncStep,
		r.dokkuStep("apps:clone", "new", "copy"),
		r.dokkuStep("apps:clone", "--skip-deploy", "new", "spare"),
		r.dokkuStep("apps:rename", "copy", "renamed"),
		r.dokkuStep("apps:rename", "spare", "other"),
		r.dokkuStep("apps:create", "empty"),
		r.dokkuStep("ps:rebuild", "empty").failing(),
	))
}

// A plugin that refuses ends what is under way with Dokku's exit code, and
// nothing is half done.
func TestRefusals(t *testing.T) {
	r := newRecorder(t)
	for _, args := range [][]string{{"checks:set", "--global", "wait-to-retire", "1"}, {"scheduler-docker-local:set", "--global", "parallel-schedule-count", "1"}} {
		if err := r.dokku(args...); err != nil {
			t.Fatal(err)
		}
	}
	var all strings.Builder
	all.WriteString(r.record(
		r.dokkuStep("apps:create", "blog").refused("zz_last user-auth"),
		r.dokkuStep("apps:create", "blog").refused("00_first post-create"),
		r.dokkuStep("apps:create", "blog").refused("zz_last post-create"),
		r.dokkuStep("apps:exists", "blog").failing(),
		r.pushStep("blog", "one", procfileApp),
	))
	repo := r.apps["blog"]
	for _, name := range []string{
		"core-post-extract", "post-extract", "pre-receive-app", "builder-build", "pre-build", "docker-args-build", "docker-args-process-build",
		"post-build", "release-and-deploy", "builder-release", "pre-release-builder", "post-release-builder", "pre-deploy", "scheduler-deploy",
		"docker-args-deploy", "docker-args-process-deploy", "post-container-create", "check-deploy", "slipway-pre-deploy", "slipway-pre-route",
	} {
		for _, plugin := range []string{firstPlugin, lastPlugin} {
			late := plugin == lastPlugin && slices.Contains([]string{"release-and-deploy", "scheduler-deploy"}, name) // all is done by then
			if late {
				continue
			}
			s := r.pushStep("blog", "refused by "+plugin+" "+name, nil).refused(plugin + " " + name)
			all.WriteString(r.record(s))
			repo.body(t, "one")
			if err := r.tidy("blog"); err != nil {
				t.Errorf("%s: %v", s.what, err)
			}
		}
	}
	for n, name := range []string{"scheduler-post-deploy-process", "core-post-deploy", "post-deploy"} { // the new release serves by then
		version := fmt.Sprintf("live-%d", n)
		all.WriteString(r.record(r.pushStep("blog", version, nil).refused(lastPlugin + " " + name)))
		repo.body(t, version)
	}
	all.WriteString(r.record(
		r.dokkuStep("ps:restart", "blog").refused("zz_last check-deploy"),
		r.dokkuStep("ps:restart", "blog").refused("00_first deploy"),
		r.dokkuStep("ps:scale", "blog", "web=2").refused("zz_last check-deploy"),
		r.dokkuStep("ps:scale", "blog"),
		r.dokkuStep("domains:add", "blog", "x.example.com").refused("zz_last post-domains-update"),
		r.dokkuStep("ports:add", "blog", "http:80:5000").refused("zz_last post-proxy-ports-update"),
		r.dokkuStep("certs:generate", "blog", "y.example.com").refused("zz_last post-certs-update"),
		r.dokkuStep("certs:remove", "blog"),
		r.dokkuStep("proxy:disable", "blog").refused("zz_last proxy-disable"),
		r.warned(r.dokkuStep("config:set", "--no-restart", "blog", "A=b"), "zz_last post-config-update"),
		r.dokkuStep("config:set", "blog", "A=c").refused("zz_last pre-release-builder"),
		r.dokkuStep("run", "blog", "true").refused("zz_last docker-args-run"),
		r.dokkuStep("run", "blog", "true").refused("zz_last post-container-create"),
		r.dokkuStep("apps:clone", "blog", "copy").refused("zz_last post-app-clone-setup"),
		r.dokkuStep("apps:exists", "copy").failing(),
		r.dokkuStep("apps:rename", "blog", "renamed").refused("zz_last post-app-rename-setup"),
		r.dokkuStep("apps:rename", "blog", "renamed").refused("zz_last pre-delete"),
		r.dokkuStep("ps:stop", "blog").refused("00_first scheduler-stop"),
		r.dokkuStep("ps:stop", "blog").refused("zz_last post-stop"),
		r.dokkuStep("ps:start", "blog").refused("zz_last pre-start"),
		r.dokkuStep("ps:start", "blog"),
		r.warned(r.pushStep("blog", "detected", nil), "zz_last builder-detect"), // who fails has no answer
		r.dokkuStep("--force", "apps:destroy", "blog").refused("zz_last pre-delete"),
	))
	repo.body(t, "detected")
	all.WriteString(r.record(r.dokkuStep("--force", "apps:destroy", "blog").refused("zz_last post-delete")))
	if left, err := r.containers(true); err != nil || len(left) != 0 {
		t.Errorf("left over: %v %v", left, err)
	}
	r.compare("refusals", all.String())
}

// warned is a step that goes on although a plugin refuses.
func (r *recorder) warned(s step, by string) step {
	s.refuse = by
	return s
}

// What Slipway answers to plugins that ask, in Dokku's formats: scripts of plugins
// read it. Read against Dokku's plugins/*/triggers.go and the bash ones.
func TestAnswersToPlugins(t *testing.T) {
	r := &recorder{installation: newInstallation(t), t: t, apps: map[string]repository{}}
	withTask := map[string]string{
		"Procfile": "web: /testapp\nworker: /testapp idle --port $PORT\n", "Dockerfile": procfileApp["Dockerfile"],
		"app.json": `{"cron": [{"command": "echo tick", "schedule": "0 5 * * *"}], "formation": {"worker": {"max_parallel": 2}}}`,
	}
	if out, err := r.pushStep("blog", "one", withTask).do().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, args := range [][]string{
		{"apps:create", "fresh"},
		{"config:set", "--no-restart", "blog", "KEY=a value", `QUOTED=it's "so"`},
		{"config:set", "--no-restart", "--global", "SHARED=yes"},
		{"docker-options:add", "blog", "deploy", "--label=a=b c"},
		{"resource:limit", "blog", "--memory", "100m"},
		{"storage:create", "data"},
		{"storage:mount", "blog", "data", "--container-dir", "/data"},
		{"network:set", "blog", "bind-all-interfaces", "true"},
		{"certs:generate", "blog", "x.example.com"},
	} {
		if err := r.dokku(args...); err != nil {
			t.Fatal(err)
		}
	}
	var all strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(`
app-exists blog
app-exists nobody
app-list
app-list false
app-json-get-content blog
app-json-get-content fresh
app-json-process-deploy-parallelism blog web
app-json-process-deploy-parallelism blog worker
builder-detect blog /nowhere
builder-get-property blog detected
builder-get-property blog build-dir
builder-get-property blog nonsense
builder-herokuish-allowed blog
builder-image-is-cnb blog latest
builder-image-is-herokuish blog latest
buildpack-stack-name blog
certs-exists blog
certs-exists fresh
certs-get blog nonsense
certs-get fresh crt
checks-get-property blog wait-to-retire
checks-get-property blog nonsense
config-export blog false false envfile
config-export blog false true json
config-export blog false false docker-args
config-get blog KEY
config-get blog NONSENSE
config-get nobody KEY
config-get-global SHARED
config-get-global NONSENSE
cron-entries docker-local
cron-get-property blog maintenance
cron-get-property blog nonsense
deployed-app-image-repo blog
deployed-app-image-tag blog
deployed-app-repository blog
docker-args-build blog dockerfile
docker-args-deploy blog latest
docker-args-run blog latest
docker-args-process-build blog dockerfile
docker-args-process-deploy blog dockerfile latest web
docker-args-process-run blog dockerfile latest
domains-list blog
domains-list fresh
domains-urls blog urls
domains-urls blog url
domains-vhost-enabled blog
git-deploy-branch blog
git-get-property blog rev-env-var
git-get-property blog source-image
git-get-property blog nonsense
git-has-code blog
git-has-code fresh
git-revision blog
logs-get-property blog max-size
logs-get-property blog nonsense
network-config-exists blog
network-get-listeners blog web
network-get-listeners fresh web
network-get-static-listeners blog web
network-get-property blog bind-all-interfaces
network-get-property blog nonsense
ports-get blog
ports-get blog json
ports-get fresh
ports-get-property blog proxy-port
ports-get-property blog proxy-ssl-port
ports-get-property blog nonsense
procfile-exists blog
procfile-exists fresh
procfile-get-command blog web 5000
procfile-get-command blog worker 5000
procfile-get-command blog nonsense 5000
procfile-get-command fresh web 5000
proxy-is-enabled blog
proxy-type blog
ps-can-scale blog
ps-current-scale blog
ps-current-scale fresh
ps-get-property blog restart-policy
ps-get-property blog stop-timeout-seconds
ps-get-property blog restore
ps-get-property blog nonsense
resource-get-property blog web limit memory
resource-get-property blog web limit cpu
scheduler-app-status docker-local blog
scheduler-app-status docker-local fresh
scheduler-app-status other blog
scheduler-detect blog
scheduler-detect --global
scheduler-is-deployed docker-local blog
scheduler-is-deployed docker-local fresh
scheduler-uses-host-cron docker-local
storage-app-mounts blog deploy
storage-app-mounts fresh deploy
storage-list blog deploy text
storage-list blog deploy json
`), "\n") {
		fmt.Fprintf(&all, "$ plugn trigger %s\n", line)
		cmd := r.command("slipway", append([]string{"trigger"}, strings.Fields(line)...)...)
		cmd.Args[0] = "plugn"
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		for _, stream := range []struct{ mark, text string }{{"| ", stdout.String()}, {"! ", stderr.String()}} {
			for l := range strings.Lines(r.mask(stream.text)) {
				all.WriteString(stream.mark + strings.TrimSuffix(l, "\n") + "\n")
			}
			if stream.text != "" && !strings.HasSuffix(stream.text, "\n") {
				all.WriteString(stream.mark[:1] + " (no line break)\n")
			}
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			fmt.Fprintf(&all, "exit %d\n", exit.ExitCode())
		}
	}
	r.compare("answers", all.String())
}
