package apps

import (
	"context"
	"fmt"
	"os"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type createArgs struct {
	App app.Name `arg:"app,new"`
}

func (a apps) create(ctx context.Context, c *command.Call, in createArgs) error {
	return a.createApp(ctx, c.Out, string(in.App))
}

type destroyArgs struct {
	Force bool   `flag:"force" help:"do not ask"`
	App   string `arg:"app"`
}

func (a apps) destroy(ctx context.Context, c *command.Call, in destroyArgs) error {
	if !in.Force && !c.Flags.Force {
		if err := plugin.Confirm(c, "app", in.App); err != nil {
			return err
		}
	}
	return a.destroyApp(ctx, c.Out, in.App)
}

type appArgs struct {
	App string `arg:"app"`
}

// exists needs no more than what the argument checks.
func (a apps) exists(context.Context, *command.Call, appArgs) error { return nil }

type listArgs struct {
	Format string `flag:"format" default:"stdout" help:"stdout or json"`
}

func (a apps) list(ctx context.Context, c *command.Call, in listArgs) error {
	names, err := a.h.VisibleApps(ctx)
	if err != nil {
		return err
	}
	switch in.Format {
	case "json":
		return c.Out.JSON(append([]string{}, names...))
	case "stdout":
	default:
		return command.BadInput("Invalid format specified: %s, valid formats are: stdout, json", in.Format)
	}
	c.Out.Headers().Title("My Apps")
	if len(names) == 0 {
		c.Out.Warn("You haven't deployed any applications yet")
	}
	for _, name := range names {
		c.Out.Line("%s", name)
	}
	return nil
}

func (a apps) lock(_ context.Context, c *command.Call, in appArgs) error {
	if err := a.h.Store.SetAppLocked(in.App, true); err != nil {
		return command.Fail("Unable to create deploy lock\n%w", err)
	}
	c.Out.Step("Deploy lock created")
	return nil
}

func (a apps) unlock(_ context.Context, c *command.Call, in appArgs) error {
	if _, err := os.Stat(a.h.Store.DeployLockPath(in.App)); err == nil {
		c.Out.Warn("A deploy may be in progress.")
		c.Out.Warn("Removing the app lock will not stop in progress deploys.")
	}
	if err := a.h.Store.SetAppLocked(in.App, false); err != nil {
		return command.Fail("Unable to remove deploy lock")
	}
	c.Out.Step("Deploy lock removed")
	return nil
}

func (a apps) locked(_ context.Context, c *command.Call, in appArgs) error {
	if !a.isLocked(in.App) {
		return command.Fail("Deploy lock does not exist")
	}
	c.Out.Headers().Line("Deploy lock exists")
	return nil
}

// isLocked tells whether a deploy would be refused now.
func (a apps) isLocked(name string) bool {
	return a.h.Store.AppLocked(name) || a.h.Store.AppDeploying(name)
}

func (a apps) reportApp(ctx context.Context, name string) (plugin.Rows, error) {
	rows, err := a.reportGlobal(ctx)
	if err != nil {
		return nil, err
	}
	rows["app-dir"] = a.h.Store.AppDir(name)
	rows["app-locked"] = fmt.Sprint(a.isLocked(name))
	if rows["app-created-at"], err = a.h.Store.Get(propCreated, name); err != nil {
		return nil, err
	}
	if rows["app-deploy-source"], err = a.h.Store.Get(propSource, name); err != nil {
		return nil, err
	}
	rows["app-deploy-source-metadata"], err = a.h.Store.Get(propMetadata, name)
	return rows, err
}

func (a apps) reportGlobal(context.Context) (plugin.Rows, error) {
	value, err := a.h.Store.Computed(propAutocreation, "")
	return plugin.Rows{"app-global-disable-autocreation": value}, err
}
