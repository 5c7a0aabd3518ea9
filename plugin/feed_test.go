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
