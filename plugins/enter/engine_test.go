package enter_test

import (
	"io"
	"testing"

	"github.com/creack/pty"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/enter"
	"github.com/slipwayhq/slipway/state"
)

// deployReal runs web.1 of the app alpha on a real engine.
func deployReal(t *testing.T) *plugintest.World {
	t.Helper()
	engine := dockertest.Connect(t)
	names := docker.Names{Instance: dockertest.Name(t)}
	image := dockertest.BusyBox(t, engine)
	labels := names.Labels(docker.Labelled{App: "alpha", ContainerType: "deploy", Process: "web", Dyno: "web.1"})
	id := dockertest.CreateWith(t, engine, append(docker.LabelArgs(labels), "--env=DYNO=web.1"), image, "sleep", "1000")
	if err := engine.Rename(t.Context(), id, names.Container("alpha", "web", 1)); err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker, h.CLI, h.Names = engine, engine.CLI(), names
		return enter.Plugin(h)
	})
	for _, err := range []error{
		w.Host.Store.MkdirAll(w.Host.Store.AppDir("alpha"), 0o755),
		w.Host.Store.Set(state.Property{Plugin: "common", Name: "deployed"}, "alpha", "true"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestEnterARealContainer(t *testing.T) {
	w := deployReal(t)
	for _, test := range []struct {
		stdin string
		argv  []string
		want  plugintest.Result
	}{
		{"", []string{"alpha", "web", "echo", "hi"}, plugintest.Result{Stdout: "hi\n"}},
		{"", []string{"alpha", "web.1", "--", "sh", "-c", "echo $DYNO; echo err >&2; exit 6"}, plugintest.Result{Stdout: "web.1\n", Stderr: "err\n", Code: 6}},
		{"typed", []string{"-i", "alpha", "web", "cat"}, plugintest.Result{Stdout: "typed"}},
		{"for another", []string{"alpha", "web", "cat"}, plugintest.Result{}},
		{"echo from $0; exit 3\n", []string{"--interactive", "alpha"}, plugintest.Result{Stdout: "from /bin/sh\n", Code: 3}}, // BusyBox has no bash
	} {
		if got := w.Run(plugintest.Root, test.stdin, append([]string{"enter"}, test.argv...)...); got != test.want {
			t.Errorf("%q: %+v, want %+v", test.argv, got, test.want)
		}
	}
}

func TestEnterOnATerminal(t *testing.T) {
	w := deployReal(t)
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	var seen dockertest.Buffer
	go func() { _, _ = io.Copy(&seen, master) }() // ends with the terminal
	call := &command.Call{Actor: plugintest.Root, In: slave, Out: command.NewOutput(slave, slave), TTY: terminal(slave.Name())}
	ended := make(chan int)
	go func() { ended <- w.Table.Run(t.Context(), call, []string{"enter", "alpha"}) }()
	seen.EventuallyShows(t, "# ")
	if _, err := master.WriteString("tty; exit 4\n"); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 4 {
		t.Errorf("exit code %d", code)
	}
	seen.EventuallyShows(t, "/dev/pts/")
}

type terminal string

func (t terminal) Name() string { return "xterm" }
func (t terminal) Path() string { return string(t) }
