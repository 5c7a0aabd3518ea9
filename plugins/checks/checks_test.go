package checks_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/checks"
	"github.com/slipwayhq/slipway/schedule"
)

func TestStories(t *testing.T) {
	plugintest.Run(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker, _ = engine(t, h.Names, 0)
		return checks.Plugin(h)
	})
}

// engine runs web.1 and worker.1 of the app alpha, at an address where the test
// itself may listen.
func engine(t *testing.T, names docker.Names, port int) (e *fake.Engine, ids map[string]string) {
	t.Helper()
	e, ids = fake.New(), map[string]string{}
	e.Behaviour = func(docker.Container) fake.Behaviour { return fake.Behaviour{Stdout: "ready\n", IP: "127.0.0.1"} }
	e.AddImage(docker.Image{Tags: []string{"dokku/alpha:latest"}, Cmd: []string{"serve"}})
	for _, process := range []string{"web", "worker"} {
		labels := names.Labels(docker.Labelled{App: "alpha", ContainerType: "deploy", Process: process, Dyno: process + ".1"})
		if process == "web" {
			labels[schedule.LabelPort] = strconv.Itoa(port)
		}
		args := append(docker.LabelArgs(labels), "--name="+names.Container("alpha", process, 1), "dokku/alpha:latest")
		id, err := e.Create(context.Background(), args)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Start(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		ids[process] = id
	}
	return e, ids
}

func TestRunChecksAllRunningProcesses(t *testing.T) {
	var asked http.Request
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = *r }))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	var ids map[string]string
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		var e *fake.Engine
		e, ids = engine(t, h.Names, port)
		h.Docker = e
		return checks.Plugin(h)
	})
	w.Answers["ps-current-scale"] = "worker=1\nweb=1\n"
	w.Answers["domains-list"] = "*.example.com\nalpha.example.com\n"
	w.Answers["certs-exists"] = "true\n"
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("alpha"), 0o755); err != nil {
		t.Fatal(err)
	}
	manifest := `{"healthchecks": {"web": [{"type": "startup", "name": "home", "path": "/health"}, {"type": "liveness", "path": "/live"}]}}`
	if err := w.Host.Store.WriteFile(w.Host.Store.LibPath("data", "app-json", "alpha", "app.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}

	w.Watched["check-deploy"] = true
	got := w.Dokku("checks:run", "alpha")
	want := `-----> Running pre-flight checks
-----> Running checks for app (alpha.web.1)
-----> Executing 2 healthchecks
       Running healthcheck name='home' delay=0 path='/health' retries=2 timeout=5 type='path'
       Running healthcheck name='port listening check' attempts=3 port=PORT retries=2 timeout=5 type='listening' wait=5
       Healthcheck succeeded name='home'
       Healthcheck succeeded name='port listening check'
       All checks successful (web.1)
=====> Start of alpha container output (WEB web.1)
       ready
=====> End of alpha container output (WEB web.1)
-----> Running checks for app (alpha.worker.1)
-----> Executing 1 healthchecks
       Running healthcheck name='default' type='uptime' uptime=1
       Healthcheck succeeded name='default'
       All checks successful (worker.1)
=====> Start of alpha container output (WORKER worker.1)
       ready
=====> End of alpha container output (WORKER worker.1)
`
	want = strings.NewReplacer("PORT", strconv.Itoa(port), "WEB", ids["web"][:12], "WORKER", ids["worker"][:12]).Replace(want)
	if got.Code != 0 || sortLines(got.Stdout) != sortLines(want) { // two checks run at once
		t.Errorf("exit %d\n%s%s\nwant\n%s", got.Code, got.Stdout, got.Stderr, want)
	}
	fired := []string{
		"check-deploy alpha " + ids["web"] + " web " + strconv.Itoa(port) + " 127.0.0.1",
		"check-deploy alpha " + ids["worker"] + " worker 5000 127.0.0.1",
	}
	if got := slices.DeleteFunc(w.Fired, func(f string) bool { return !strings.HasPrefix(f, "check-deploy ") }); !slices.Equal(got, fired) {
		t.Errorf("fired %q, want %q", got, fired)
	}
	if asked.Host != "alpha.example.com" || asked.URL.Path != "/health" || asked.Header.Get("X-Forwarded-Proto") != "https" {
		t.Errorf("asked for %s at %s with %v", asked.URL, asked.Host, asked.Header)
	}
}

// sortLines sorts the lines that tell of a success.
func sortLines(text string) string {
	home, port := "       Healthcheck succeeded name='home'\n", "       Healthcheck succeeded name='port listening check'\n"
	return strings.Replace(text, port+home, home+port, 1)
}
