package apps

import (
	"context"
	"errors"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
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
	if err := a.copyApp(ctx, c.Out, in.App, to, "post-app-clone-setup"); err != nil {
		return err
	}
	return a.copied(ctx, "post-app-clone", in.App, to, in.SkipDeploy)
}

// copied fires post-app-clone or post-app-rename, in whose answer the new app is
// built, unless there is nothing to build or that is not wanted.
func (a apps) copied(ctx context.Context, name, from, to string, skipDeploy bool) error {
	if !a.hasCode(ctx, to) || skipDeploy {
		ctx = withoutRebuild(ctx)
	}
	return a.h.Bus.Event(ctx, name, from, to)
}

// withoutRebuild is how Dokku tells the plugins that answer not to build the app.
// Source: Dokku plugins/apps/subcommands.go, CommandClone.
func withoutRebuild(ctx context.Context) context.Context {
	return trigger.WithEnv(ctx, map[string]string{"SKIP_REBUILD": "true"})
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
	if err := a.copyApp(ctx, c.Out, in.App, to, "post-app-rename-setup"); err != nil {
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
	err = a.copied(ctx, "post-app-rename", in.App, to, in.SkipDeploy)
	if wasLocked { // only now: a lock would refuse the rebuild
		err = errors.Join(err, a.h.Store.SetAppLocked(to, true))
	}
	return err
}

// hasCode tells whether there is something to build. Whether the app was
// deployed does not matter. Dokku: plugins/apps/subcommands.go.
func (a apps) hasCode(ctx context.Context, name string) bool {
	if !a.h.Bus.Handled("git-has-code") {
		return false
	}
	_, err := a.h.Bus.Query(ctx, "git-has-code", name)
	return err == nil
}

// copyApp makes the app to with the code, config vars and settings of from,
// but not its state: to has never been deployed. When a step fails, nothing of
// to is left.
func (a apps) copyApp(ctx context.Context, out *command.Output, from, to, setup string) error {
	ctx, release, err := a.exclude(ctx, from)
	if err != nil {
		return err
	}
	defer release()
	if err := a.createApp(ctx, out, to); err != nil {
		return err
	}
	err = a.copyFiles(from, to)
	if err == nil {
		err = a.h.Bus.Event(ctx, setup, from, to)
	}
	if err != nil {
		return errors.Join(err, a.remove(context.WithoutCancel(ctx), to))
	}
	return nil
}
