package shell_test

import (
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storytest"
)

func TestStories(t *testing.T) { storytest.Run(t) }

type terminal string

func (t terminal) Name() string { return "xterm" }
func (t terminal) Path() string { return string(t) }

func TestLinesAreEditedAtATerminal(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
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
	go func() { ended <- w.Table.Run(t.Context(), call, []string{"shell"}) }()
	seen.EventuallyShows(t, "dokku> ")
	// A line that Ctrl-C empties, one that a backspace mends, and the one before again.
	for _, typed := range []string{"nosuch\x03apps:lisx\x7ft\r", "\x1b[A\r", "exit\r"} {
		if _, err := master.WriteString(typed); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(typed, "nosuch") {
			seen.EventuallyShows(t, "web1\r\n")
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	seen.EventuallyShows(t, "exit")
	text := seen.String()
	if strings.Count(text, "web1\r\n") != 2 || strings.Contains(text, "not a dokku command") {
		t.Errorf("%q", text)
	}
}
