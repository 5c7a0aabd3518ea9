package deploy

import (
	"context"
	"errors"
	"os"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/schedule"
)

// delegated is a scheduler that an external plugin brings along. By the triggers
// scheduler-deploy, scheduler-stop and so on, with the scheduler's name as the
// first argument, it is told what to do and asked what runs; nothing of it is on
// this engine. Source: Dokku docs/development/plugin-triggers.md, and
// github.com/dokku/dokku-scheduler-nomad, dokku-scheduler-kubernetes.
type delegated struct{ schedule.Elsewhere }

// scheduler is the one that the app selected: one of ours, unless a plugin takes
// its place, or one of a plugin.
func (f *Flow) scheduler(app string) (schedule.Scheduler, error) {
	name, err := f.host.Computed("scheduler", "selected", app)
	if err != nil {
		return nil, err
	}
	replaced := f.host.Bus.Replaced("scheduler-" + name)
	for _, s := range f.schedulers {
		if s.Name() == name && !replaced {
			return s, nil
		}
	}
	if f.host.Bus.Installed().Handled("scheduler-deploy") && f.host.MayDrive("scheduler", name, "scheduler-deploy") {
		return delegated{schedule.Elsewhere(name)}, nil
	}
	return nil, command.Fail("There is no scheduler %s. Set one that is there: dokku scheduler:set %s selected docker-local", name, app)
}

// handOver has a plugin's scheduler deploy a release. It looks for the image as
// the app's latest, and asks by triggers for the Procfile and the scale. It fires
// core-post-deploy and post-deploy itself. process is the only process type that
// is meant, "" for all.
func (f *Flow) handOver(ctx context.Context, s delegated, d *deployment, rel app.Release, process string) (err error) {
	d.out.Step("Deploying %s via the %s scheduler...", d.app, s.Name())
	d.handedOver = true
	defer d.out.Busy("Deploying %s", d.app)()
	defer func() {
		if err == nil {
			return
		}
		current, deployed, readErr := f.releases.Current(d.app)
		if readErr == nil && deployed {
			readErr = f.writeReleaseFiles(current)
		}
		err = errors.Join(err, readErr)
	}()
	if err := f.writeReleaseFiles(rel); err != nil {
		return err
	}
	giveBack, err := f.borrowLatest(ctx, d.app, rel.ImageID)
	if err != nil {
		return err
	}
	return errors.Join(f.event(ctx, "scheduler-deploy", s.Name(), d.app, d.tag, process), giveBack())
}

// writeReleaseFiles writes the files of a release to where commands and plugins
// look for them.
func (f *Flow) writeReleaseFiles(rel app.Release) error {
	for _, file := range []struct {
		path, text string
		mode       os.FileMode
	}{
		{f.host.Store.LibPath("data", "ps", rel.App, "Procfile"), rel.Procfile, 0o644},
		{f.host.Store.LibPath("data", "app-json", rel.App, "app.json"), rel.AppJSON, 0o644},
		{f.host.Store.LibPath("data", "scheduler-docker-local", rel.App, app.ChecksFile), rel.Checks, 0o600}, // config vars are filled in
	} {
		if file.text == "" {
			os.Remove(file.path)
		} else if err := f.host.Store.WriteFile(file.path, []byte(file.text), file.mode); err != nil {
			return err
		}
	}
	return nil
}
