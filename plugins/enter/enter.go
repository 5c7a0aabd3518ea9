// Package enter runs a command in a running container of an app, or opens a
// shell there.
//
//	dokku enter blog                    the one process type of the app
//	dokku enter blog web                its first instance
//	dokku enter blog web.2 -- ls -l
//	dokku enter blog --container-id 4f1c09d2b7aa env
//
// The shell is the property `shell` of the scheduler (scheduler:set blog shell
// /bin/zsh), else bash where the image has it, else sh. The command's exit code
// is the caller's. Without a terminal it reads nothing, unless it is told to pass
// on what is piped in:
//
//	dokku enter -i blog web psql < dump.sql
package enter

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/schedule/attach"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

var (
	// deployed is written by deploys, in plugins/ps.
	deployed = state.Property{Plugin: "common", Name: "deployed", Scope: state.AppOnly}
	// These are declared by plugins/scheduler.
	selectedScheduler = state.Property{Plugin: "scheduler", Name: "selected", Default: "docker-local"}
	shell             = state.Property{Plugin: "scheduler", Name: "shell"}
)

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	e := &enter{h}
	return plugin.Plugin{
		Name: "enter", Help: "Enter running app containers",
		Commands: []*command.Command{
			command.New("enter", "Connect to a specific app container", e.run,
				command.PlainArgs, command.Usage("<app> [<container-type> || --container-id <container-id>] [-- <cmd>]")),
		},
		Triggers: plugin.Triggers{"scheduler-enter": e.onEnter},
	}
}

type enter struct{ host *plugin.Host }

type enterArgs struct {
	Stdin bool     `flag:"interactive" short:"i" help:"pass on what is piped in"`
	App   string   `arg:"app"`
	Rest  []string `arg:"container-type,optional"`
}

// run has the app's scheduler do it, by the trigger scheduler-enter.
func (e *enter) run(ctx context.Context, c *command.Call, in enterArgs) error {
	what, err := parse(in.Rest)
	if err != nil {
		return err
	}
	scheduler, err := e.host.Store.Computed(selectedScheduler, in.App)
	if err != nil {
		return err
	}
	args := []string{scheduler, in.App}
	switch {
	case what.id != "":
		args = append(args, "--container-id", what.id)
	case what.place != "":
		args = append(args, what.place)
	}
	if in.Stdin || c.TTY != nil {
		ctx = trigger.WithInput(ctx)
	}
	if in.Stdin {
		ctx = trigger.WithEnv(ctx, map[string]string{attach.StdinEnv: "1"})
	}
	return e.host.Bus.Event(ctx, "scheduler-enter", slices.Concat(args, []string{"--"}, what.argv)...)
}

// onEnter answers scheduler-enter SCHEDULER APP [TYPE[.N] | --container-id ID]
// -- CMD….
func (e *enter) onEnter(ctx context.Context, t *trigger.Call) error {
	if t.Arg(0) != selectedScheduler.Default || len(t.Args) < 2 {
		return nil
	}
	name := t.Arg(1)
	if v, err := e.host.Store.Get(deployed, name); err != nil || v != "true" {
		return errors.Join(err, command.Fail("App %s has not been deployed", name))
	}
	what, err := parse(t.Args[2:])
	if err != nil {
		return err
	}
	c := &command.Call{In: strings.NewReader(""), Out: t.Output(), TTY: t.TTY}
	if t.Env[attach.StdinEnv] != "" {
		c.In = t.In
	}
	live, err := schedule.LiveOn(ctx, e.host.Docker, e.host.Names, name)
	if err != nil {
		return err
	}
	instance, err := what.choose(c.Out, name, live)
	if err != nil {
		return err
	}
	if !instance.Running {
		return command.Fail("Container is not running")
	}
	argv := what.argv
	if len(argv) == 0 {
		if argv, err = e.shell(name); err != nil {
			return err
		}
	}
	if argv, err = e.inImage(ctx, instance, argv); err != nil {
		return err
	}
	return e.exec(ctx, c, instance, argv)
}

// inImage is the command as the instance's kind of image runs it.
func (e *enter) inImage(ctx context.Context, i schedule.Instance, argv []string) ([]string, error) {
	c, err := e.host.Docker.Inspect(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	env, err := e.host.Store.Env(i.App)
	return build.KindOf(docker.Image{Labels: c.Labels, Env: c.Env}, env).Exec(argv), err
}

// shell is the command that opens a shell.
func (e *enter) shell(app string) ([]string, error) {
	v, err := e.host.Store.Computed(shell, app)
	if err != nil || v != "" {
		return []string{v}, err
	}
	return attach.Shell(), nil
}

// exec runs the command: on the caller's terminal by docker's command line,
// which knows terminals, else over the API.
func (e *enter) exec(ctx context.Context, c *command.Call, i schedule.Instance, argv []string) (err error) {
	var code int
	if c.TTY != nil {
		args := append([]string{"container", "exec", "--interactive", "--tty", i.ID}, argv...)
		code, err = attach.Run(ctx, e.host.CLI, c, attach.Terminal, args...)
	} else {
		code, err = e.host.Docker.Exec(ctx, i.ID, docker.ExecOptions{Cmd: argv}, c.In, c.Out.Stdout(), c.Out.Stderr())
	}
	if err == nil && code != 0 {
		return command.Exit{Code: code}
	}
	return err
}

// wanted is what the caller said after the app.
type wanted struct {
	place string // web or web.2; "" when not said
	id    string // a container's ID or the start of one
	argv  []string
}

// parse reads `[TYPE[.N] | --container-id ID] [--] [COMMAND…]`.
func parse(rest []string) (w wanted, err error) {
	switch {
	case len(rest) == 0:
	case rest[0] == "--container-id":
		if len(rest) < 2 {
			return w, command.BadInput("expected --container-id to have an argument")
		}
		w.id, w.argv = rest[1], rest[2:]
	case strings.HasPrefix(rest[0], "--container-id="):
		w.id, w.argv = strings.TrimPrefix(rest[0], "--container-id="), rest[1:]
	case rest[0] == "--":
		w.argv = rest
	default:
		w.place, w.argv = rest[0], rest[1:]
	}
	if len(w.argv) > 0 && w.argv[0] == "--" {
		w.argv = w.argv[1:]
	}
	return w, nil
}

// choose finds the instance among the live ones. The words are Dokku's.
func (w wanted) choose(out *command.Output, app string, live []schedule.Instance) (schedule.Instance, error) {
	if w.id != "" {
		return w.byID(out, app, live)
	}
	types := typesOf(live)
	if w.place == "" {
		switch len(types) {
		case 0:
			return schedule.Instance{}, command.Fail("No containers found for app")
		case 1:
			w.place = types[0]
		default:
			out.Warn("No container type specified.")
			return schedule.Instance{}, available(app, types)
		}
	}
	for _, i := range live {
		if w.place == i.Process || w.place == i.Dyno() {
			return i, nil
		}
	}
	out.Warn("No containers found for type '%s'", w.place)
	return schedule.Instance{}, available(app, types)
}

func (w wanted) byID(out *command.Output, app string, live []schedule.Instance) (schedule.Instance, error) {
	var ids []string
	for _, i := range live {
		if strings.HasPrefix(i.ID, w.id) || w.id == i.Name {
			return i, nil
		}
		ids = append(ids, i.ID)
	}
	out.Warn("Invalid container id for app: %s", w.id)
	return schedule.Instance{}, command.Fail("Available ids for app (%s): %s", app, strings.Join(ids, " "))
}

func available(app string, types []string) error {
	return command.Fail("Available types for app (%s): %s", app, strings.Join(types, " "))
}

func typesOf(live []schedule.Instance) []string {
	var types []string
	for _, i := range live {
		types = append(types, i.Process)
	}
	return slices.Compact(types)
}
