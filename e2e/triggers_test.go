package e2e

import (
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
		all.WriteString(nested(r.mask(string(recorded))))
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			fmt.Fprintf(&all, "exit %d\n", exit.ExitCode())
			for line := range strings.Lines(r.mask(string(out))) {
				if strings.Contains(line, " !  ") {
					all.WriteString(strings.TrimRight(strings.TrimPrefix(line, "remote: "), " \n") + "\n")
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
	{regexp.MustCompile(`\be2e-[0-9a-f]{6}\b`), "INSTANCE"},
	{regexp.MustCompile(`SHA256:[0-9A-Za-z+/]{43}`), "FINGERPRINT"},
}

func (r *recorder) mask(text string) string {
	text = strings.ReplaceAll(text, r.dir, "WORLD")
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
