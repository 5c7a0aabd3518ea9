package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/schedule"
)

// Change is a deploy without a build: of what was built before.
type Change struct {
	App         string
	Actor       string
	Source      string // ps:restart, config:set, ps:scale, …
	Description string // for a new release
	Process     string // only this process type; "" = all
}

// notDeployed is what Dokku says of an app without a release.
func notDeployed(name string) error { return command.Fail("App %s has not been deployed", name) }

// Restart replaces the instances of an app (or of one process type) by new
// ones of the current release. When the config changed since, that is a new
// release.
func (f *Flow) Restart(ctx context.Context, out *command.Output, c Change) error {
	return f.change(ctx, out, c, func(ctx context.Context, d *deployment, current app.Release) error {
		which := everything
		if c.Process != "" {
			scale, err := f.Scale(c.App)
			if err != nil {
				return err
			}
			if _, ok := scale[c.Process]; !ok {
				return command.BadInput("App %s has no process type %s. It has: %s", c.App, c.Process, strings.Join(slices.Sorted(maps.Keys(scale)), ", "))
			}
			which = onlyProcess(c.Process)
		}
		if err := f.deployAgain(ctx, d, which, func(ctx context.Context) error {
			next, err := f.refresh(d, current, c)
			if err != nil {
				return err
			}
			return f.rollOut(ctx, d, next, which)
		}); err != nil {
			return err
		}
		return f.announce(ctx, d)
	})
}

// deployAgain is Dokku's trigger deploy, of all or one process type.
func (f *Flow) deployAgain(ctx context.Context, d *deployment, which selection, do func(ctx context.Context) error) error {
	args := []string{d.app, d.tag}
	if which.process != "" {
		args = append(args, which.process)
	}
	return f.step(ctx, "common", "deploy", args, do)
}

// ReleaseAgain releases and deploys what was built before, or the image that
// tag names, with the config as it is now: Dokku's release-and-deploy, by which
// config:set lets predeploy and release tasks run. It is always a new release.
// An app that was never deployed is left alone.
func (f *Flow) ReleaseAgain(ctx context.Context, out *command.Output, c Change, tag string) error {
	if _, ok, err := f.releases.Current(c.App); err != nil || !ok {
		return err
	}
	return f.change(ctx, out, c, func(ctx context.Context, d *deployment, current app.Release) error {
		image := current.ImageID
		if tag != "" && tag != latest {
			found, err := f.host.Docker.ImageInspect(ctx, f.host.Names.Image(c.App)+":"+tag)
			if err != nil {
				return command.Fail("Cannot release the image %s:%s: %w", f.host.Names.Image(c.App), tag, err)
			}
			image = found.ID
		}
		d.tag = latest
		d.out.Step("Releasing %s...", c.App)
		next, err := f.newRelease(d, image, current.Builder)
		if err != nil {
			return err
		}
		next.Rev, next.Metadata, next.Procfile, next.AppJSON, next.Checks = current.Rev, current.Metadata, current.Procfile, current.AppJSON, current.Checks
		next.Description = "Release again"
		if keys := changedKeys(current.Env, next.Env); len(keys) > 0 {
			next.Description = "Change config: " + strings.Join(keys, ", ")
		}
		d.journal.Release = next
		if err := f.enter(d, StepRelease); err != nil {
			return err
		}
		if next, err = f.releaseTasks(ctx, d, next); err != nil {
			return err
		}
		if kept, err := f.keep(ctx, d, next); kept || err != nil {
			return err
		}
		if err := f.rollOut(ctx, d, next, everything); err != nil {
			return err
		}
		return f.announce(ctx, d)
	})
}

// refresh is the current release, or a new one of the same image when the
// app's config is another.
func (f *Flow) refresh(d *deployment, current app.Release, c Change) (app.Release, error) {
	next, err := f.newRelease(d, current.ImageID, current.Builder)
	if err != nil {
		return next, err
	}
	if maps.Equal(next.Env, current.Env) {
		return current, nil
	}
	next.Rev, next.Metadata, next.Procfile, next.AppJSON, next.Checks = current.Rev, current.Metadata, current.Procfile, current.AppJSON, current.Checks
	next.Image = current.Image
	next.Description = c.Description
	if next.Description == "" {
		next.Description = "Change config: " + strings.Join(changedKeys(current.Env, next.Env), ", ")
	}
	return next, nil
}

func changedKeys(a, b map[string]string) []string {
	changed := map[string]bool{}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			changed[k] = true
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			changed[k] = true
		}
	}
	return slices.Sorted(maps.Keys(changed))
}

// Rollback makes an earlier release live again: its image, config, Procfile
// and app.json, as a new release. number 0 is the one before the current.
func (f *Flow) Rollback(ctx context.Context, out *command.Output, c Change, number int) error {
	return f.change(ctx, out, c, func(ctx context.Context, d *deployment, current app.Release) error {
		target, err := f.rollbackTarget(c.App, current, number)
		if err != nil {
			return err
		}
		now, err := f.host.Store.Env(c.App)
		if err != nil {
			return err
		}
		d.journal.Before.Env = map[string]string{} // not nil, even without any config
		maps.Copy(d.journal.Before.Env, now)
		if err := f.enter(d, StepReceive); err != nil {
			return err
		}
		if err := f.host.Store.SetEnv(c.App, target.Env); err != nil {
			return err
		}
		next, err := f.newRelease(d, target.ImageID, target.Builder)
		if err != nil {
			return err
		}
		next.Rev, next.Procfile, next.AppJSON, next.Checks = target.Rev, target.Procfile, target.AppJSON, target.Checks
		next.Image = target.Image
		next.Metadata = itoa(target.Number)
		next.Description = fmt.Sprintf("Rollback to v%d", target.Number)
		d.out.Step("Rolling back %s to v%d (%s)", c.App, target.Number, target.Description)
		return f.releaseAndDeploy(ctx, d, []string{latest, c.Source}, func(ctx context.Context) error {
			if err := f.rollOut(ctx, d, next, everything); err != nil {
				return err
			}
			return f.announce(ctx, d)
		})
	})
}

func (f *Flow) rollbackTarget(name string, current app.Release, number int) (app.Release, error) {
	numbers, err := f.releases.Numbers(name)
	if err != nil {
		return app.Release{}, err
	}
	if number == 0 {
		if len(numbers) < 2 {
			return app.Release{}, command.Fail("App %s has no release before v%d to roll back to", name, current.Number)
		}
		number = numbers[len(numbers)-2]
	}
	target, ok, err := f.releases.Get(name, number)
	if err != nil {
		return target, err
	}
	if !ok {
		return target, command.Fail("App %s keeps no release v%d. See `dokku releases %s`", name, number, name)
	}
	return target, nil
}

// SetScale changes the number of instances of some process types, and with
// deploy brings what runs in line: missing instances start and are checked,
// surplus ones drain and stop, others are not touched.
func (f *Flow) SetScale(ctx context.Context, out *command.Output, c Change, counts map[string]int, deploy bool) error {
	_, deployed, err := f.releases.Current(c.App)
	if err != nil {
		return err
	}
	if !deployed || !deploy {
		return f.mergeScale(c.App, counts)
	}
	return f.change(ctx, out, c, func(ctx context.Context, d *deployment, current app.Release) error {
		// Only under the lock: the reconciler acts on the scale that it finds.
		if d.journal.Before, err = f.formationBefore(c.App); err != nil {
			return err
		}
		if err := f.enter(d, StepReceive); err != nil {
			return err
		}
		if err := f.mergeScale(c.App, counts); err != nil {
			return err
		}
		which := onlyMissing
		if len(counts) == 1 {
			for process := range counts {
				which.process = process
			}
		}
		return f.deployAgain(ctx, d, which, func(ctx context.Context) error { return f.rollOut(ctx, d, current, which) })
	})
}

// mergeScale changes the number of instances of some process types.
func (f *Flow) mergeScale(name string, counts map[string]int) error {
	scale, err := f.Scale(name)
	if err != nil {
		return err
	}
	maps.Copy(scale, counts)
	return f.setScale(name, scale)
}

// Start brings up what the scale asks for and does not run.
func (f *Flow) Start(ctx context.Context, out *command.Output, c Change) error {
	return f.change(ctx, out, c, func(ctx context.Context, d *deployment, current app.Release) error {
		if err := f.BeforeStart(ctx, c.App); err != nil {
			return err
		}
		next, err := f.refresh(d, current, c)
		if err != nil {
			return err
		}
		which := onlyMissing
		if next.Number != current.Number {
			which = everything
		}
		if err := f.releaseAndDeploy(ctx, d, []string{d.tag}, func(ctx context.Context) error {
			if err := f.rollOut(ctx, d, next, which); err != nil {
				return err
			}
			return f.announce(ctx, d)
		}); err != nil {
			return err
		}
		return f.event(ctx, "proxy-build-config", c.App)
	})
}

// BeforeStart fires pre-start, by which plugins of services start what an app is
// linked to.
func (f *Flow) BeforeStart(ctx context.Context, name string) error {
	if err := f.host.Bus.Event(ctx, "pre-start", name); err != nil {
		return command.Fail("Failure in pre-start hook: %w", err)
	}
	return nil
}

// Stop stops all instances, after taking them out of the proxy. They stay as
// containers, for logs.
func (f *Flow) Stop(ctx context.Context, out *command.Output, c Change) error {
	return f.change(ctx, out, c, func(ctx context.Context, d *deployment, _ app.Release) error {
		s, err := f.scheduler(c.App)
		if err != nil {
			return err
		}
		f.unwatchLiveness(c.App)
		// While the containers end one by one nothing is to route to the rest.
		if err := f.serve(ctx, c.App, nil); err != nil {
			return err
		}
		defer f.routed(c.App)
		if err := f.event(ctx, "scheduler-stop", s.Name(), c.App); err != nil { // StopInstances
			return errors.Join(err, f.BuildProxyConfig(context.WithoutCancel(ctx), c.App)) // to what goes on running
		}
		return f.event(ctx, "post-stop", c.App)
	})
}

// StopInstances stops what runs of an app, or with remove removes it too: the
// answer to Dokku's scheduler-stop, for callers that have seen to the lock and
// the routes.
func (f *Flow) StopInstances(ctx context.Context, name string, remove bool) error {
	s, instances, err := f.instances(ctx, name)
	if err != nil {
		return err
	}
	grace, err := f.seconds("ps", "stop-timeout-seconds", name)
	if err != nil {
		return err
	}
	if remove {
		return s.Retire(ctx, instances, grace)
	}
	return s.Stop(ctx, schedule.In(instances, schedule.Live), grace)
}

// change runs one operation on a deployed app under its lock, with record and
// journal.
func (f *Flow) change(ctx context.Context, out *command.Output, c Change, do func(context.Context, *deployment, app.Release) error) (err error) {
	current, ok, err := f.releases.Current(c.App)
	if err != nil {
		return err
	}
	if !ok {
		return notDeployed(c.App)
	}
	ctx, d, err := f.receive(ctx, out, receiving{c.App, c.Actor, c.Source, record.KindDeploy})
	if err != nil {
		return err
	}
	defer func() { err = d.finish(err) }()
	d.tag = tagOf(current)
	return do(ctx, d, current)
}

// tagOf is the tag of a release's image as triggers name it: that in a registry,
// where the image was pushed to one. Dokku: plugins/common/common.go, GetRunningImageTag.
func tagOf(rel app.Release) string {
	if i := strings.LastIndex(rel.Image, ":"); i >= 0 {
		return rel.Image[i+1:]
	}
	return latest
}

// Destroy stops and removes everything that runs of an app and its routes.
// Leftovers of failed deploys go too. The images stay until RemoveImages: a
// plugin's scheduler looks for them to know what to remove.
func (f *Flow) Destroy(ctx context.Context, name string) error {
	f.unwatchLiveness(name)
	if err := f.vanish(ctx, name); err != nil {
		return err
	}
	grace, err := f.seconds("ps", "stop-timeout-seconds", name)
	if err != nil {
		return err
	}
	for _, s := range f.schedulers { // it may have had another one before
		instances, err := s.Instances(ctx, name)
		if err != nil {
			return err
		}
		if err := s.Retire(ctx, instances, grace); err != nil {
			return err
		}
		if err := s.Discard(ctx, name, nil); err != nil {
			return err
		}
	}
	return nil
}

// RemoveImages removes the images of an app's releases.
func (f *Flow) RemoveImages(ctx context.Context, name string) error {
	images, err := f.host.Docker.ImageList(ctx, f.host.Names.Owned(name))
	if err != nil {
		return err
	}
	for _, image := range images {
		for _, tag := range image.Tags {
			if strings.HasPrefix(tag, f.host.Names.Image(name)+":") {
				if err := f.host.Docker.ImageRemove(ctx, tag, true); err != nil {
					f.host.Log.Warn("cannot remove an image", "app", name, "image", tag, "err", err)
				}
			}
		}
	}
	return nil
}

// InstancesByApp lists the instances of one app, or with "" of all apps, from
// one query per scheduler.
func (f *Flow) InstancesByApp(ctx context.Context, name string) (map[string][]schedule.Instance, error) {
	out := map[string][]schedule.Instance{}
	for _, s := range f.schedulers {
		instances, err := s.Instances(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, i := range instances {
			out[i.App] = append(out[i.App], i)
		}
	}
	return out, nil
}

// RetireLeftovers drains and removes the replaced instances of an app that are
// still there, and waits for it.
func (f *Flow) RetireLeftovers(ctx context.Context, name string) error {
	s, instances, err := f.instances(ctx, name)
	if err != nil {
		return err
	}
	return f.retireNow(ctx, s, name, schedule.In(instances, schedule.Retired))
}
