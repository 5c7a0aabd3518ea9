package plugin

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin/remote"
	"github.com/slipwayhq/slipway/sdk/wire"
	"github.com/slipwayhq/slipway/trigger"
)

// call runs a command or handler of a plugin that is spoken to.
func (x *External) call(ctx context.Context, n *peer, call wire.Call, caller remote.Caller) error {
	env, err := x.hookEnv(ctx, n.plugin)
	if err != nil {
		return err
	}
	env = append(x.host.Exec.environ(ctx), env...)
	call.Env = make(map[string]string, len(env))
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		call.Env[name] = value
	}
	actor, flags := command.ActorOf(ctx), command.FlagsOf(ctx)
	call.Context.Command, call.Context.App = command.NameOf(ctx), flags.App
	call.Context.User, call.Context.Key, call.Context.Fingerprint = actor.User, actor.KeyName, actor.Fingerprint
	call.Context.Quiet, call.Context.Trace, call.Context.Force, call.Context.Labels = flags.Quiet, flags.Trace, flags.Force, flags.Labels
	if call.Args == nil {
		call.Args = []string{}
	}
	if caller.In == nil {
		caller.In = strings.NewReader("")
	}
	caller.Run = x.runFor
	caller.Fire = func(ctx context.Context, shape, name string, args []string) ([]string, error) {
		return x.fireFor(trigger.WithStreams(ctx, nil, caller.Out, caller.Err), shape, name, args)
	}
	n.greet(ctx)
	return n.Call(ctx, call, caller)
}

// runFor runs a command for a plugin that asks for it during a call: as the caller of that call, and with the rights that an
// executable of the plugin has, which calls dokku. The lock that ctx carries is entered again.
func (x *External) runFor(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	actor := command.ActorOf(ctx)
	actor.Root = x.host.Exec.User == nil && actor.KeyName == ""
	call := &command.Call{Actor: actor, In: in, Out: command.NewOutput(out, err), Files: noFiles{}}
	return x.host.Dispatch(ctx, call, args)
}

// noFiles are the files of a caller that has none.
type noFiles struct{}

func (noFiles) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return nil, fmt.Errorf("cannot read %s: a plugin that runs a command gives files on its standard input", name)
}

// fireFor fires a trigger for a plugin.
func (x *External) fireFor(ctx context.Context, shape, name string, args []string) ([]string, error) {
	switch shape {
	case wire.Event:
		return nil, x.host.Bus.Event(ctx, name, args...)
	case wire.Query:
		answer, err := x.host.Bus.Query(ctx, name, args...)
		return []string{answer}, err
	case wire.Collect:
		return x.host.Bus.Collect(ctx, name, args...)
	}
	return nil, fmt.Errorf("the shape of a trigger is %s, %s or %s, not %q", wire.Event, wire.Query, wire.Collect, shape)
}

// answer is the handler of a trigger by a plugin that is spoken to, false when it does not answer it.
func (x *External) answer(n *peer, name string) (trigger.Handler, bool) {
	r, err := n.registration(context.Background())
	if err != nil {
		x.host.log().Warn("it is not known what a plugin answers", "plugin", n.plugin.Name, "err", err)
		return trigger.Handler{}, false
	}
	for _, t := range r.Triggers {
		if t.Name != name {
			continue
		}
		return trigger.Handler{Plugin: n.plugin.Name, Trigger: name, Run: func(ctx context.Context, c *trigger.Call) error {
			return x.do(ctx, hook{n.plugin, name, c.Args, c.Err}, func(ctx context.Context) error {
				call := wire.Call{Kind: wire.KindTrigger, Name: name, Args: c.Args, Context: wire.Context{Color: c.Output().Color(), Terminal: c.TTY != nil}}
				return x.call(ctx, n, call, remote.Caller{In: c.In, Out: c.Out, Err: c.Err, Idempotent: t.Idempotent})
			})
		}}, true
	}
	return trigger.Handler{}, false
}

// runCommand answers a command by a plugin that is spoken to. handled is false when it is none of its commands.
func (x *External) runCommand(ctx context.Context, n *peer, c *command.Call) (handled bool, err error) {
	name := c.Argv[0]
	feature, sub, _ := strings.Cut(name, ":")
	r, err := n.registration(ctx)
	if err != nil {
		return feature == n.plugin.Name, err
	}
	for _, declared := range r.Commands {
		if declared.Name != name {
			continue
		}
		access := map[string]command.Access{wire.ForAll: command.ForAll, wire.ForAdmin: command.ForAdmin, wire.ForRoot: command.ForRoot}[declared.Access]
		if err := access.Allow(c.Actor); err != nil {
			return true, err
		}
		call := wire.Call{Kind: wire.KindCommand, Name: name, Args: c.Argv[1:], Context: wire.Context{Color: c.Out.Color(), Terminal: c.TTY != nil}}
		return true, x.call(ctx, n, call, remote.Caller{In: c.In, Out: c.Out.Stdout(), Err: c.Out.Stderr(), Idempotent: declared.Idempotent})
	}
	if feature != n.plugin.Name || (sub != "" && sub != "help") || len(r.Commands) == 0 {
		return false, nil
	}
	help := command.Feature{Name: feature, Help: n.plugin.Description}
	command.PrintFeature(c.Out, help, helpRows(r))
	return true, nil
}

func helpRows(r wire.Registration) [][2]string {
	rows := make([][2]string, 0, len(r.Commands))
	for _, c := range r.Commands {
		rows = append(rows, [2]string{strings.TrimSpace(c.Name + " " + c.Usage), c.Help})
	}
	return rows
}

// helpOf are the lines of `dokku help` of one plugin, or with all of `dokku help --all`. An executable tells one from the
// other by its parent's command line, which in Dokku is that of dokku help --all: ps -o command= $PPID. Source:
// help-functions of Dokku's data plugins.
func (x *External) helpOf(ctx context.Context, p Installed, all bool) ([]string, error) {
	var lines []string
	if n := x.peers.of(p); n != nil {
		r, err := n.registration(ctx)
		switch {
		case err != nil || len(r.Commands) == 0:
			return nil, err
		case !all:
			return []string{p.Name + ", " + p.Description}, nil
		}
		for _, row := range helpRows(r) {
			lines = append(lines, row[0]+", "+row[1])
		}
		return lines, nil
	}
	path := filepath.Join(p.Dir, "commands")
	if !executable(path) {
		return nil, nil
	}
	parent := []string{"dokku", "help"}
	if all {
		parent = append(parent, "--all")
	}
	var out strings.Builder
	err := x.inTime(ctx, hook{plugin: p, trigger: "commands"}, func(ctx context.Context) error {
		return x.run(ctx, p, execution{path: path, args: []string{"help"}, in: strings.NewReader(""), out: &out, err: io.Discard, parent: parent})
	})
	if err != nil {
		return nil, err
	}
	for l := range strings.Lines(out.String()) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return lines, nil
}
