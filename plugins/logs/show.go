package logs

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/schedule/tail"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// deployed is written by deploys, in plugins/ps.
var deployed = state.Property{Plugin: "common", Name: "deployed", Scope: state.AppOnly}

type showArgs struct {
	Tail  bool   `flag:"tail" short:"t" help:"continually stream logs"`
	Num   int    `flag:"num" short:"n" default:"100" help:"the number of lines to display"`
	Quiet bool   `flag:"quiet" short:"q" help:"display raw logs without colors, time and names"`
	PS    string `flag:"ps" short:"p" help:"only display logs from the given process"`
	App   string `arg:"app"`
}

// wants tells whether an instance is among those asked for: "web" or "web.1".
func (in showArgs) wants(i schedule.Instance) bool {
	return in.PS == "" || in.PS == i.Process || in.PS == i.Dyno()
}

func (l *logs) show(ctx context.Context, c *command.Call, in showArgs) error {
	if in.Num < 0 {
		return command.BadInput("Invalid number of lines specified: %d", in.Num)
	}
	if v, err := l.host.Store.Get(deployed, in.App); err != nil || v != "true" {
		return errors.Join(err, command.Fail("App %s has not been deployed", in.App))
	}
	scheduler, err := l.scheduler(ctx, in.App)
	if err != nil {
		return err
	}
	return l.host.Bus.Event(ctx, "scheduler-logs", scheduler, in.App, in.PS,
		strconv.FormatBool(in.Tail), strconv.FormatBool(in.Quiet), strconv.Itoa(in.Num))
}

// scheduler is the one that runs the app.
func (l *logs) scheduler(ctx context.Context, app string) (string, error) {
	name, err := l.host.Bus.Query(ctx, "scheduler-detect", app)
	if name == "" {
		name = dockerLocal
	}
	return name, err
}

// dockerLocal is the scheduler whose logs are answered for here: all it takes is
// the engine.
const dockerLocal = "docker-local"

// onSchedulerLogs answers scheduler-logs SCHEDULER APP PROCESS TAIL QUIET NUM.
func (l *logs) onSchedulerLogs(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != dockerLocal {
		return nil
	}
	in := showArgs{App: c.Arg(1), PS: c.Arg(2), Tail: c.Arg(3) == "true", Quiet: c.Arg(4) == "true"}
	var err error
	if in.Num, err = strconv.Atoi(c.Arg(5)); err != nil || in.Num < 0 {
		return command.BadInput("Invalid number of lines specified: %s", c.Arg(5))
	}
	view := tail.New(l.host.Docker, c.Output(), in.Quiet)
	if in.Tail {
		return l.follow(ctx, view, in)
	}
	live, err := l.instances(ctx, in)
	if err != nil {
		return err
	}
	return view.Recent(ctx, sources(live), in.Num)
}

// instances are the live ones that are asked for.
func (l *logs) instances(ctx context.Context, in showArgs) ([]schedule.Instance, error) {
	live, err := schedule.LiveOn(ctx, l.host.Docker, l.host.Names, in.App)
	return slices.DeleteFunc(live, func(i schedule.Instance) bool { return !in.wants(i) }), err
}

func source(i schedule.Instance) tail.Source { return tail.Source{ID: i.ID, Name: i.Dyno()} }

func sources(instances []schedule.Instance) []tail.Source {
	var all []tail.Source
	for _, i := range instances {
		all = append(all, source(i))
	}
	return all
}

// follow shows recent lines, then new ones until ctx ends. Containers that
// start meanwhile, by a deploy or anew, are followed from their start.
func (l *logs) follow(ctx context.Context, view *tail.View, in showArgs) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		if failed := view.Wait(); err == nil {
			err = failed
		}
	}()
	// Before the list, so that no container starts unseen between the two.
	events, ended := l.host.Docker.Events(ctx)
	from := time.Now()
	live, err := l.instances(ctx, in)
	if err != nil {
		return err
	}
	if err := view.Recent(ctx, sources(live), in.Num); err != nil {
		return err
	}
	for _, i := range live {
		if i.Running {
			view.Follow(ctx, source(i), from)
		}
	}
	for event := range events {
		if i, wanted := l.started(event, in); wanted {
			view.Follow(ctx, source(i), time.Time{})
		}
	}
	return <-ended
}

// started tells whether an event is the start of an instance that is asked for.
func (l *logs) started(e docker.Event, in showArgs) (schedule.Instance, bool) {
	if e.Type != "container" || e.Action != "start" || e.Labels[docker.LabelApp] != in.App ||
		e.Labels[docker.LabelContainerType] != "deploy" || !l.host.Names.Owns(e.Labels) {
		return schedule.Instance{}, false
	}
	i := schedule.FromContainer(l.host.Names, docker.Container{ID: e.ID, Name: e.Name, Labels: e.Labels})
	return i, in.wants(i)
}
