// Package plugintest runs commands of plugins in the process of a test, with
// state folders of their own and no engine.
//
//	func TestStories(t *testing.T) { plugintest.Run(t, config.Plugin, domains.Plugin) }
//
// Run plays the stories in testdata/*.txtar. A story is a transcript in front
// of the files that are there at its beginning:
//
//	An app gets a domain.
//
//	$ dokku domains:add blog example.com
//	[exit 0]
//	  | -----> Added example.com to blog
//
//	$ dokku domains:add blog "bad domain"
//	[exit 1]
//	  !  !     bad domain is invalid. exiting...
//
//	-- root/blog/HEAD --
//
// Lines behind "|" are stdout, those behind "!" stderr. `go test -update`
// writes what was printed into the file. Instead of dokku a line may call
//
//	cat FILE, ls FOLDER          relative to the state folders root/ and lib/
//	fire TRIGGER ARG…            an Event; what handlers print is shown
//	ask TRIGGER ARG…             a Query
//	fired                        the watched triggers since the last time
//	prop ARG…, and the like      a program of the features, as their scripts call it
//
// and each may end in `< FILE`, with FILE among the files of the story. Two
// files are no state: `watch` names triggers that `fired` shows, and `answers`
// has lines `TRIGGER TEXT`: what an external plugin answers (`TRIGGER !TEXT`: it
// fails). In output $ROOT and $LIB stand for the state folders, $EPOCH for a
// time, $TIME for one of now as 2000-01-31T12:00:00Z, and $ID for the id of a container.
//
// Make gives tests that need Go the same world. RunAll and MakeAll do the same for features that are made together.
package plugintest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/internal/archive"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// New is a feature as plugins declare it.
type New func(h *plugin.Host) plugin.Plugin

// All makes features of a host that share something. What they leave behind ends with t.
type All func(t testing.TB, h *plugin.Host) []plugin.Plugin

// together is the All of features that share nothing.
func together(plugins []New) All {
	return func(_ testing.TB, h *plugin.Host) []plugin.Plugin {
		var all []plugin.Plugin
		for _, p := range plugins {
			all = append(all, p(h))
		}
		return all
	}
}

// World is a host with some plugins.
type World struct {
	Host  *plugin.Host
	Table *command.Table
	// Programs are what scripts call, such as prop.
	Programs *command.Table
	// Answers is what an external plugin prints for a trigger; a text that
	// begins with ! makes it fail with what follows.
	Answers map[string]string
	// Watched are triggers that Fired records besides those in Answers.
	Watched map[string]bool
	// Fired are the recorded triggers, each as "NAME ARG…".
	Fired []string

	dir   string
	began time.Time
}

// Make makes a world with empty state folders.
func Make(t testing.TB, plugins ...New) *World {
	t.Helper()
	return MakeAll(t, together(plugins))
}

// MakeAll is Make for features that are made together.
func MakeAll(t testing.TB, features All) *World {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "root"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		t.Fatal(err)
	}
	w := &World{dir: dir, began: time.Now().Truncate(time.Second), Answers: map[string]string{}, Watched: map[string]bool{}}
	w.Host = &plugin.Host{
		Store: store, Names: docker.Names{}, Log: slog.New(slog.DiscardHandler), Bus: trigger.NewBus((*outsider)(w)),
	}
	all := features(t, w.Host)
	if w.Table, err = plugin.Table(w.Host, all...); err != nil {
		t.Fatal(err)
	}
	if w.Programs, err = plugin.Programs(w.Host, w.Table, all...); err != nil {
		t.Fatal(err)
	}
	return w
}

// Result is what a command printed and its exit code.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Dokku runs one command line as root.
func (w *World) Dokku(argv ...string) Result { return w.Run(Root, "", argv...) }

// Root is who calls where nobody else is named.
var Root = command.Actor{User: "root", Root: true}

// Program runs a program of the features as the system user's scripts do.
func (w *World) Program(stdin string, argv ...string) Result {
	return w.run(w.Programs, command.Actor{User: "dokku"}, stdin, argv)
}

// Run runs one command line.
func (w *World) Run(actor command.Actor, stdin string, argv ...string) Result {
	return w.run(w.Table, actor, stdin, argv)
}

func (w *World) run(table *command.Table, actor command.Actor, stdin string, argv []string) Result {
	var stdout, stderr bytes.Buffer
	call := &command.Call{
		Actor: actor, In: strings.NewReader(stdin), Out: command.NewOutput(&stdout, &stderr), Files: files{w.dir},
	}
	code := table.Run(context.Background(), call, argv)
	return Result{w.hide(stdout.String()), w.hide(stderr.String()), code}
}

// Fire fires a trigger as an Event.
func (w *World) Fire(name string, args ...string) Result {
	var stdout, stderr bytes.Buffer
	out := command.NewOutput(&stdout, &stderr)
	ctx := trigger.WithFiles(trigger.WithOutput(context.Background(), strings.NewReader(""), out), files{w.dir})
	err := w.Host.Bus.Event(ctx, name, args...)
	return w.result(stdout.String(), stderr.String(), err)
}

// Ask fires a trigger as a Query.
func (w *World) Ask(name string, args ...string) Result {
	answer, err := w.Host.Bus.Query(context.Background(), name, args...)
	if answer != "" {
		answer += "\n"
	}
	return w.result(answer, "", err)
}

func (w *World) result(stdout, stderr string, err error) Result {
	if err != nil && !errors.As(err, new(command.Exit)) {
		stderr += err.Error() + "\n"
	}
	return Result{w.hide(stdout), w.hide(stderr), command.ExitCode(err)}
}

// epoch is a time of today in seconds since 1970.
var epoch = regexp.MustCompile(`\b1[0-9]{9}\b`)

// hide puts names in place of what is different in every run: the paths of the
// state folders and times.
func (w *World) hide(text string) string {
	text = epoch.ReplaceAllString(text, "$$EPOCH")
	return strings.NewReplacer(w.Host.Store.Root(), "$ROOT", w.Host.Store.Lib(), "$LIB", w.dir, "$DIR").Replace(text)
}

// files opens files of the caller below a folder.
type files struct{ dir string }

func (f files) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(f.dir, name))
}

func (f files) Path(name string) string { return filepath.Join(f.dir, name) }

func (f files) MakeFolder(ctx context.Context, name string, tree io.Reader) error {
	if err := os.Mkdir(f.Path(name), 0o755); err != nil {
		return command.Fail("Cannot make the folder %s: %w", name, errors.Unwrap(err))
	}
	_, err := archive.Unpack(ctx, tree, archive.Tar, f.Path(name), archive.Limits{Files: 1000, Bytes: 1 << 20})
	return err
}

// outsider is an external plugin that records triggers and answers some.
type outsider World

func (o *outsider) Replaces(string) bool { return false }

func (o *outsider) Handlers(name string) []trigger.Handler {
	answer, answered := o.Answers[name]
	if !answered && !o.Watched[name] {
		return nil
	}
	return []trigger.Handler{{Plugin: "zz-outsider", Trigger: name, Run: func(_ context.Context, c *trigger.Call) error {
		o.Fired = append(o.Fired, strings.Join(append([]string{name}, c.Args...), " "))
		if reason, fails := strings.CutPrefix(answer, "!"); fails {
			return errors.New(reason)
		}
		_, err := io.WriteString(c.Out, answer)
		return err
	}}}
}
