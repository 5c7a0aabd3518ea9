package trigger_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

func TestHandlersPrintAsTheirCommandDoes(t *testing.T) {
	bus := trigger.NewBus(nil)
	bus.Handle(trigger.Handler{Plugin: "a", Trigger: "greet", Run: func(_ context.Context, c *trigger.Call) error {
		c.Output().Headers().Step("hello")
		c.Output().Line("%s", c.Arg(0))
		return nil
	}})
	for _, quiet := range []bool{false, true} {
		var stdout bytes.Buffer
		out := command.NewOutput(&stdout, &stdout).WithQuiet(quiet)
		if err := bus.Event(trigger.WithOutput(context.Background(), strings.NewReader(""), out), "greet", "you"); err != nil {
			t.Fatal(err)
		}
		want := "-----> hello\nyou\n"
		if quiet {
			want = "you\n"
		}
		if stdout.String() != want {
			t.Errorf("quiet %v: %q", quiet, stdout.String())
		}
	}
	// The answer of a query is what handlers print, quiet or not.
	if got, err := bus.Query(context.Background(), "greet", "you"); err != nil || got != "-----> hello\nyou" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestErrorsSayWhoFailedUnlessTheyAreMeantForTheUser(t *testing.T) {
	cause := errors.New("disk full")
	for _, test := range []struct {
		err  error
		want string
	}{{cause, "b: save: disk full"}, {command.Fail("Nothing to save"), "Nothing to save"}} {
		bus := trigger.NewBus(nil)
		bus.Handle(trigger.Handler{Plugin: "b", Trigger: "save", Run: func(context.Context, *trigger.Call) error { return test.err }})
		if err := bus.Event(context.Background(), "save"); !errors.Is(err, test.err) || err.Error() != test.want {
			t.Errorf("got %v", err)
		}
	}
}
