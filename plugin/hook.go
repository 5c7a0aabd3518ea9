package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// Trace is whether hooks of external plugins are shown while they run; plugin:trace writes it.
var Trace = state.Property{Plugin: "plugin", Name: "trace", Scope: state.GlobalOnly, Default: "off", Internal: true}

// hook is a trigger that one plugin answers.
type hook struct {
	plugin  Installed
	trigger string
	args    []string
	stderr  io.Writer // of the command that it is part of
}

// do runs a hook. It is ended when its time is over, and shown when plugin:trace is on.
func (x *External) do(ctx context.Context, k hook, run func(ctx context.Context) error) error {
	began := time.Now()
	err := x.inTime(ctx, k, run)
	traced, readErr := x.host.Store.Computed(Trace, state.Global)
	if traced == "on" {
		x.show(k, time.Since(began), err)
	}
	if err != nil {
		return err
	}
	return readErr
}

func (x *External) inTime(ctx context.Context, k hook, run func(ctx context.Context) error) error {
	limit, _, err := x.host.HookTimeout(k.plugin, k.trigger)
	if err != nil {
		return err
	}
	if limit == 0 {
		return run(ctx)
	}
	name := k.plugin.Name
	over := command.Fail("The hook %s of the plugin %s was cut off after %s, its time limit. To give it longer: dokku plugin:set %s hook-timeout %s",
		k.trigger, name, limit, name, 2*limit)
	limited, cancel := context.WithTimeoutCause(ctx, limit, over)
	defer cancel()
	err = run(limited)
	if err != nil && errors.Is(context.Cause(limited), over) {
		x.host.log().Warn("a hook was cut off", "plugin", name, "trigger", k.trigger, "limit", limit)
		return over
	}
	return err
}

// show says what a hook did, to the caller of the command and in the log. Config vars are shown by name.
func (x *External) show(k hook, took time.Duration, err error) {
	took = took.Round(time.Millisecond)
	end := fmt.Sprintf("exit code %d", command.ExitCode(err))
	if err != nil && !errors.As(err, new(command.Exit)) {
		end += ": " + err.Error()
	}
	fmt.Fprintf(k.stderr, "+ plugin %s: %s: %s, %s\n", k.plugin.Name, trigger.Describe(k.trigger, k.args), took, end)
	x.host.log().Info("a hook ran", "plugin", k.plugin.Name, "trigger", k.trigger, "args", trigger.Shown(k.trigger, k.args), "took", took, "end", end)
}
