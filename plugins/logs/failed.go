package logs

import (
	"context"
	"errors"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

type failedArgs struct {
	All bool   `flag:"all" help:"for all apps"`
	App string `arg:"app,optional"`
}

func (l *logs) failed(ctx context.Context, c *command.Call, in failedArgs) error {
	return l.host.Each(ctx, c, plugin.Targets{App: in.App, All: in.All}, func(ctx context.Context, app string) error {
		return l.failedOf(ctx, c, app)
	})
}

// failedOf shows what the app's scheduler has of its last failed deploy.
func (l *logs) failedOf(ctx context.Context, c *command.Call, app string) error {
	c.Out.Headers().Title("%s failed deploy logs", app)
	scheduler, err := l.scheduler(ctx, app)
	if err != nil {
		return err
	}
	return l.host.Bus.Event(ctx, "scheduler-logs-failed", scheduler, app)
}

// onSchedulerLogsFailed answers scheduler-logs-failed SCHEDULER APP by what the
// containers wrote that failed in the app's last deploy: the lines "ID TYPE.N"
// of Dokku's file failed-containers.
func (l *logs) onSchedulerLogsFailed(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != dockerLocal {
		return nil
	}
	app, out := c.Arg(1), c.Output()
	lines, err := l.host.Store.ReadLines(l.host.Store.LibPath("data", "scheduler-docker-local", app, "failed-containers"))
	if err != nil {
		return err
	}
	found := false
	for _, line := range lines {
		id, _, _ := strings.Cut(line, " ")
		container, err := l.host.Docker.Inspect(ctx, id)
		switch {
		case errors.Is(err, docker.ErrNotFound) || errors.Is(err, docker.ErrInvalid):
			out.Warn("App container %s no longer running", id)
			continue
		case err != nil:
			return err
		case container.Labels[docker.LabelApp] != app || !l.host.Names.Owns(container.Labels):
			continue // the file is plain text: it must not open the logs of others
		}
		found = true
		text := command.Lines(func(line string) { out.Line("%s", line) })
		err = l.host.Docker.Logs(ctx, container.ID, docker.LogOptions{Tail: -1}, text, text)
		text.Close()
		if err != nil {
			return err
		}
	}
	if !found {
		out.Warn("No failed containers found")
	}
	return nil
}
