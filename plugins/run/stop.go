package run

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/trigger"
)

type stopArgs struct {
	Container string `flag:"container" help:"only this container"`
	App       string `arg:"app,optional"`
}

// stop stops containers and prints their names; they are removed by their end.
func (r *run) stop(ctx context.Context, c *command.Call, in stopArgs) error {
	containers, err := r.chosen(ctx, in.App, in.Container)
	if err != nil {
		return err
	}
	if in.App == "" && len(containers) > 0 {
		in.App = containers[0].Labels[docker.LabelApp]
	}
	scheduler, err := r.host.Store.Computed(selectedScheduler, in.App)
	if err != nil {
		return err
	}
	return r.host.Bus.Event(ctx, "scheduler-run-stop", scheduler, in.App, in.Container)
}

// onStop answers scheduler-run-stop SCHEDULER APP CONTAINER.
func (r *run) onStop(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != dockerLocal {
		return nil
	}
	containers, err := r.chosen(ctx, c.Arg(1), c.Arg(2))
	if err != nil {
		return err
	}
	out := c.Output()
	containers = slices.DeleteFunc(containers, func(c docker.Container) bool { return !c.Running() })
	switch {
	case len(containers) == 0 && c.Arg(2) != "":
		out.Warn("Specified container does not exist")
		return nil
	case len(containers) == 0:
		out.Headers().Line("No run containers exist")
		return nil
	}
	for _, container := range containers {
		grace, err := r.grace(container.Labels[docker.LabelApp])
		if err != nil {
			return err
		}
		if err := ignoreGone(r.host.Docker.Stop(ctx, container.ID, grace)); err != nil {
			return err
		}
		out.Line("%s", container.Name)
	}
	return nil
}

type retireArgs struct {
	App string `arg:"app,optional"`
}

func (r *run) retire(ctx context.Context, _ *command.Call, in retireArgs) error {
	if in.App == "" {
		return r.host.Bus.Event(ctx, "scheduler-run-retire")
	}
	scheduler, err := r.host.Store.Computed(selectedScheduler, in.App)
	if err != nil {
		return err
	}
	return r.host.Bus.Event(ctx, "scheduler-run-retire", scheduler, in.App)
}

// onRetire answers scheduler-run-retire([scheduler, app]).
func (r *run) onRetire(ctx context.Context, c *trigger.Call) error {
	if s := c.Arg(0); s != "" && s != "docker-local" {
		return nil
	}
	return r.retireAll(ctx, c.Output(), c.Arg(1))
}

// retireAll stops and removes the containers that have run longer than they
// may, of an app or of all.
func (r *run) retireAll(ctx context.Context, out *command.Output, app string) error {
	if app == "" {
		out.Headers().Step("Retiring all run and cron containers")
	} else {
		out.Headers().Step("Retiring run and cron containers for app %s", app)
	}
	var failures []error
	for _, kind := range []string{containerType, cronType} {
		containers, err := r.containers(ctx, app, kind)
		if err != nil {
			return err
		}
		for _, c := range containers {
			if !overdue(c, time.Now()) {
				continue
			}
			out.Headers().Text("Retiring container %.12s", c.ID)
			if err := r.retireOne(ctx, c); err != nil {
				failures = append(failures, err)
			}
		}
	}
	return errors.Join(failures...)
}

// overdue tells whether a container has run for longer than its label allows.
func overdue(c docker.Container, now time.Time) bool {
	seconds, err := strconv.Atoi(c.Labels[labelDeadline])
	return err == nil && now.After(c.Created.Add(time.Duration(seconds)*time.Second))
}

func (r *run) retireOne(ctx context.Context, c docker.Container) error {
	grace, err := r.grace(c.Labels[docker.LabelApp])
	if err != nil {
		return err
	}
	if err := ignoreGone(r.host.Docker.Stop(ctx, c.ID, grace)); err != nil {
		return err
	}
	return ignoreGone(r.host.Docker.Remove(ctx, c.ID))
}
