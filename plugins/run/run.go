// Package run runs one-off commands in new containers of an app's live release.
//
//	dokku run blog rake db:migrate       on the caller's terminal, if there is one; its exit code is the caller's
//	dokku run -i blog psql < dump.sql    what is piped in goes to the command
//	dokku run blog console               a process type of the Procfile: its command
//	dokku run -e DEBUG=1 --ttl-seconds 600 blog ./report
//	dokku run:detached blog ./import     prints the container's name and does not wait
//	dokku run:list blog                  what runs
//	dokku run:logs blog -t
//	dokku run:stop blog                  all of them; or --container blog.run.1234
//	dokku run:retire                     ends those that ran longer than they may
//
// The container has the app's config and what plugins ask for with the triggers
// docker-args-run and docker-args-process-run, is named APP.run.NUMBER, and is
// removed when it has ended. It may run for 24 hours unless --ttl-seconds says
// otherwise. Without a command it is a shell.
package run

import (
	"context"
	"strconv"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// labelDeadline is how many seconds a container may run. Source: Dokku
// plugins/scheduler-docker-local/scheduler-run.
const labelDeadline = "com.dokku.active-deadline-seconds"

// Labels of runs of scheduled tasks. Source: as above.
const (
	labelCron   = "com.dokku.cron-id"
	labelPolicy = "com.dokku.concurrency-policy"
)

// containerType is that of one-off containers, cronType that of runs of
// scheduled tasks.
const (
	containerType = "run"
	cronType      = "cron"
)

// dockerLocal is the scheduler whose one-off containers these are.
const dockerLocal = "docker-local"

// defaultTTL is how many seconds a container may run when nobody says.
const defaultTTL = "86400"

// Properties of others, read here.
var (
	shell             = state.Property{Plugin: "scheduler", Name: "shell"}
	initProcess       = state.Property{Plugin: "scheduler-docker-local", Name: "init-process", Default: "true"}
	selectedScheduler = state.Property{Plugin: "scheduler", Name: "selected", Default: dockerLocal}
	stopTimeout       = state.Property{Plugin: "ps", Name: "stop-timeout-seconds", Default: "30"}
)

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	r := &run{h}
	return plugin.Plugin{
		Name: "run", Help: "Run a one-off process inside a container",
		Commands: []*command.Command{
			command.New("run", "Run a command in a new container using the current app image", r.attached, command.PlainArgs,
				command.Usage("[-e|--env KEY=VALUE] [-i|--interactive] [--no-tty] [--ttl-seconds SECONDS] [--label KEY=VALUE] <app> <cmd>")),
			command.New("run:detached", "Run a command in a new detached container using the current app image", r.detached, command.PlainArgs,
				command.Usage("[-e|--env KEY=VALUE] [--force-tty] [--ttl-seconds SECONDS] [--label KEY=VALUE] <app> <cmd>")),
			command.New("run:list", "List all run containers for an app", r.list, command.Usage("[--format json|stdout] <app>")),
			command.New("run:logs", "Display recent log output for run containers", r.logs,
				command.Usage("<app|--container CONTAINER> [-h] [-t] [-n num] [-q]")),
			command.New("run:retire", "Stop all run containers for an app that have exceeded their active deadline", r.retire, command.Usage("[<app>]")),
			command.New("run:stop", "Stops all run containers for an app or a specified run container", r.stop,
				command.Usage("<app|--container CONTAINER>")),
		},
		Triggers: plugin.Triggers{
			"scheduler-run": r.onRun, "scheduler-run-list": r.onList, "scheduler-run-logs": r.onLogs,
			"scheduler-run-retire": r.onRetire, "scheduler-run-stop": r.onStop,
		},
	}
}

type run struct{ host *plugin.Host }

// containers lists the one-off containers of an app ("": of all), newest first.
func (r *run) containers(ctx context.Context, app, kind string) ([]docker.Container, error) {
	labels := r.host.Names.Owned(app)
	labels[docker.LabelContainerType] = kind
	all, err := r.host.Docker.List(ctx, docker.Filter{Labels: labels, All: true})
	if err != nil {
		return nil, err
	}
	var own []docker.Container
	for _, c := range all {
		if r.host.Names.Owns(c.Labels) {
			own = append(own, c)
		}
	}
	return own, nil
}

// grace is how long an app's containers get to end by themselves.
func (r *run) grace(app string) (time.Duration, error) {
	v, err := r.host.Store.Computed(stopTimeout, app)
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.Atoi(v)
	if err != nil {
		return 0, command.BadInput("The property stop-timeout-seconds of %s is not a number: %q", app, v)
	}
	return time.Duration(seconds) * time.Second, nil
}
