package apps

import (
	"context"
	"errors"
	"io/fs"
	"strconv"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// createApp makes an app; when a plugin fails, nothing of it is left.
func (a apps) createApp(ctx context.Context, out *command.Output, name string) error {
	if _, err := app.ParseName(name); err != nil {
		return command.BadInput("%w", err)
	}
	if a.h.Store.AppExists(name) {
		return command.Fail("Name is already taken")
	}
	out.Headers().Step("Creating %s...", name)
	switch err := a.h.Store.MakeAppDir(name); {
	case errors.Is(err, fs.ErrExist):
		return command.Fail("Name is already taken")
	case err != nil:
		return err
	}
	err := a.h.Store.Set(propCreated, name, strconv.FormatInt(a.now().Unix(), 10))
	if err == nil {
		err = a.h.Store.MakeAppData(name)
	}
	if err == nil {
		err = a.h.Bus.Event(ctx, "post-create", name)
	}
	if err != nil {
		return errors.Join(err, a.remove(context.WithoutCancel(ctx), name))
	}
	return nil
}

// remove takes back an app that never became one.
func (a apps) remove(ctx context.Context, name string) error {
	return errors.Join(a.h.Bus.Event(ctx, "post-delete", name, ""), a.wipe(name))
}

// imageTag is the tag that Dokku hands to triggers of deletion: that of the image
// in a registry, where it was pushed to one.
// Dokku: plugins/common/common.go, GetRunningImageTag.
func (a apps) imageTag(ctx context.Context, name string) string {
	tag, err := a.h.Bus.Query(ctx, "deployed-app-image-tag", name)
	if err != nil || tag == "" {
		return "latest"
	}
	return tag
}

// destroyApp removes an app. Until all plugins have answered pre-delete it can
// fail and nothing is changed; once what runs is gone it goes to the end, and
// errors are gathered.
func (a apps) destroyApp(ctx context.Context, out *command.Output, name string) error {
	ctx, release, err := a.exclude(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	out.Step("Destroying %s (including all add-ons)", name)
	scheduler, err := a.scheduler(ctx, name)
	if err != nil {
		return err
	}
	tag := a.imageTag(ctx, name)
	if err := a.h.Bus.Event(ctx, "pre-delete", name, tag); err != nil {
		return err
	}
	if err := a.h.Bus.Event(ctx, "slipway-destroy", name); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	errs := []error{
		a.h.Bus.Event(ctx, "scheduler-stop", scheduler, name, "true"),
		a.h.Bus.Event(ctx, "scheduler-post-delete", scheduler, name, tag),
		a.h.Bus.Event(ctx, "post-delete", name, tag),
	}
	out.Step("Cleaning up...")
	out.Step("Retiring old containers and images")
	errs = append(errs, a.h.Bus.Event(ctx, "scheduler-retire", scheduler, name), a.wipe(name))
	return errors.Join(errs...)
}

// exclude keeps deploys away from an app that is about to go, or be copied. A
// lock of the operator is against deploys only.
func (a apps) exclude(ctx context.Context, name string) (context.Context, func(), error) {
	if a.h.Store.AppLocked(name) && !a.h.Store.AppDeploying(name) {
		return ctx, func() {}, nil
	}
	locked, release, err := a.h.Store.LockApp(ctx, name)
	if errors.Is(err, state.ErrLocked) {
		return ctx, nil, command.Fail("%s currently has a deploy lock in place. Exiting...", name)
	}
	return locked, release, err
}

func (a apps) scheduler(ctx context.Context, name string) (string, error) {
	answer, err := a.h.Bus.Query(ctx, "scheduler-detect", name)
	if answer == "" {
		answer = "docker-local"
	}
	return answer, err
}
