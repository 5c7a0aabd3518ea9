package ps

import (
	"context"
	"errors"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
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
		plugin.SetCommand(p.host, "ps", "Invalid property specified, valid properties include", properties, nil, command.Usage("<app> <key> <value>")),
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
	return plugin.Targets{App: in.App, All: in.All, Parallel: in.Parallel}
}

type allArgs struct {
	All      bool   `flag:"all"`
	Parallel int    `flag:"parallel" default:"1"`
	App      string `arg:"app,optional"`
}

func (in allArgs) targets() plugin.Targets {
	return plugin.Targets{App: in.App, All: in.All, Parallel: in.Parallel}
}

func (p *ps) start(ctx context.Context, c *command.Call, in allArgs) error {
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, name string) error {
		if deployed, err := p.deployed(name); err != nil || !deployed {
			c.Out.Warn("App %s has not been deployed", name)
			return err
		}
		if err := p.host.Store.Unset(restoreProperty, name); err != nil {
			return err
		}
		return p.flow.Start(ctx, c.Out, p.change(ctx, name, "ps:start"))
	})
}

func (p *ps) stop(ctx context.Context, c *command.Call, in allArgs) error {
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, name string) error {
		if deployed, err := p.deployed(name); err != nil || !deployed {
			c.Out.Warn("App %s has not been deployed", name)
			return err
		}
		c.Out.Step("Stopping %s", name)
		if err := p.host.Store.Set(restoreProperty, name, "false"); err != nil {
			return err
		}
		return p.flow.Stop(ctx, c.Out, p.change(ctx, name, "ps:stop"))
	})
}

func (p *ps) rebuild(ctx context.Context, c *command.Call, in allArgs) error {
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, name string) error {
		if deployed, err := p.deployed(name); err != nil || (in.All && !deployed) {
			return err
		}
		return p.host.Bus.Event(ctx, "slipway-rebuild", name)
	})
}

type restoreArgs struct {
	Parallel int    `flag:"parallel" default:"1"`
	App      string `arg:"app,optional"`
}

func (p *ps) restore(ctx context.Context, c *command.Call, in restoreArgs) error {
	t := plugin.Targets{App: in.App, All: in.App == "", Parallel: in.Parallel}
	if t.All {
		c.Out.Warn("Restore specified without app, assuming --all")
	}
	return p.host.Each(ctx, c, t, func(ctx context.Context, name string) error {
		err := p.flow.Restore(ctx, c.Out, name, true)
		if errors.Is(err, state.ErrLocked) {
			return command.Fail("%s is being deployed, it is not restored", name)
		}
		return err
	})
}

type appArgs struct {
	App string `arg:"app,optional"`
}

func (p *ps) retire(ctx context.Context, c *command.Call, in appArgs) error {
	c.Out.Step("Retiring old containers and images")
	return p.host.Each(ctx, c, plugin.Targets{App: in.App, All: in.App == ""}, func(ctx context.Context, name string) error {
		return p.flow.RetireLeftovers(ctx, name)
	})
}

func (p *ps) deployed(name string) (bool, error) {
	v, err := p.host.Store.Computed(deploy.Deployed, name)
	return v == "true", err
}
