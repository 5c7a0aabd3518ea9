package apps

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// onCreate answers app-create APP.
func (a apps) onCreate(ctx context.Context, c *trigger.Call) error {
	return a.createApp(ctx, c.Output(), c.Arg(0))
}

// onDestroy answers app-destroy APP, without asking.
func (a apps) onDestroy(ctx context.Context, c *trigger.Call) error {
	if !a.h.Store.AppExists(c.Arg(0)) {
		return command.NoSuchApp(c.Arg(0))
	}
	return a.destroyApp(ctx, c.Output(), c.Arg(0))
}

// onExists answers app-exists APP: it fails when there is no such app.
func (a apps) onExists(_ context.Context, c *trigger.Call) error {
	if !a.h.Store.AppExists(c.Arg(0)) {
		return command.NoSuchApp(c.Arg(0))
	}
	return nil
}

// onList answers app-list [false] with the names of the apps that the caller
// may see, or with false of all.
func (a apps) onList(ctx context.Context, c *trigger.Call) error {
	list := a.h.VisibleApps
	if c.Arg(0) == "false" {
		list = func(context.Context) ([]string, error) { return a.h.Store.Apps() }
	}
	names, err := list(ctx)
	for _, name := range names {
		fmt.Fprintln(c.Out, name)
	}
	return err
}

// onMaybeCreate answers app-maybe-create APP: a push to an app that does not
// exist.
func (a apps) onMaybeCreate(ctx context.Context, c *trigger.Call) error {
	name := c.Arg(0)
	if a.h.Store.AppExists(name) {
		return nil
	}
	disabled, err := a.h.Store.Computed(propAutocreation, name)
	if err != nil {
		return err
	}
	if disabled == "true" {
		return command.Fail("App auto-creation disabled.\nRe-enable app auto-creation or create an app with 'dokku apps:create %s'", name)
	}
	return a.createApp(ctx, command.Discard(), name)
}

// onDeploySource answers deploy-source-set APP TYPE METADATA.
func (a apps) onDeploySource(_ context.Context, c *trigger.Call) error {
	if err := a.h.Store.Set(propSource, c.Arg(0), c.Arg(1)); err != nil {
		return err
	}
	return a.h.Store.Set(propMetadata, c.Arg(0), c.Arg(2))
}
