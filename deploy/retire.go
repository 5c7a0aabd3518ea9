package deploy

import (
	"context"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/schedule"
)

// retire drains and removes replaced instances in the background: requests in
// flight end first, for at most wait-to-retire seconds.
func (f *Flow) retire(s schedule.Scheduler, name string, old []schedule.Instance) {
	if len(old) == 0 {
		return
	}
	f.background.Go(func() {
		if err := f.retireNow(f.backgroundCtx, s, name, old); err != nil && f.backgroundCtx.Err() == nil {
			f.host.Log.Error("cannot retire containers", "app", name, "err", err)
			if err := f.host.Bus.Event(f.backgroundCtx, "retire-container-failed", name); err != nil {
				f.host.Log.Error("a plugin failed", "trigger", "retire-container-failed", "app", name, "err", err)
			}
		}
	})
}

func (f *Flow) retireNow(ctx context.Context, s schedule.Scheduler, name string, old []schedule.Instance) error {
	wait, err := f.seconds("checks", "wait-to-retire", name)
	if err != nil {
		return err
	}
	grace, err := f.seconds("ps", "stop-timeout-seconds", name)
	if err != nil {
		return err
	}
	// A retirement before this one may have ended some of them by now, and a newer instance may have the address of one
	// that ended.
	now, err := f.list(ctx, s, name)
	if err != nil {
		return err
	}
	if err := f.drain(ctx, name, among(now, old), wait); err != nil {
		return err
	}
	if err := s.Retire(ctx, old, grace); err != nil {
		return err
	}
	return s.Discard(ctx, name, nil) // what an earlier, failed deploy left for logs:failed
}

// among returns those of now that are in old, as they are now.
func among(now, old []schedule.Instance) []schedule.Instance {
	return slices.DeleteFunc(slices.Clone(now), func(i schedule.Instance) bool {
		return !slices.ContainsFunc(old, func(o schedule.Instance) bool { return o.ID == i.ID })
	})
}

// drain waits until no request is in flight to the instances.
func (f *Flow) drain(ctx context.Context, name string, old []schedule.Instance, wait time.Duration) error {
	portMaps, err := f.tcpMaps(ctx, name)
	if err != nil {
		return err
	}
	var upstreams []string
	for _, i := range schedule.Of(old, "web") {
		if !i.Running || i.IP == "" {
			continue
		}
		for _, m := range portMaps {
			upstreams = append(upstreams, i.IP+":"+itoa(m.Container))
		}
		if i.Port > 0 {
			upstreams = append(upstreams, i.IP+":"+itoa(i.Port))
		}
	}
	if len(upstreams) == 0 {
		return nil
	}
	return f.proxy.Drain(ctx, name, upstreams, wait)
}
