package logs_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/logs"
	"github.com/slipwayhq/slipway/state"
)

// deployed is the app alpha on a fake engine.
type deployed struct {
	*plugintest.World
	t      *testing.T
	engine *fake.Engine
}

func deploy(t *testing.T) deployed {
	t.Helper()
	engine := fake.New()
	engine.AddImage(docker.Image{Tags: []string{"dokku/alpha:latest"}, Cmd: []string{"serve"}})
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = engine
		return logs.Plugin(h)
	})
	for _, err := range []error{
		w.Host.Store.MkdirAll(w.Host.Store.AppDir("alpha"), 0o755),
		w.Host.Store.Set(state.Property{Plugin: "common", Name: "deployed"}, "alpha", "true"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return deployed{w, t, engine}
}

// start starts a container of alpha; name is what follows "alpha.".
func (d deployed) start(dyno, name string) (id string) {
	d.t.Helper()
	process, _, _ := strings.Cut(dyno, ".")
	labels := d.Host.Names.Labels(docker.Labelled{App: "alpha", ContainerType: "deploy", Process: process, Dyno: dyno})
	id, err := d.engine.Create(context.Background(), append(docker.LabelArgs(labels), "--name=alpha."+name, "dokku/alpha:latest"))
	if err == nil {
		err = d.engine.Start(context.Background(), id)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

// writes lets a container write a line, a second after whatever was before.
func (d deployed) writes(id, stdout, stderr string) {
	<-time.After(time.Second) // in the time of the bubble
	d.engine.Write(id, stdout, stderr)
	synctest.Wait()
}

func TestLinesOfAllProcessesAreMergedByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t)
		worker, web2, web1 := d.start("worker.1", "worker.1"), d.start("web.2", "web.2"), d.start("web.1", "web.1")
		d.start("web.1", "web.1.1795245632-4f1c09") // retired
		d.writes(web1, "one\n", "")
		d.writes(worker, "two\n", "")
		d.writes(web1, "", "three\n")
		d.writes(web2, "four\n", "")
		d.writes(web1, "five\n", "")

		for _, test := range []struct {
			args string
			want string
		}{
			{"logs alpha", `2000-01-01T00:00:01Z app[web.1]: one
2000-01-01T00:00:02Z app[worker.1]: two
2000-01-01T00:00:03Z app[web.1]: three
2000-01-01T00:00:04Z app[web.2]: four
2000-01-01T00:00:05Z app[web.1]: five
`},
			{"logs alpha -n 1 --quiet", "two\nfour\nfive\n"},
			{"logs alpha -q --ps web", "one\nthree\nfour\nfive\n"},
			{"logs -p worker alpha -q", "two\n"},
			{"logs alpha -q -p web.2", "four\n"},
			{"logs alpha -q -p nothing", ""},
			{"logs alpha -q -n 0", ""},
		} {
			got := d.Dokku(strings.Fields(test.args)...)
			stamps := strings.ReplaceAll(got.Stdout, ".000000000Z", "Z")
			if stamps != test.want || got.Code != 0 {
				t.Errorf("%s: exit %d\n%s%s\nwant\n%s", test.args, got.Code, got.Stdout, got.Stderr, test.want)
			}
		}
		if got := d.Dokku("logs", "alpha", "-n", "-1"); got.Code != 1 || !strings.Contains(got.Stderr, "Invalid number of lines") {
			t.Errorf("%+v", got)
		}
	})
}

func TestProcessesHaveColoursOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t)
		d.writes(d.start("worker.1", "worker.1"), "two\n", "")
		d.writes(d.start("web.1", "web.1"), "one\n", "")
		var out bytes.Buffer
		call := &command.Call{Actor: plugintest.Root, Out: command.NewOutput(&out, &out).WithColor(true)}
		d.Table.Run(t.Context(), call, []string{"logs", "alpha"})
		// web comes first, and gets the first colour.
		got := strings.ReplaceAll(out.String(), ".000000000Z", "Z")
		want := "\x1b[33m2000-01-01T00:00:01Z app[worker.1]:\x1b[0m two\n\x1b[36m2000-01-01T00:00:02Z app[web.1]:\x1b[0m one\n"
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// shows takes what is on the screen of somebody who follows, and compares.
func shows(t *testing.T, screen *dockertest.Buffer, want string) {
	t.Helper()
	synctest.Wait()
	if got := screen.Take(); got != want {
		t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
	}
}

func TestFollowingGoesOnThroughRestartAndDeploy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t)
		web, worker := d.start("web.1", "web.1"), d.start("worker.1", "worker.1")
		d.writes(web, "long ago\nbefore\n", "")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var seen dockertest.Buffer
		ended := make(chan int)
		go func() {
			call := &command.Call{Actor: plugintest.Root, Out: command.NewOutput(&seen, &seen)}
			ended <- d.Table.Run(ctx, call, strings.Fields("logs alpha -t -q -n 1 -p web"))
		}()
		synctest.Wait()
		shows(t, &seen, "before\n")

		d.writes(web, "after\n", "")
		d.writes(worker, "not asked for\n", "")
		shows(t, &seen, "after\n")

		if err := d.engine.Stop(ctx, web, 0); err != nil {
			t.Fatal(err)
		}
		if err := d.engine.Start(ctx, web); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d.writes(web, "restarted\n", "")
		shows(t, &seen, "restarted\n")

		next := d.start("web.1", "web.1.upcoming-4711")
		d.writes(next, "deployed\n", "")
		shows(t, &seen, "deployed\n")
		other := d.start("web.2", "web.2")
		if err := d.engine.Remove(ctx, web); err != nil {
			t.Fatal(err)
		}
		d.writes(other, "scaled\n", "")
		shows(t, &seen, "scaled\n")

		cancel()
		if code := <-ended; code != 130 {
			t.Errorf("exit code %d", code)
		}
		shows(t, &seen, "")
	})
}

func TestFollowingEndsWithTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t)
		d.start("web.1", "web.1")
		gone := docker.Unreachable("unix:///run/docker.sock")
		d.engine.OnCall = func(method, _ string) error {
			if method == "Events" {
				return gone
			}
			return nil
		}
		got := d.Dokku("logs", "alpha", "-t")
		if got.Code != 1 || !strings.Contains(got.Stderr, "cannot reach the Docker engine") {
			t.Errorf("%+v", got)
		}
	})
}

func TestFailedShowsWhatAFailedDeployLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t)
		failed := d.start("web.1", "web.1.failed-4711")
		d.writes(failed, "no database\n", "giving up\n")
		foreign, err := d.engine.Create(t.Context(), []string{"--name=other", "--label=dokku=", "--label=com.dokku.app-name=other", "dokku/alpha:latest"})
		if err != nil {
			t.Fatal(err)
		}
		path := d.Host.Store.LibPath("data", "scheduler-docker-local", "alpha", "failed-containers")
		if err := d.Host.Store.WriteLines(path, []string{failed + " web.1", "0123456789ab web.2", foreign + " web.3", "-rf ../"}, 0o644); err != nil {
			t.Fatal(err)
		}
		got := d.Dokku("logs:failed", "alpha")
		wantErr := " !     App container 0123456789ab no longer running\n !     App container -rf no longer running\n"
		if got.Stdout != "=====> alpha failed deploy logs\nno database\ngiving up\n" || got.Stderr != wantErr || got.Code != 0 {
			t.Errorf("%+v", got)
		}
	})
}
