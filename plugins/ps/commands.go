package ps

import (
	"context"
	"errors"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

func (p *ps) commands() []*command.Command {
	return []*command.Command{
		command.New("ps:inspect", "Displays a sanitized version of docker inspect for an app", p.inspect),
		command.New("ps:rebuild", "Rebuilds an app from source", p.rebuild, command.Usage("[--parallel count] [--all|<app>]")),
		command.New("ps:restart", "Restart an app", p.restart, command.Usage("[--parallel count] [--all|<app>] [<process-name>]")),
		command.New("ps:restore", "Start previously running apps e.g. after reboot", p.restore, command.Usage("[<app>]")),
		command.New("ps:retire", "Retire replaced containers of an app, or of all apps", p.retire),
		command.New("ps:scale", "Get/Set how many instances of a given process to run", p.scale,
			command.Usage("[--skip-deploy] [--format stdout|json] <app> [<proc>=<count>...]")),
		command.New("ps:start", "Start an app", p.start, command.Usage("[--parallel count] [--all|<app>]")),
		command.New("ps:stop", "Stop an app", p.stop, command.Usage("[--parallel count] [--all|<app>]")),
		plugin.SetCommand(p.host, "ps", plugin.BadProperty, properties, nil, command.Usage("<app> <key> <value>")),
		p.report(),
	}
}

type restartArgs struct {
	All      bool   `flag:"all"`
	Parallel int    `flag:"parallel" default:"1"`
	App      string `arg:"app,optional"`
	Process  string `arg:"process-name,optional"`
}

func (p *ps) restart(ctx context.Context, c *command.Call, in restartArgs) error {
	if in.All && in.Process != "" {
		return command.BadInput("Unable to restart all apps when specifying a process name")
	}
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, name string) error {
		change := p.change(ctx, name, "ps:restart")
		change.Process = in.Process
		if deployed, err := p.deployed(name); err != nil || !deployed {
			c.Out.Exclaim("App %s has not been deployed", name)
			return err
		}
		return p.flow.Restart(ctx, c.Out, change)
	})
}

func (in restartArgs) targets() plugin.Targets {
	return plugin.Targets{App: in.App, All: in.All, Parallel: in.Parallel, Verb: "restart"}
}

type allArgs struct {
	All      bool   `flag:"all"`
	Parallel int    `flag:"parallel" default:"1"`
	App      string `arg:"app,optional"`
}

func (in allArgs) targets(verb string) plugin.Targets {
	return plugin.Targets{App: in.App, All: in.All, Parallel: in.Parallel, Verb: verb}
}

func (p *ps) start(ctx context.Context, c *command.Call, in allArgs) error {
	return p.host.Each(ctx, c, in.targets("start"), func(ctx context.Context, name string) error {
		if deployed, err := p.deployed(name); err != nil || !deployed {
			c.Out.Warn("App %s has not been deployed", name)
			return err
		}
		if err := p.host.Store.Unset(restoreProperty, name); err != nil {
			return err
		}
		running, whole, err := p.state(ctx, name)
		switch {
		case err != nil:
			return err
		case whole:
			if err := p.flow.BeforeStart(ctx, name); err != nil {
				return err
			}
			c.Out.Warn("App %s already running", name)
			return p.host.Bus.Event(ctx, "proxy-build-config", name)
		case running == "mixed":
			c.Out.Warn("App is running in mixed mode, releasing")
		case running == "false":
			c.Out.Warn("App has been detected as not running, releasing")
		}
		return p.flow.Start(ctx, c.Out, p.change(ctx, name, "ps:start"))
	})
}

// state is Dokku's word for how much of an app runs, and whether that is all
// that its scale asks for.
func (p *ps) state(ctx context.Context, name string) (running string, whole bool, err error) {
	if _, running, elsewhere, err := p.status(ctx, name); err != nil || elsewhere {
		return running, running == "true", err
	}
	byApp, err := p.flow.InstancesByApp(ctx, name)
	if err != nil {
		return "", false, err
	}
	scale, err := p.flow.Scale(name)
	if err != nil {
		return "", false, err
	}
	wanted := 0
	for _, n := range scale {
		wanted += n
	}
	live := schedule.In(byApp[name], schedule.Live)
	running = schedule.RunningState(live)
	return running, running == "true" && len(live) == wanted, nil
}

func (p *ps) stop(ctx context.Context, c *command.Call, in allArgs) error {
	return p.host.Each(ctx, c, in.targets("stop"), func(ctx context.Context, name string) error {
		if deployed, err := p.deployed(name); err != nil || !deployed {
			c.Out.Warn("App %s has not been deployed", name)
			return err
		}
		c.Out.Headers().Step("Stopping %s", name)
		before, err := p.host.Store.Get(restoreProperty, name)
		if err != nil {
			return err
		}
		if err := p.host.Store.Set(restoreProperty, name, "false"); err != nil {
			return err
		}
		err = p.flow.Stop(ctx, c.Out, p.change(ctx, name, "ps:stop"))
		if errors.As(err, new(*trigger.HookError)) {
			err = errors.Join(err, p.stays(ctx, name, before))
		}
		return err
	})
}

// stays puts the property restore back where a plugin kept an app from being stopped.
func (p *ps) stays(ctx context.Context, name, restore string) error {
	byApp, err := p.flow.InstancesByApp(ctx, name)
	if err != nil || schedule.RunningState(schedule.In(byApp[name], schedule.Live)) != "true" {
		return err
	}
	if restore == "" {
		return p.host.Store.Unset(restoreProperty, name)
	}
	return p.host.Store.Set(restoreProperty, name, restore)
}

func (p *ps) rebuild(ctx context.Context, c *command.Call, in allArgs) error {
	return p.host.Each(ctx, c, in.targets("rebuild"), func(ctx context.Context, name string) error {
		if deployed, err := p.deployed(name); err != nil || (in.All && !deployed) {
			return err
		}
		return p.host.Bus.Event(ctx, "receive-app", name)
	})
}

func (p *ps) restore(ctx context.Context, c *command.Call, in allArgs) error {
	if err := p.host.Bus.Event(ctx, "pre-restore"); err != nil {
		return err
	}
	t := in.targets("restore")
	if !t.All && t.App == "" && c.Flags.App == "" {
		t.All = true
		c.Out.Warn("Restore specified without app, assuming --all")
	}
	return p.host.Each(ctx, c, t, func(ctx context.Context, name string) error {
		return p.restoreApp(ctx, c.Out, name)
	})
}

// restoreApp brings up what should run of an app. Unlike Dokku it leaves the
// routes of what does run alone.
func (p *ps) restoreApp(ctx context.Context, out *command.Output, name string) error {
	scheduler, err := p.host.Computed("scheduler", "selected", name)
	if err != nil {
		return err
	}
	if err := p.host.Bus.Event(ctx, "scheduler-pre-restore", scheduler, name); err != nil {
		return err
	}
	deployed, err := p.deployed(name)
	if err != nil {
		return err
	}
	restore, err := p.host.Store.Computed(restoreProperty, name)
	if err != nil {
		return err
	}
	switch {
	case !deployed:
		out.Warn("App %s has not been deployed", name)
	case restore == "false":
		out.Warn("Skipping ps:restore for %s as restore property is false", name)
	default:
		out.Step("Starting app")
		if err := p.flow.BeforeStart(ctx, name); err != nil {
			return err
		}
	}
	err = p.flow.Restore(ctx, out, name, true)
	if errors.Is(err, state.ErrLocked) {
		return command.Fail("%s is being deployed, it is not restored", name)
	}
	return err
}

type appArgs struct {
	App string `arg:"app,optional"`
}

// retire has the schedulers remove what was replaced, of one app or of all.
func (p *ps) retire(ctx context.Context, c *command.Call, in appArgs) error {
	if in.App == "" {
		in.App = c.Flags.App
	}
	if in.App != "" && !p.host.AppVisible(ctx, in.App) {
		return command.NoSuchApp(in.App)
	}
	scope := in.App
	if scope == "" {
		scope = state.Global
	}
	scheduler, err := p.host.Computed("scheduler", "selected", scope)
	if err != nil {
		return err
	}
	c.Out.Step("Retiring old containers and images")
	defer c.Out.Busy("Waiting for requests in flight")()
	if err := p.host.Bus.Event(ctx, "scheduler-retire", scheduler, in.App); err != nil {
		return err
	}
	c.Out.Step("Retiring expired run and cron containers")
	return p.host.Bus.Event(ctx, "scheduler-run-retire")
}

func (p *ps) deployed(name string) (bool, error) {
	v, err := p.host.Store.Computed(deploy.Deployed, name)
	return v == "true", err
}
