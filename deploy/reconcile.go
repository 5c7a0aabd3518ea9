package deploy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
)

// Pauses of the reconciler.
const (
	settle      = 100 * time.Millisecond // events of one app within this time count once
	engineRetry = time.Second            // between attempts to reach an engine that went away
)

// Reconcile keeps what runs in line with what should run until ctx ends: at
// start, when the engine comes back, and on the engine's events. A container
// that is gone is put back; one whose address changed is routed anew.
func (f *Flow) Reconcile(ctx context.Context) error {
	for ctx.Err() == nil {
		f.routing.forgetDead()
		events, gone := f.host.Docker.Events(ctx)
		f.reconcileAll(ctx)
		f.follow(ctx, events)
		if err := <-gone; err != nil && ctx.Err() == nil {
			f.host.Log.Warn("the Docker engine is gone, waiting for it", "err", err)
		}
		f.awaitEngine(ctx)
	}
	return ctx.Err()
}

func (f *Flow) awaitEngine(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := f.host.Docker.Version(ctx); err == nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(engineRetry):
		}
	}
}

// follow handles events until their channel is closed. Events of one app that
// come close together are handled once.
func (f *Flow) follow(ctx context.Context, events <-chan docker.Event) {
	pending := map[string]bool{} // app to whether a container is gone
	var timer <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			name := e.Labels[docker.LabelApp]
			if name == "" || e.Labels[docker.LabelContainerType] != "deploy" || !f.host.Names.Owns(e.Labels) {
				continue
			}
			switch e.Action {
			case "die":
				// At once: its address is soon another's.
				if f.routing.died(name, e.ID) {
					f.routeAnew(ctx, name)
				}
			case "start", "destroy":
				f.routing.notDead(e.ID)
			}
			switch e.Action {
			case "start", "die", "destroy":
				pending[name] = pending[name] || e.Action == "destroy"
				if timer == nil {
					timer = time.After(settle)
				}
			}
		case <-timer:
			timer = nil
			for name, replace := range pending {
				if !f.host.Store.AppExists(name) {
					continue
				}
				if replace {
					f.reconcileApp(ctx, name, false)
				} else {
					f.routeAnew(ctx, name)
				}
			}
			clear(pending)
		}
	}
}

func (f *Flow) routeAnew(ctx context.Context, name string) {
	if err := f.BuildProxyConfig(ctx, name); err != nil && ctx.Err() == nil {
		f.host.Log.Error("cannot route", "app", name, "err", err)
	}
}

// reconcileAll looks at every app, from one query.
func (f *Flow) reconcileAll(ctx context.Context) {
	names, err := f.host.Store.Apps()
	if err != nil {
		f.host.Log.Error("cannot reconcile", "err", err)
		return
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return
		}
		f.reconcileApp(ctx, name, true)
	}
}

// reconcileApp compares one app with what runs. resume also starts instances
// that have ended: after a restart of the engine nobody else does.
func (f *Flow) reconcileApp(ctx context.Context, name string, resume bool) {
	if err := f.Restore(ctx, command.Discard(), name, resume); err != nil && !errors.Is(err, state.ErrLocked) && ctx.Err() == nil {
		f.host.Log.Error("cannot bring the app in line", "app", name, "err", err)
	}
}

// Restore brings one app back to what it should run: ended instances are
// started again (with resume), missing ones made from the current release,
// leftovers removed, and the routes renewed. An app that was stopped by
// ps:stop, or never deployed, is only routed. So is one that a Dokku runs, until
// it is taken over (Adopt).
func (f *Flow) Restore(ctx context.Context, out *command.Output, name string, resume bool) error {
	s, err := f.scheduler(name)
	if err != nil {
		return err
	}
	if ours, _, err := f.ours(ctx, s, name); err != nil || !ours {
		if err == nil {
			err = f.BuildProxyConfig(ctx, name)
		}
		return err
	}
	locked, unlock, err := f.host.Store.LockAppBriefly(ctx, name)
	if err != nil {
		return err
	}
	missing, leftovers, err := f.bringBack(locked, s, name, resume)
	unlock()
	if err != nil {
		return err
	}
	f.retire(s, name, leftovers)
	if missing {
		if err := f.change(ctx, out, Change{App: name, Actor: "slipway", Source: "restore"},
			func(ctx context.Context, d *deployment, current app.Release) error {
				return f.rollOut(ctx, d, current, onlyMissing)
			}); err != nil {
			return err
		}
	}
	if err := f.BuildProxyConfig(ctx, name); err != nil {
		return err
	}
	f.watchLiveness(name)
	return nil
}

// stopStopped stops what a ps:stop that was cut off left running.
func (f *Flow) stopStopped(ctx context.Context, s schedule.Scheduler, name string, live []schedule.Instance) error {
	live = slices.DeleteFunc(live, func(i schedule.Instance) bool { return !i.Running })
	if len(live) == 0 {
		return nil
	}
	grace, err := f.seconds("ps", "stop-timeout-seconds", name)
	if err != nil {
		return err
	}
	return s.Stop(ctx, live, grace)
}

// bringBack starts what has ended and says what else there is to do.
func (f *Flow) bringBack(ctx context.Context, s schedule.Scheduler, name string, resume bool) (missing bool, leftovers []schedule.Instance, err error) {
	instances, err := s.Instances(ctx, name)
	if err != nil {
		return false, nil, err
	}
	leftovers = schedule.In(instances, schedule.Retired, schedule.Upcoming)
	restore, err := f.host.Computed("ps", "restore", name)
	if err != nil {
		return false, leftovers, err
	}
	if restore == "false" {
		return false, leftovers, f.stopStopped(ctx, s, name, schedule.In(instances, schedule.Live))
	}
	deployed, err := f.host.Store.Computed(Deployed, name) // a release may be kept for later
	if err != nil || deployed != "true" {
		return false, leftovers, err
	}
	if _, nothing := s.(schedule.Nothing); nothing {
		return false, leftovers, nil
	}
	live := schedule.In(instances, schedule.Live)
	scale, err := f.Scale(name)
	if err != nil {
		return false, leftovers, err
	}
	for _, p := range places(scale) {
		found := false
		for _, i := range live {
			if i.Process != p.process || i.Index != p.index {
				continue
			}
			found = true
			if !i.Running && resume {
				if _, err := s.Resume(ctx, []schedule.Instance{i}); err != nil {
					f.host.Log.Warn("cannot start a container again, replacing it", "app", name, "dyno", i.Dyno(), "err", err)
					found = false
				}
			}
		}
		missing = missing || !found
	}
	return missing, leftovers, nil
}
