package record_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/state"
)

func newStore(t *testing.T) *state.Store {
	t.Helper()
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func start(t *testing.T, book *record.Book, app string) *record.Run {
	t.Helper()
	run, err := book.Start(app, record.KindBuild, "git-hook", func() {})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func load(t *testing.T, book *record.Book, app, id string) record.Build {
	t.Helper()
	b, err := book.Load(app, id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestIDsSortByTime(t *testing.T) {
	at := time.UnixMilli(1795245465131)
	if id := record.NewID(at); !regexp.MustCompile(`^mwq2sqaz[a-z0-9]{6}$`).MatchString(id) {
		t.Errorf("%s", id)
	}
	if early, late := record.NewID(at), record.NewID(at.Add(time.Millisecond)); early >= late {
		t.Errorf("%s is not before %s", early, late)
	}
	if one, other := record.NewID(at), record.NewID(at); one == other {
		t.Error("twice the same")
	}
}

func TestARecordIsAsDokkuWritesIt(t *testing.T) {
	store := newStore(t)
	book := record.NewBook(store)
	run := start(t, book, "web1")
	fmt.Fprintln(run, "-----> Building")
	if b := load(t, book, "web1", run.ID); b.Status != record.Running || b.FinishedAt != nil || b.ExitCode != nil {
		t.Errorf("%+v", b)
	}
	if err := run.Finish(record.Failed, 3); err != nil {
		t.Fatal(err)
	}
	b := load(t, book, "web1", run.ID)
	if b.Status != record.Failed || *b.ExitCode != 3 || b.FinishedAt.Before(b.StartedAt) || b.PID != os.Getpid() || b.Source != "git-hook" {
		t.Errorf("%+v", b)
	}
	data, err := os.ReadFile(store.LibPath("data", "builds", "web1", run.ID+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "app", "kind", "pid", "started_at", "finished_at", "status", "source", "exit_code"} {
		if fields[name] == nil {
			t.Errorf("no %s in %s", name, data)
		}
	}
	if len(fields) != 9 {
		t.Errorf("%s", data)
	}
	log, err := os.ReadFile(book.LogPath("web1", run.ID))
	if err != nil || string(log) != "-----> Building\n" {
		t.Errorf("%s %v", log, err)
	}
	if info, err := os.Stat(book.LogPath("web1", run.ID)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the log may hold secrets: %v %v", info.Mode(), err)
	}
}

// A control plane that was killed leaves records that say "running", under a
// process ID that may be ours now (in a container it always is 1).
func TestARecordFromBeforeARestartIsAbandoned(t *testing.T) {
	store := newStore(t)
	run := start(t, record.NewBook(store), "web1")
	restarted := record.NewBook(store)
	if b := load(t, restarted, "web1", run.ID); b.Status != record.Abandoned {
		t.Errorf("%+v", b)
	}
	if _, running := restarted.Current("web1"); running {
		t.Error("it counts as running")
	}
	if err := restarted.Prune("web1", 20); err != nil {
		t.Fatal(err)
	}
	if b := load(t, restarted, "web1", run.ID); b.Status != record.Failed || *b.ExitCode != -1 || b.FinishedAt == nil {
		t.Errorf("%+v", b)
	}
}

func TestARecordOfAnotherProcessLivesAsLongAsItDoes(t *testing.T) {
	book := record.NewBook(newStore(t))
	sleep := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	build := record.Build{ID: "abc", App: "web1", PID: sleep.Process.Pid, StartedAt: time.Now(), Status: record.Running}
	if err := book.Write(build); err != nil {
		t.Fatal(err)
	}
	if b := load(t, book, "web1", "abc"); b.Status != record.Running {
		t.Errorf("%+v", b)
	}
	// The same number in a record from before the process began is another one's.
	build.ID, build.StartedAt = "def", time.Now().Add(-time.Hour)
	if err := book.Write(build); err != nil {
		t.Fatal(err)
	}
	if b := load(t, book, "web1", "def"); b.Status != record.Abandoned {
		t.Errorf("%+v", b)
	}
	_ = sleep.Process.Kill()
	_ = sleep.Wait()
	if b := load(t, book, "web1", "abc"); b.Status != record.Abandoned {
		t.Errorf("%+v", b)
	}
}

func TestListIsNewestFirstAndTakesNoNotice(t *testing.T) {
	store := newStore(t)
	book := record.NewBook(store)
	if all, err := book.List("web1"); err != nil || len(all) != 0 || all == nil {
		t.Errorf("%v %v", all, err)
	}
	for i, id := range []string{"b", "c", "a"} {
		build := record.Build{ID: id, App: "web1", StartedAt: time.Unix(int64(i/2), 0), Status: record.Succeeded}
		if err := book.Write(build); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"broken.json": "{", "x.log": "", ".tmp-a.json-1": "", "Bad Name.json": "{}"} {
		if err := store.WriteFile(store.LibPath("data", "builds", "web1", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, err := book.List("web1")
	var order []string
	for _, b := range all {
		order = append(order, b.ID)
	}
	if got := strings.Join(order, " "); err != nil || got != "a c b" {
		t.Errorf("%s %v", got, err)
	}
}

// Security: an ID comes from the command line and becomes part of a path.
func TestWhatIsNoIDIsNotFound(t *testing.T) {
	book := record.NewBook(newStore(t))
	for _, id := range []string{"", ".", "..", "../web1/a", "a/b", "A", "a b", "a\x00", strings.Repeat("a", 65), "*", "-rf"} {
		if _, err := book.Load("web1", id); !errors.Is(err, record.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
		if err := book.Write(record.Build{ID: id, App: "web1"}); err == nil {
			t.Errorf("%q was written", id)
		}
		if err := book.Copy(t.Context(), "web1", id, false, &bytes.Buffer{}); !errors.Is(err, record.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestCancelEndsTheNewestBuildOfTheAppOnce(t *testing.T) {
	book := record.NewBook(newStore(t))
	if _, found := book.Cancel("web1"); found {
		t.Error("something was cancelled")
	}
	other := start(t, book, "web2")
	calls := 0
	run, err := book.Start("web1", record.KindDeploy, "ps:restart", func() { calls++ })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if b, found := book.Cancel("web1"); !found || b.ID != run.ID {
			t.Errorf("%+v %v", b, found)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	if err := run.Finish(record.Failed, 1); err != nil {
		t.Fatal(err)
	}
	if b := load(t, book, "web1", run.ID); b.Status != record.Canceled {
		t.Errorf("%+v", b)
	}
	if b, running := book.Current("web2"); !running || b.ID != other.ID {
		t.Errorf("%+v", b)
	}
}

func TestABuildThatSucceededDespiteCancelSucceeded(t *testing.T) {
	book := record.NewBook(newStore(t))
	run := start(t, book, "web1")
	book.Cancel("web1")
	if err := run.Finish(record.Succeeded, 0); err != nil {
		t.Fatal(err)
	}
	if b := load(t, book, "web1", run.ID); b.Status != record.Succeeded {
		t.Errorf("%+v", b)
	}
}

func TestPruneKeepsTheNewestAndThoseUnderWay(t *testing.T) {
	store := newStore(t)
	book := record.NewBook(store)
	running := start(t, book, "web1")
	var ids []string
	for range 5 {
		run := start(t, book, "web1")
		if err := run.Finish(record.Succeeded, 0); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, run.ID)
	}
	if err := book.Prune("web1", 2); err != nil {
		t.Fatal(err)
	}
	all, err := book.List("web1")
	if err != nil || len(all) != 3 || all[0].ID != ids[4] || all[1].ID != ids[3] || all[2].ID != running.ID {
		t.Errorf("%+v %v", all, err)
	}
	if _, err := os.Stat(book.LogPath("web1", ids[0])); !errors.Is(err, os.ErrNotExist) {
		t.Error("a log is left")
	}
}

func TestCopyFollowsToTheEnd(t *testing.T) {
	book := record.NewBook(newStore(t))
	run := start(t, book, "web1")
	fmt.Fprintln(run, "first")
	var seen bytes.Buffer
	done := make(chan error)
	go func() { done <- book.Copy(t.Context(), "web1", run.ID, true, &seen) }()
	fmt.Fprintln(run, "second")
	if err := run.Finish(record.Succeeded, 0); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || seen.String() != "first\nsecond\n" {
		t.Errorf("%q %v", seen.String(), err)
	}
}

func TestCopyEndsWithItsContext(t *testing.T) {
	book := record.NewBook(newStore(t))
	run := start(t, book, "web1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := book.Copy(ctx, "web1", run.ID, true, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := os.Remove(book.LogPath("web1", run.ID)); err != nil {
		t.Fatal(err)
	}
	if err := book.Copy(t.Context(), "web1", run.ID, true, &bytes.Buffer{}); !errors.Is(err, record.ErrNoLog) {
		t.Error(err)
	}
}

func TestALogDoesNotGrowForEver(t *testing.T) {
	book := record.NewBook(newStore(t))
	run := start(t, book, "web1")
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range 70 {
		if n, err := run.Write(block); n != len(block) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := run.Finish(record.Succeeded, 0); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(book.LogPath("web1", run.ID))
	if err != nil || info.Size() > 65<<20 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
}

func TestBuildsOfManyAppsAtOnce(t *testing.T) {
	book := record.NewBook(newStore(t))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			app := fmt.Sprintf("app%d", i)
			run := start(t, book, app)
			for n := range 20 {
				fmt.Fprintln(run, n)
				if _, err := book.List(app); err != nil {
					t.Error(err)
				}
			}
			if err := run.Finish(record.Succeeded, 0); err != nil {
				t.Error(err)
			}
			if b := load(t, book, app, run.ID); b.Status != record.Succeeded {
				t.Errorf("%+v", b)
			}
		})
	}
	group.Wait()
}

func TestAFullDiskIsReportedAndNothingRuns(t *testing.T) {
	store := newStore(t)
	book := record.NewBook(store)
	// A file where the folder should be stands for a disk that cannot be written to.
	if err := store.WriteFile(store.LibPath("data", "builds"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Start("web1", record.KindBuild, "git-hook", func() {}); err == nil || !strings.Contains(err.Error(), "cannot start a build record of web1") {
		t.Error(err)
	}
	if _, running := book.Current("web1"); running {
		t.Error("it counts as running")
	}
}

func TestKindOf(t *testing.T) {
	for source, want := range map[string]record.Kind{"git-hook": record.KindBuild, "ps:rebuild": record.KindBuild, "ps:restart": record.KindDeploy, "unheard-of": record.KindDeploy} {
		if got := record.KindOf(source); got != want {
			t.Errorf("%s: %s", source, got)
		}
	}
}
