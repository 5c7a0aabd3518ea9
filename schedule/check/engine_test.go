package check_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/schedule/check"
)

// result is what one run of checks against a real container gave.
type result struct {
	stdout, stderr string
	err            error
	took           time.Duration
}

// run starts a container of BusyBox and checks it as web.1.
func run(t *testing.T, config check.Config, argv ...string) result {
	t.Helper()
	t.Parallel()
	engine := dockertest.Connect(t)
	image := dockertest.BusyBox(t, engine)
	id := dockertest.Create(t, engine, image, argv...)
	if err := engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	container, err := engine.Inspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), dockertest.Patience)
	defer cancel()
	target := check.Target{App: "blog", Process: "web", Index: 1, ContainerID: id, IP: container.IP(), Port: 5000, Host: "blog.example.com"}
	var stdout, stderr bytes.Buffer
	began := time.Now()
	err = check.Run(ctx, engine, target, config, command.NewOutput(&stdout, &stderr))
	return result{stdout: stdout.String(), stderr: stderr.String(), err: err, took: time.Since(began)}
}

func mustContain(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}

const server = `mkdir -p /www && echo hello > /www/index.html && exec httpd -f -p 5000 -h /www`

func TestAWebProcessIsReadyWhenItsPortAcceptsAConnection(t *testing.T) {
	r := run(t, check.Config{Web: true}, "sh", "-c", "sleep 0.3; "+server)
	if r.err != nil {
		t.Fatal(r.err, r.stderr)
	}
	if r.took > 5*time.Second {
		t.Errorf("took %v", r.took)
	}
	mustContain(t, r.stdout, "-----> Executing 1 healthchecks\n",
		"       Running healthcheck name='port listening check' attempts=1 port=5000 retries=0 timeout=30 type='listening' wait=0\n",
		"       Healthcheck succeeded name='port listening check'\n",
		"       All checks successful (web.1)\n")
}

func TestChecksOfAppJSONRunBesideTheListeningCheck(t *testing.T) {
	r := run(t, check.Config{Web: true, Checks: []app.Healthcheck{
		{Type: "startup", Name: "port", Path: "/", Content: "hello"},
		{Type: "startup", Name: "home", Command: []string{"test", "-f", "/www/index.html"}},
	}}, "sh", "-c", server)
	if r.err != nil {
		t.Fatal(r.err, r.stderr)
	}
	mustContain(t, r.stdout, "-----> Executing 3 healthchecks\n",
		"       Running healthcheck name='port' delay=0 path='/' retries=2 timeout=5 type='path'\n",
		"       Running healthcheck name='port listening check' attempts=3 port=5000 retries=2 timeout=5 type='listening' wait=5\n",
		"       Healthcheck succeeded name='port'\n", "       Healthcheck succeeded name='home'\n")
}

func TestAProcessThatExitsFailsAtOnceWithItsCode(t *testing.T) {
	r := run(t, check.Config{Web: true}, "sh", "-c", "sleep 0.2; exit 3")
	if r.err == nil || r.err.Error() != "Could not start due to 1 failed checks (web.1)" {
		t.Fatal(r.err)
	}
	if r.took > 5*time.Second {
		t.Errorf("took %v", r.took)
	}
	mustContain(t, r.stderr, " !     web.1 exited with code 3 before its checks passed\n")
}

func TestAnAppThatListensOnLoopbackOnlyIsToldSo(t *testing.T) {
	r := run(t, check.Config{Web: true, Checks: []app.Healthcheck{{Name: "port", Listening: true, Attempts: 1, Timeout: 1}}},
		"sh", "-c", "mkdir /www; exec httpd -f -p 127.0.0.1:5000 -h /www")
	if r.err == nil {
		t.Fatal("passed")
	}
	mustContain(t, r.stderr, "container listening on expected port (5000) with unexpected IPv4 interface: expected=0.0.0.0 actual=127.0.0.1")
}

func TestAnAppThatListensOnAnotherPortIsToldWhich(t *testing.T) {
	r := run(t, check.Config{Web: true, Checks: []app.Healthcheck{{Name: "port", Listening: true, Attempts: 1, Timeout: 1}}},
		"sh", "-c", "mkdir /www; exec httpd -f -p 3000 -h /www")
	mustContain(t, r.stderr, "unexpected port: expected=5000 actual=3000. Make the app listen on 0.0.0.0:$PORT")
}

func TestAWorkerHasSettledAfterASecond(t *testing.T) {
	r := run(t, check.Config{}, "sleep", "1000")
	if r.err != nil {
		t.Fatal(r.err, r.stderr)
	}
	mustContain(t, r.stdout, "Running healthcheck name='default' type='uptime' uptime=1\n")
	if r.took > 5*time.Second {
		t.Errorf("took %v", r.took)
	}
}

func TestAFailedCommandShowsWhatItWrote(t *testing.T) {
	r := run(t, check.Config{Checks: []app.Healthcheck{
		{Name: "db", Command: []string{"sh", "-c", "echo no database; exit 4"}, Attempts: 1},
	}}, "sleep", "1000")
	if r.err == nil {
		t.Fatal("passed")
	}
	mustContain(t, r.stdout, "=====> Start healthcheck output\n       no database\n=====> End healthcheck output\n")
	mustContain(t, r.stderr, " !     Failure in name='db': the command exited with code 4\n")
}
