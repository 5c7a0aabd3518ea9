package run_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/run"
)

// real is the app alpha with an image of BusyBox on a real engine.
type real struct {
	*plugintest.World
	engine *docker.Client
}

func deployReal(t *testing.T) real {
	t.Helper()
	engine := dockertest.Connect(t)
	names := docker.Names{Instance: dockertest.Name(t)}
	dockertest.Load(t, engine, dockertest.Spec{Ref: names.Image("alpha") + ":latest", Cmd: []string{"sh"}, Labels: released, Files: dockertest.BusyBoxFiles(t)})
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker, h.CLI, h.Names = engine, engine.CLI(), names
		return run.Plugin(h)
	})
	if err := w.Host.Store.SetEnv("alpha", map[string]string{"GREETING": "hello world"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("alpha"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := real{w, engine}
	t.Cleanup(func() {
		for _, c := range r.containers(t) {
			_ = engine.Remove(context.Background(), c.ID)
		}
	})
	return r
}

func (r real) containers(t *testing.T) []docker.Container {
	t.Helper()
	found, err := r.engine.List(context.Background(), docker.Filter{Labels: r.Host.Names.Owned("alpha"), All: true})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// isClean waits until no container is left.
func (r real) isClean(t *testing.T) {
	t.Helper()
	dockertest.Eventually(t, "no container is left", func() bool { return len(r.containers(t)) == 0 })
}

func TestStreamsAndExitCodeAreTheCallers(t *testing.T) {
	r := deployReal(t)
	for _, test := range []struct {
		stdin string
		argv  []string
		want  plugintest.Result
	}{
		{"", []string{"alpha", "echo", "hello"}, plugintest.Result{Stdout: "hello\n"}},
		{"", []string{"alpha", "sh", "-c", "echo out; echo err >&2; exit 7"}, plugintest.Result{Stdout: "out\n", Stderr: "err\n", Code: 7}},
		{"typed", []string{"-i", "alpha", "cat"}, plugintest.Result{Stdout: "typed"}},
		{"for another", []string{"alpha", "cat"}, plugintest.Result{}},
		{"", []string{"alpha", "sh", "-c", `echo "$GREETING"; expr "$DYNO" : run.`}, plugintest.Result{Stdout: "hello world\n4\n"}},
		{"", []string{"alpha", "sh", "-c", "exit 1"}, plugintest.Result{Code: 1}},
	} {
		if got := r.Run(plugintest.Root, test.stdin, append([]string{"run"}, test.argv...)...); got != test.want {
			t.Errorf("%q: %+v, want %+v", test.argv, got, test.want)
		}
	}
	r.isClean(t)
}

func TestACommandThatIsNotThereExitsWith127(t *testing.T) {
	r := deployReal(t)
	got := r.Dokku("run", "alpha", "nosuchcommand")
	if got.Code != 127 || !strings.Contains(got.Stderr, "nosuchcommand") {
		t.Errorf("%+v", got)
	}
	if got = r.Dokku("run", "alpha", "/etc/passwd"); got.Code != 126 {
		t.Errorf("%+v", got)
	}
	r.isClean(t)
}

func TestACallerThatGoesAwayEndsTheContainer(t *testing.T) {
	r := deployReal(t)
	ctx, cancel := context.WithCancel(t.Context())
	var out dockertest.Buffer
	ended := make(chan int)
	stdin, stdinEnd, err := os.Pipe() // open for as long as the test: nobody types
	if err != nil {
		t.Fatal(err)
	}
	defer stdinEnd.Close()
	defer stdin.Close()
	go func() {
		call := &command.Call{Actor: plugintest.Root, In: stdin, Out: command.NewOutput(&out, &out)}
		ended <- r.Table.Run(ctx, call, []string{"run", "alpha", "sh", "-c", "echo started; sleep 1000"})
	}()
	out.EventuallyShows(t, "started")
	cancel()
	if code := <-ended; code != 130 {
		t.Errorf("exit code %d", code)
	}
	r.isClean(t)
}

func TestADeadlineEndsTheContainer(t *testing.T) {
	r := deployReal(t)
	got := r.Dokku("run", "--ttl-seconds", "1", "alpha", "sleep", "1000")
	if got.Code != 124 || got.Stderr != " !     The container has run for 1 seconds and is stopped\n" {
		t.Errorf("%+v", got)
	}
	r.isClean(t)
}

func TestTheCallersTerminalIsTheContainers(t *testing.T) {
	r := deployReal(t)
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	if err := pty.Setsize(master, &pty.Winsize{Rows: 33, Cols: 99}); err != nil {
		t.Fatal(err)
	}
	var seen dockertest.Buffer
	go func() { _, _ = io.Copy(&seen, master) }() // ends with the terminal
	call := &command.Call{Actor: plugintest.Root, In: slave, Out: command.NewOutput(slave, slave), TTY: terminal(slave.Name())}
	ended := make(chan int)
	go func() {
		ended <- r.Table.Run(t.Context(), call, []string{"run", "alpha", "sh", "-c", "tty; read line; stty size; echo got $line; exit 5"})
	}()
	seen.EventuallyShows(t, "/dev/pts/")
	// Docker's command line misses a change in the moment between its first look at the size and its wait for the
	// signal, so the size changes until one arrives.
	size := pty.Winsize{Rows: 44, Cols: 111}
	dockertest.Eventually(t, "the size arrives", func() bool {
		size.Cols ^= 1
		if err := pty.Setsize(master, &size); err != nil {
			t.Fatal(err)
		}
		return strings.HasPrefix(r.execIn(t, "stty", "-F", "/dev/pts/0", "size"), "44 ")
	})
	if _, err := master.WriteString("typed\n"); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 5 {
		t.Errorf("exit code %d", code)
	}
	seen.EventuallyShows(t, "got typed")
	seen.EventuallyShows(t, "44 11")
	r.isClean(t)
}

// execIn runs a command in the one container there is.
func (r real) execIn(t *testing.T, argv ...string) string {
	t.Helper()
	var out bytes.Buffer
	for _, c := range r.containers(t) {
		_, _ = r.engine.Exec(t.Context(), c.ID, docker.ExecOptions{Cmd: argv}, nil, &out, nil)
	}
	return out.String()
}

type terminal string

func (t terminal) Name() string { return "xterm" }
func (t terminal) Path() string { return string(t) }
