package run

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule/tail"
	"github.com/slipwayhq/slipway/trigger"
)

type logsArgs struct {
	Container string `flag:"container" help:"only of this container"`
	Tail      bool   `flag:"tail" short:"t" help:"continually stream logs"`
	Num       int    `flag:"num" short:"n" default:"100" help:"the number of lines to display"`
	Quiet     bool   `flag:"quiet" short:"q" help:"display raw logs without colors, time and names"`
	App       string `arg:"app,optional"`
}

func (r *run) logs(ctx context.Context, c *command.Call, in logsArgs) error {
	if in.Num < 0 {
		return command.BadInput("Invalid number of lines specified: %d", in.Num)
	}
	containers, err := r.chosen(ctx, in.App, in.Container)
	if err != nil {
		return err
	}
	if len(containers) == 0 && in.Container != "" {
		return command.Fail("Specified container does not exist")
	}
	name, container := in.App, ""
	if in.Container != "" {
		name, container = containers[0].Labels[docker.LabelApp], containers[0].Name
	}
	scheduler, err := r.host.Store.Computed(selectedScheduler, name)
	if err != nil {
		return err
	}
	return r.host.Bus.Event(ctx, "scheduler-run-logs", scheduler, name, container,
		strconv.FormatBool(in.Tail), strconv.FormatBool(in.Quiet), strconv.Itoa(in.Num))
}

// onLogs answers scheduler-run-logs SCHEDULER APP CONTAINER TAIL RAW LINES.
func (r *run) onLogs(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != dockerLocal {
		return nil
	}
	containers, err := r.chosen(ctx, c.Arg(1), c.Arg(2))
	if err != nil {
		return err
	}
	lines, err := strconv.Atoi(c.Arg(5))
	if err != nil || lines < 0 {
		return command.BadInput("Invalid number of lines specified: %s", c.Arg(5))
	}
	slices.Reverse(containers) // oldest first
	var sources []tail.Source
	for _, found := range containers {
		// Dokku shows the number only: app[6366].
		sources = append(sources, tail.Source{ID: found.ID, Name: found.Name[strings.LastIndexByte(found.Name, '.')+1:]})
	}
	view := tail.New(r.host.Docker, c.Output(), c.Arg(4) == "true")
	from := time.Now()
	if err := view.Recent(ctx, sources, lines); err != nil || c.Arg(3) != "true" {
		return err
	}
	for _, s := range sources {
		view.Follow(ctx, s, from)
	}
	return view.Wait()
}

// chosen are the containers of an app, or the one that is named; none when it
// does not exist. A container that is not a one-off one of ours is refused.
func (r *run) chosen(ctx context.Context, name, container string) ([]docker.Container, error) {
	if name == "" && container == "" {
		return nil, command.BadInput("No container or app specified")
	}
	if container == "" {
		return r.containers(ctx, name, containerType)
	}
	found, err := r.host.Docker.Inspect(ctx, container)
	switch {
	case errors.Is(err, docker.ErrInvalid):
		return nil, command.BadInput("Invalid container name specified: %s", container)
	case err != nil:
		return nil, ignoreGone(err)
	case !r.host.Names.Owns(found.Labels) || found.Labels[docker.LabelContainerType] != containerType:
		return nil, command.BadInput("Specified container must be a run container")
	case name != "" && found.Labels[docker.LabelApp] != name:
		return nil, command.BadInput("Specified app does not match app in container name")
	}
	return []docker.Container{found}, nil
}
