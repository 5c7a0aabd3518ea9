package cron_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storytest"
)

// serving is a control plane whose ticker runs, over the engine of the stories.
type serving struct {
	*plugintest.World
	t      *testing.T
	engine *fake.Engine
	serve  func(context.Context) error
	stop   func()
}

func serve(t *testing.T, appJSON string, behaviour fake.Behaviour) *serving {
	t.Helper()
	s := &serving{t: t}
	s.World = plugintest.MakeAll(t, func(t testing.TB, h *plugin.Host) []plugin.Plugin {
		all := storytest.Features(t, h)
		for _, p := range all {
			if p.Name == "cron" {
				s.serve = p.Serve
			}
		}
		return all
	})
	s.engine = s.Host.Docker.(*fake.Engine)
	s.engine.Behaviour = func(docker.Container) fake.Behaviour { return behaviour }
	if err := s.Host.Store.WriteFile(s.Host.Store.LibPath("data", "app-json", storytest.App, "app.json"), []byte(appJSON), 0o644); err != nil {
		t.Fatal(err)
	}
	s.Watched["scheduler-post-run"] = true
	s.start()
	return s
}

// start starts the ticker.
func (s *serving) start() {
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error)
	go func() { ended <- s.serve(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
}

// containers are those of runs of tasks.
func (s *serving) containers() (all []docker.Container) {
	s.t.Helper()
	found, err := s.engine.List(context.Background(), docker.Filter{Labels: map[string]string{"com.dokku.container-type": "cron"}, All: true})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range found {
		full, err := s.engine.Inspect(context.Background(), c.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, full)
	}
	return all
}

// listed is cron:list of the app.
func (s *serving) listed() (all []map[string]any) {
	s.t.Helper()
	got := s.Dokku("cron:list", storytest.App, "--format", "json")
	if err := json.Unmarshal([]byte(got.Stdout), &all); err != nil {
		s.t.Fatalf("%+v: %v", got, err)
	}
	return all
}

func TestATaskRunsInAContainerThatIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, `{"cron": [{"command": "report 'a b'", "schedule": "*/5 * * * *"}]}`, fake.Behaviour{Stdout: "done\n", Exits: true, ExitCode: 3})
		<-time.After(5*time.Minute + time.Second)
		synctest.Wait()
		if left := s.containers(); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
		one := s.listed()[0]
		if one["last_exit_code"] != 3.0 || one["last_run"] == nil || one["next_run"] == nil {
			t.Errorf("%v", one)
		}
		text, err := os.ReadFile(strings.ReplaceAll(one["log"].(string), "$LIB", s.Host.Store.Lib()))
		if err != nil || string(text) != "done\n" {
			t.Errorf("%q, %v", text, err)
		}
		if len(s.Fired) != 1 || !strings.HasPrefix(s.Fired[0], "scheduler-post-run docker-local web1 ") || !strings.HasSuffix(s.Fired[0], " 3") {
			t.Errorf("fired %q", s.Fired)
		}
		s.stop()
	})
}

func TestLabelsOfARunAndARestartInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, `{"cron": [{"command": "report 'a b'", "schedule": "*/5 * * * *", "concurrency_policy": "forbid"}]}`, fake.Behaviour{})
		<-time.After(5*time.Minute + time.Second)
		synctest.Wait()
		runs := s.containers()
		if len(runs) != 1 {
			t.Fatalf("%+v", runs)
		}
		id := s.listed()[0]["id"].(string)
		for key, want := range map[string]string{
			"com.dokku.cron-id": id, "com.dokku.container-type": "cron", "com.dokku.concurrency-policy": "forbid",
			"com.dokku.active-deadline-seconds": "86400", "com.dokku.app-name": "web1",
		} {
			if got := runs[0].Labels[key]; got != want {
				t.Errorf("label %s: %q", key, got)
			}
		}
		if !strings.HasPrefix(runs[0].Name, "web1.cron.") || !slices.Equal(runs[0].Cmd, []string{"report", "a b"}) {
			t.Errorf("%s %q", runs[0].Name, runs[0].Cmd)
		}
		s.stop() // the container goes on
		s.start()
		<-time.After(5 * time.Minute) // 00:10: forbidden, as it still runs
		synctest.Wait()
		if again := s.containers(); len(again) != 1 || again[0].ID != runs[0].ID {
			t.Fatalf("%+v", again)
		}
		if one := s.listed()[0]; one["last_exit_code"] != 1.0 || !strings.Contains(one["last_error"].(string), "web1 currently has a cron lock in place for "+id) {
			t.Errorf("%v", one)
		}
		s.engine.Exit(runs[0].ID, 0) // its end is seen by the second control plane
		synctest.Wait()
		if left := s.containers(); len(left) != 0 {
			t.Errorf("left %+v", left)
		}
		if one := s.listed()[0]; one["last_exit_code"] != 0.0 {
			t.Errorf("%v", one)
		}
		s.stop()
	})
}

func TestMissedRunsAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, `{"cron": [{"command": "report", "schedule": "*/5 * * * *"}]}`, fake.Behaviour{Exits: true})
		<-time.After(time.Minute)
		s.stop()
		<-time.After(22 * time.Minute)
		s.start()
		<-time.After(3 * time.Minute)
		synctest.Wait()
		one := s.listed()[0]
		id, last := one["id"].(string), time.Date(2000, 1, 1, 0, 20, 0, 0, time.UTC).In(time.Local).Format(time.RFC3339)
		if one["missed_runs"] != 4.0 || one["last_missed_run"] != last || one["last_exit_code"] != 0.0 {
			t.Errorf("%v", one)
		}
		want := " !     The task " + id + " has missed 4 runs, the last one at " + last + ". To make up for it: dokku cron:run web1 " + id + "\n"
		if got := s.Dokku("cron:list", "web1"); got.Stderr != want {
			t.Errorf("%+v", got)
		}
		if got := s.Dokku("cron:report", "web1", "--cron-missed-"+id); got.Stdout != "4, last "+last+"\n" {
			t.Errorf("%+v", got)
		}
		s.stop()
	})
}

func TestReplaceStopsTheRunBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, `{"cron": [{"command": "work", "schedule": "*/5 * * * *", "concurrency_policy": "replace"}]}`, fake.Behaviour{})
		<-time.After(5*time.Minute + time.Second)
		synctest.Wait()
		first := s.containers()
		<-time.After(5 * time.Minute)
		synctest.Wait()
		if now := s.containers(); len(first) != 1 || len(now) != 1 || now[0].ID == first[0].ID {
			t.Errorf("%+v\n%+v", first, now)
		}
		s.stop()
		_ = s.engine.Remove(context.Background(), s.containers()[0].ID)
	})
}

func TestAChangeIsSeenWithoutARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, `{"cron": [{"command": "work", "schedule": "*/5 * * * *"}]}`, fake.Behaviour{Exits: true})
		id := s.listed()[0]["id"].(string)
		if got := s.Dokku("cron:suspend", "web1", id); got.Code != 0 {
			t.Fatalf("%+v", got)
		}
		<-time.After(11 * time.Minute)
		synctest.Wait()
		if one := s.listed()[0]; one["last_run"] != nil || one["next_run"] != nil || one["missed_runs"] != nil {
			t.Errorf("%v", one)
		}
		if got := s.Dokku("cron:resume", "web1", id); got.Code != 0 {
			t.Fatalf("%+v", got)
		}
		<-time.After(5 * time.Minute)
		synctest.Wait()
		if one := s.listed()[0]; one["last_exit_code"] != 0.0 || one["missed_runs"] != nil {
			t.Errorf("%v", one)
		}
		s.stop()
	})
}

func TestATaskOfAPluginRunsByBash(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "out.log")
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, "", fake.Behaviour{})
		s.Answers["cron-entries"] = "* * * * *;echo a >&2;" + file
		s.Host.Exec.Env = []string{"PATH=" + os.Getenv("PATH")}
		if got := s.Fire("scheduler-cron-write"); got.Stdout != "-----> Updated schedule file\n" {
			t.Fatalf("%+v", got)
		}
		<-time.After(time.Minute + time.Second)
		s.stop() // waits for it
	})
	if text, err := os.ReadFile(file); err != nil || string(text) != "a\n" {
		t.Errorf("%q, %v", text, err)
	}
}
