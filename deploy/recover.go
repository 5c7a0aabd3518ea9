package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
)

// Recover brings what a crash left behind to an end: a deploy that was not
// live yet is undone, one that was is finished. It is called once at start,
// before any command; an app that cannot be recovered is logged and left as it
// is, with its journal.
func (f *Flow) Recover(ctx context.Context) error {
	entries, err := f.readJournals()
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		f.removeCopies(ctx)
	}
	for _, e := range entries {
		if err := f.recoverOne(ctx, e); err != nil {
			f.host.Log.Error("cannot recover a deploy", "app", e.App, "change", e.ID, "step", e.Step, "err", err)
			continue
		}
		f.host.Log.Info("recovered a deploy", "app", e.App, "change", e.ID, "step", e.Step, "finished", e.live())
	}
	return nil
}

// live tells whether the deploy had got so far that it is to be finished.
func (e entry) live() bool { return slices.Index(Steps, e.Step) >= slices.Index(Steps, StepPromote) }

func (f *Flow) recoverOne(ctx context.Context, e entry) error {
	if e.WorkDir != "" {
		if err := os.RemoveAll(e.WorkDir); err != nil {
			return fmt.Errorf("cannot remove the source of the deploy: %w", err)
		}
	}
	os.Remove(f.shellEnvPath(e.ID)) // of a predeploy task
	if !f.host.Store.AppExists(e.App) {
		return f.removeJournal(e.App)
	}
	s, instances, err := f.instances(ctx, e.App)
	if err != nil {
		return err
	}
	if err := f.removeTasks(ctx, e); err != nil {
		return err
	}
	if e.live() {
		err = f.finishDeploy(ctx, s, e, instances)
	} else {
		err = f.undoDeploy(ctx, s, e, instances)
	}
	if err != nil {
		return err
	}
	return f.removeJournal(e.App)
}

// removeCopies removes containers that were made to read a file of an image.
func (f *Flow) removeCopies(ctx context.Context) {
	labels := f.host.Names.Owned("")
	labels[docker.LabelContainerType] = "copy"
	containers, err := f.host.Docker.List(ctx, docker.Filter{Labels: labels, All: true})
	for _, c := range containers {
		if f.host.Names.Owns(c.Labels) {
			err = errors.Join(err, f.host.Docker.Remove(ctx, c.ID))
		}
	}
	if err != nil {
		f.host.Log.Warn("cannot remove what a crash left", "err", err)
	}
}

// removeTasks removes the containers of the deploy's one-off tasks.
func (f *Flow) removeTasks(ctx context.Context, e entry) error {
	labels := f.host.Names.Owned(e.App)
	labels[labelTask] = ""
	containers, err := f.host.Docker.List(ctx, docker.Filter{Labels: labels, All: true})
	if err != nil {
		return err
	}
	for _, c := range containers {
		if !f.host.Names.Owns(c.Labels) || !strings.HasSuffix(c.Name, "."+e.ID) {
			continue
		}
		if err := f.host.Docker.Remove(ctx, c.ID); err != nil && !errors.Is(err, docker.ErrNotFound) {
			return fmt.Errorf("cannot remove the task %s of the deploy: %w", c.Name, err)
		}
	}
	return nil
}

// finishDeploy does what comes after the routes were switched.
func (f *Flow) finishDeploy(ctx context.Context, s schedule.Scheduler, e entry, instances []schedule.Instance) error {
	byID := func(wanted []string) []schedule.Instance {
		var out []schedule.Instance
		for _, i := range instances {
			if slices.Contains(wanted, i.ID) {
				out = append(out, i)
			}
		}
		return out
	}
	if err := f.promote(ctx, s, e, byID(e.Fresh), byID(e.Old)); err != nil {
		return err
	}
	return f.recordFinished(e)
}

// undoDeploy removes what the deploy made.
func (f *Flow) undoDeploy(ctx context.Context, s schedule.Scheduler, e entry, instances []schedule.Instance) error {
	var fresh []schedule.Instance
	for _, i := range schedule.In(instances, schedule.Upcoming) {
		if i.Deploy == e.ID {
			fresh = append(fresh, i)
		}
	}
	if err := f.putBack(e); err != nil {
		return err
	}
	if e.Step == StepRoute { // they may be routed to already: Restore drains them
		if err := f.BuildProxyConfig(ctx, e.App); err != nil {
			return err
		}
		fresh = nil
	}
	if err := s.Retire(ctx, fresh, 0); err != nil {
		return err
	}
	next, err := f.releases.Next(e.App)
	if err != nil {
		return err
	}
	for _, ref := range []string{f.host.Names.Image(e.App) + ":build-" + e.ID, f.releases.imageRef(e.App, next)} {
		if err := f.host.Docker.ImageRemove(ctx, ref, false); err != nil && !errors.Is(err, docker.ErrNotFound) && !errors.Is(err, docker.ErrConflict) {
			return fmt.Errorf("cannot remove the image of the deploy: %w", err)
		}
	}
	return nil
}

// recordFinished writes down that the deploy succeeded after all. The record
// of one that was undone shows as abandoned by itself.
func (f *Flow) recordFinished(e entry) error {
	b, err := f.records.Load(e.App, e.ID)
	if errors.Is(err, record.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now, code := time.Now().UTC(), 0
	b.Status, b.FinishedAt, b.ExitCode = record.Succeeded, &now, &code
	return f.records.Write(b)
}
