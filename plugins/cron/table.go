package cron

import (
	"context"

	"github.com/slipwayhq/slipway/state"
)

// scheduled are all tasks that are run from here, in maintenance or not: those
// of every app whose scheduler leaves them to us, and those of plugins. An app
// whose tasks cannot be read is logged and left out.
func (c *cron) scheduled(ctx context.Context) ([]task, error) {
	apps, err := c.host.Store.Apps()
	if err != nil {
		return nil, err
	}
	theirs, err := c.hostCron()
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	var schedulers []string // in the order in which they were met
	known := func(scheduler string) (bool, error) {
		if answer, asked := ours[scheduler]; asked {
			return answer, nil
		}
		answer, err := c.usesHostCron(ctx, scheduler)
		if err != nil {
			return false, err
		}
		ours[scheduler] = answer
		schedulers = append(schedulers, scheduler)
		return answer, nil
	}
	global, err := c.host.Store.Computed(selectedScheduler, state.Global)
	if err != nil {
		return nil, err
	}
	if _, err := known(global); err != nil {
		return nil, err
	}
	var all []task
	for _, name := range apps {
		tasks, err := c.tasks(name)
		if err != nil {
			c.host.Log.Warn("the scheduled tasks of an app cannot be read", "app", name, "err", err)
			continue
		}
		if len(tasks) == 0 {
			continue
		}
		scheduler, err := c.host.Store.Computed(selectedScheduler, name)
		if err != nil {
			return nil, err
		}
		if mine, err := known(scheduler); err != nil {
			return nil, err
		} else if !mine {
			continue
		}
		for _, t := range tasks {
			t.byCron = theirs[t.App+" "+t.ID]
			all = append(all, t)
		}
	}
	for _, scheduler := range schedulers {
		if !ours[scheduler] {
			continue
		}
		tasks, err := c.entries(ctx, scheduler, func(line string, reason error) {
			c.host.Log.Warn("a scheduled task of a plugin cannot be read", "line", line, "err", reason)
		})
		if err != nil {
			return nil, err
		}
		all = append(all, tasks...)
	}
	return all, nil
}
