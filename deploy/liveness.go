package deploy

import (
	"context"
	"sync"

	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/schedule/check"
)

// livenessTable holds what ends the watches of each app.
type livenessTable struct {
	mu     sync.Mutex
	cancel map[string]context.CancelFunc
}

// watchLiveness watches the live instances of an app by the liveness checks of
// its release, in place of an earlier watch. An instance that fails is
// restarted where it stands.
func (f *Flow) watchLiveness(name string) {
	f.unwatchLiveness(name)
	rel, ok, err := f.releases.Current(name)
	if err != nil || !ok {
		return
	}
	manifest, err := parseAppJSON(rel)
	if err != nil {
		f.host.Log.Error("cannot watch", "app", name, "err", err)
		return
	}
	watched := false
	for _, checks := range manifest.Healthchecks {
		watched = watched || len(check.OfType(checks, check.Liveness)) > 0
	}
	if !watched {
		return
	}
	s, err := f.scheduler(name)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(f.backgroundCtx)
	f.liveness.mu.Lock()
	if f.liveness.cancel == nil {
		f.liveness.cancel = map[string]context.CancelFunc{}
	}
	f.liveness.cancel[name] = cancel
	f.liveness.mu.Unlock()
	instances, err := f.list(ctx, s, name)
	if err != nil {
		f.host.Log.Error("cannot watch", "app", name, "err", err)
		return
	}
	host, err := f.firstHost(ctx, name)
	if err != nil {
		f.host.Log.Error("cannot watch", "app", name, "err", err)
		return
	}
	for _, i := range schedule.In(instances, schedule.Live) {
		checks := check.OfType(manifest.Healthchecks[i.Process], check.Liveness)
		if len(checks) == 0 || !i.Running {
			continue
		}
		f.background.Go(func() {
			err := check.Watch(ctx, f.host.Docker, f.target(i, host), checks, nil, func(failure check.Failure) {
				f.restartUnhealthy(ctx, s, i, failure)
			})
			if err != nil && ctx.Err() == nil {
				f.host.Log.Error("cannot watch", "app", name, "dyno", i.Dyno(), "err", err)
			}
		})
	}
}

func (f *Flow) unwatchLiveness(name string) {
	f.liveness.mu.Lock()
	defer f.liveness.mu.Unlock()
	if cancel := f.liveness.cancel[name]; cancel != nil {
		cancel()
		delete(f.liveness.cancel, name)
	}
}

// restartUnhealthy stops and starts one instance; the engine's events bring
// its new address into the routes.
func (f *Flow) restartUnhealthy(ctx context.Context, s schedule.Scheduler, i schedule.Instance, failure check.Failure) {
	f.host.Log.Warn("restarting an instance that failed its liveness check", "app", i.App, "dyno", i.Dyno(), "check", failure.Name, "reason", failure.Reason)
	grace, err := f.seconds("ps", "stop-timeout-seconds", i.App)
	if err == nil {
		err = s.Stop(ctx, []schedule.Instance{i}, grace)
	}
	if err == nil {
		_, err = s.Resume(ctx, []schedule.Instance{i})
	}
	if err != nil {
		f.host.Log.Error("cannot restart an unhealthy instance", "app", i.App, "dyno", i.Dyno(), "err", err)
		return
	}
	f.background.Go(func() { f.watchLiveness(i.App) })
}
