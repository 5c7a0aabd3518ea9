package apps

import (
	"context"
	"errors"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
)

type cloneArgs struct {
	SkipDeploy     bool     `flag:"skip-deploy" help:"skip deploy of the new app"`
	IgnoreExisting bool     `flag:"ignore-existing" help:"exit 0 if new app already exists"`
	App            string   `arg:"app"`
	New            app.Name `arg:"new-app" missing:"Please specify an new app name"`
}

func (a apps) clone(ctx context.Context, c *command.Call, in cloneArgs) error {
	to := string(in.New)
	if a.h.Store.AppExists(to) {
		if in.IgnoreExisting {
			c.Out.Warn("Name is already taken")
			return nil
		}
		return command.Fail("Name is already taken")
	}
	c.Out.Headers().Step("Cloning %s to %s", in.App, to)
	wasDeployed, err := a.copyApp(ctx, c.Out, in.App, to, "post-app-clone-setup")
	if err != nil {
		return err
	}
	if err := a.h.Bus.Event(ctx, "post-app-clone", in.App, to); err != nil {
		return err
	}
	if in.SkipDeploy || !wasDeployed {
		return nil
	}
	return a.h.Bus.Event(ctx, "slipway-rebuild", to, command.ActorOf(ctx).String())
}

type renameArgs struct {
	SkipDeploy bool     `flag:"skip-deploy" help:"skip deploy of the new app"`
	App        string   `arg:"app"`
	New        app.Name `arg:"new-app" missing:"Please specify an new app name"`
}

func (a apps) rename(ctx context.Context, c *command.Call, in renameArgs) error {
	to := string(in.New)
	if a.h.Store.AppExists(to) {
		return command.Fail("Name is already taken")
	}
	ctx, release, err := a.exclude(ctx, in.App)
	if err != nil {
		return err
	}
	defer release()
	created, err := a.h.Store.Get(propCreated, in.App)
	if err != nil {
		return err
	}
	wasLocked := a.h.Store.AppLocked(in.App)
	c.Out.Headers().Step("Renaming %s to %s", in.App, to)
	wasDeployed, err := a.copyApp(ctx, c.Out, in.App, to, "post-app-rename-setup")
	if err != nil {
		return err
	}
	if created != "" {
		if err := a.h.Store.Set(propCreated, to, created); err != nil {
			return errors.Join(err, a.remove(context.WithoutCancel(ctx), to))
		}
	}
	if err := a.destroyApp(ctx, c.Out, in.App); err != nil {
		if a.h.Store.AppExists(in.App) { // pre-delete refused: the old app is whole
			return errors.Join(err, a.remove(context.WithoutCancel(ctx), to))
		}
		return err
	}
	err = a.h.Bus.Event(ctx, "post-app-rename", in.App, to)
	if err == nil && wasDeployed && !in.SkipDeploy {
		err = a.h.Bus.Event(ctx, "slipway-rebuild", to, command.ActorOf(ctx).String())
	}
	if wasLocked { // only now: a lock would refuse the rebuild
		err = errors.Join(err, a.h.Store.SetAppLocked(to, true))
	}
	return err
}

// copyApp makes the app to with the code, config vars and settings of from,
// but not its state: to has never been deployed. It tells whether from was
// deployed. When a step fails, nothing of to is left.
func (a apps) copyApp(ctx context.Context, out *command.Output, from, to, setup string) (wasDeployed bool, err error) {
	ctx, release, err := a.exclude(ctx, from)
	if err != nil {
		return false, err
	}
	defer release()
	if err := a.createApp(ctx, out, to); err != nil {
		return false, err
	}
	isDeployed, err := a.h.Store.Get(propDeployed, from)
	if err == nil {
		err = a.copyFiles(from, to)
	}
	if err == nil {
		err = a.h.Bus.Event(ctx, setup, from, to)
	}
	if err != nil {
		return false, errors.Join(err, a.remove(context.WithoutCancel(ctx), to))
	}
	return isDeployed == "true", nil
}
