package plugin

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// TestAHookDoesNotWaitForItsCallersInput is a regression test: every command that fired a trigger which a plugin answers hung
// until somebody pressed a key or closed the input, and took what was meant for the caller's next command.
func TestAHookDoesNotWaitForItsCallersInput(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "aaa/post-create", "echo created")
	script(t, dir, "aaa/subcommands/default", "echo default")
	silent, _ := io.Pipe()
	read := &touched{Reader: silent}
	var out bytes.Buffer
	call := &command.Call{Argv: []string{"aaa"}, In: read, Out: command.NewOutput(&out, &out)}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := trigger.NewBus(x).Event(trigger.WithCall(ctx, call), "post-create", "blog"); err != nil || out.String() != "created\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	if read.yes {
		t.Error("the hook was given what the caller sends")
	}
	if handled, err := x.Run(ctx, call); !handled || err != nil || out.String() != "created\ndefault\n" {
		t.Errorf("%v, %v, %q", handled, err, out.String())
	}
}

// touched notes that it is read.
type touched struct {
	io.Reader
	yes bool
}

func (r *touched) Read(p []byte) (int, error) {
	r.yes = true
	return r.Reader.Read(p)
}

func TestAHookIsGivenWhatIsMeantForIt(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "aaa/scheduler-run", "cat")
	var out bytes.Buffer
	ctx := trigger.WithInput(trigger.WithStreams(t.Context(), strings.NewReader("input"), &out, &out))
	if err := trigger.NewBus(x).Event(ctx, "scheduler-run"); err != nil || out.String() != "input" {
		t.Errorf("%v, %q", err, out.String())
	}
}

// One plugin after the other is offered a command, with what the caller sends: it is
// there for the one whose command it is.
func TestEachPluginIsOfferedACommandWithItsInput(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "aaa/commands", "exit 10")
	script(t, dir, "bbb/commands", `[ "$1" = import ] || exit 10; head -c 3; cat >/dev/null`)
	script(t, dir, "ccc/commands", `[ "$1" = import ] || exit 10; echo " and ccc"`)
	script(t, dir, "ddd/commands", "exit 10")
	call, out := externalCall("import")
	r, w := io.Pipe() // no file: as over SSH
	call.In = r
	go func() {
		_, _ = io.WriteString(w, "dump of a database")
		_ = w.Close()
	}()
	if handled, err := x.Run(t.Context(), call); !handled || err != nil || out.String() != "dum and ccc\n" {
		t.Errorf("%v, %v, %q", handled, err, out)
	}
	call, _ = externalCall("nobodys")
	if handled, err := x.Run(t.Context(), call); handled || err != nil {
		t.Errorf("nobody's command: %v, %v", handled, err)
	}
}
