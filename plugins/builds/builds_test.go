package builds_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/builds"
)

func TestStories(t *testing.T) {
	plugintest.Run(t, func(h *plugin.Host) plugin.Plugin { return builds.Plugin(h, record.NewBook(h.Store)) })
}

// world has the app web1 and a build of it under way.
func world(t *testing.T, cancel context.CancelFunc) (*plugintest.World, *record.Run) {
	t.Helper()
	var book *record.Book
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		book = record.NewBook(h.Store)
		return builds.Plugin(h, book)
	})
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("web1"), 0o755); err != nil {
		t.Fatal(err)
	}
	run, err := book.Start("web1", record.KindBuild, "git-hook", cancel)
	if err != nil {
		t.Fatal(err)
	}
	return w, run
}

func TestABuildUnderWayIsListedForAllApps(t *testing.T) {
	w, run := world(t, func() {})
	got := w.Dokku("builds:list").Stdout
	want := fmt.Sprintf("App   Build ID        Kind   PID     Source    Started\nweb1  %s  build  %-6d  git-hook  %s\n",
		run.ID, run.PID, run.StartedAt.Format("2006-01-02T15:04:05Z07:00"))
	if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := run.Finish(record.Succeeded, 0); err != nil {
		t.Fatal(err)
	}
	if got := w.Dokku("builds:list").Stdout; got != "No builds currently running\n" {
		t.Errorf("after its end: %s", got)
	}
}

func TestCancelEndsTheBuildUnderWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, run := world(t, cancel)
	if got := w.Dokku("builds:cancel", "web1"); got.Stdout != "-----> Killing app deploy\n" || got.Code != 0 {
		t.Errorf("%+v", got)
	}
	<-ctx.Done()
	if err := run.Finish(record.Failed, 130); err != nil {
		t.Fatal(err)
	}
	if got := w.Dokku("builds:report", "web1", "--build-status").Stdout; got != "canceled\n" {
		t.Errorf("status %s", got)
	}
}

func TestCancelReadsTheDeployLock(t *testing.T) {
	w, run := world(t, func() {})
	if err := run.Finish(record.Succeeded, 0); err != nil {
		t.Fatal(err)
	}
	sleep := exec.CommandContext(t.Context(), "sleep", "600")
	sleep.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	lock := w.Host.Store.DeployLockPath("web1")
	record := func(id, status string, pid int) {
		t.Helper()
		text := fmt.Sprintf(`{"id":%q,"app":"web1","kind":"build","pid":%d,"started_at":%q,"status":%q,"source":"git-hook"}`,
			id, pid, time.Now().UTC().Format(time.RFC3339), status)
		if err := w.Host.Store.WriteFile(w.Host.Store.DataDir("builds", "web1")+"/"+id+".json", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	record("done01", "succeeded", 1)
	record("abnd01", "running", 999999999)
	record("live01", "running", sleep.Process.Pid)
	for _, c := range []struct {
		lock, want, status string
		stays              bool
	}{
		{"done01\n", "Build done01 is no longer running (status=succeeded); leaving record untouched", "succeeded", true},
		{"abnd01\n", "Build was already terminated, marking failed", "failed", false},
		{"none01\n", "No build record for none01, removing stale lock file", "", false},
		{"", "No matching app deploy found", "", true},
		{"apps:lock\n", "App not currently deploying", "", true},
		{"live01", "Killing app deploy", "canceled", false},
	} {
		if err := w.Host.Store.WriteFile(lock, []byte(c.lock), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := w.Dokku("builds:cancel", "web1"); got.Stdout != "-----> "+c.want+"\n" || got.Code != 0 {
			t.Errorf("%q: %+v", c.lock, got)
		}
		if _, err := os.Stat(lock); (err == nil) != c.stays {
			t.Errorf("%q: the lock: %v", c.lock, err)
		}
		if info := w.Dokku("builds:info", "web1", strings.TrimSpace(c.lock)); c.status != "" && !strings.Contains(info.Stdout, c.status) {
			t.Errorf("%q: %+v", c.lock, info)
		}
	}
	if err := sleep.Wait(); err == nil {
		t.Error("the process of the build goes on")
	}
}

func TestOutputFollowsTheBuildUnderWay(t *testing.T) {
	w, run := world(t, func() {})
	fmt.Fprintln(run, "first")
	ended := make(chan int)
	var seen watched
	seen.wanted = map[string]chan struct{}{"first": make(chan struct{}), "second": make(chan struct{})}
	go func() {
		call := &command.Call{Actor: plugintest.Root, Out: command.NewOutput(&seen, &seen)}
		ended <- w.Table.Run(t.Context(), call, []string{"builds:output", "web1", "current"})
	}()
	<-seen.wanted["first"]
	fmt.Fprintln(run, "second")
	<-seen.wanted["second"]
	if err := run.Finish(record.Succeeded, 0); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// watched closes the channel of a text once it was written.
type watched struct {
	text   strings.Builder
	wanted map[string]chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.text.Write(p)
	for text, seen := range w.wanted {
		if strings.Contains(w.text.String(), text) {
			select {
			case <-seen:
			default:
				close(seen)
			}
		}
	}
	return len(p), nil
}
