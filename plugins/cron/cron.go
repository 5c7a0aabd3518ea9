// Package cron runs the scheduled tasks of apps, which app.json declares:
//
//	{"cron": [
//	  {"command": "node bin/report.js", "schedule": "30 2 * * *"},
//	  {"command": "npm run sync", "schedule": "@hourly", "concurrency_policy": "forbid"}
//	]}
//
//	dokku cron:list blog                      the tasks, by ID
//	dokku cron:run blog ID                    run one now; its exit code is the caller's
//	dokku cron:run blog ID --detach           do not wait for it
//	dokku cron:suspend blog ID                keep one from running by itself; cron:resume undoes it
//	dokku cron:set blog maintenance true      keep all of an app, or with --global of all apps
//	dokku cron:list --global                  tasks of plugins
//
// A command is split into words as a shell does it, but no shell runs it: write
// sh -c '…' where one is wanted. It runs in a container of its own, APP.cron.N,
// with the app's config, and may run for 24 hours. concurrency_policy says what
// happens when the run before has not ended: allow (the default) starts another,
// forbid leaves this one out, replace stops the one that runs.
//
// The control plane runs the tasks, in the time zone of the host. Where the
// clock is set forward or back, a task that names its hours runs once for each of
// its times, and one for every hour runs by the time that passes. No task runs
// twice for one time. One that comes up to a minute late (a restart, a clock that
// was corrected) still runs; what is later than that, because the control plane
// was down or the clock jumped, has been missed. It does not run, and is said: in
// the log, by the trigger slipway-cron-missed, and for a week by cron:list and
// cron:report.
//
// On a machine that a Dokku still has, a task in the crontab of the user dokku is
// run by the host's cron, and not a second time; slipway migrate takes it over.
//
// What the last run of a task wrote is in a file that cron:list --format json
// names. With cron:set --global mailto ADDRESS the host's sendmail delivers it as
// well, from the address mailfrom.
package cron

import (
	"context"
	"sync/atomic"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// Properties; per task there is also maintenance.ID, which cron:suspend sets.
var (
	maintenance = state.Property{
		Plugin: "cron", Name: "maintenance", Default: "false", Validate: validMaintenance,
		Help: "true keeps the app's tasks from running by themselves",
	}
	mailTo = state.Property{
		Plugin: "cron", Name: "mailto", Scope: state.GlobalOnly, Validate: validAddresses,
		Help: "where the output of tasks is mailed to",
	}
	mailFrom = state.Property{
		Plugin: "cron", Name: "mailfrom", Scope: state.GlobalOnly, Validate: validAddresses,
		Help: "the sender of that mail",
	}
)

// Properties of others, read here.
var selectedScheduler = state.Property{Plugin: "scheduler", Name: "selected", Default: "docker-local"}

type cron struct {
	host   *plugin.Host
	ticker *ticker
	taken  atomic.Bool // no Dokku has this machine: the crontab of the system user is ours
}

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	c := &cron{host: h}
	c.ticker = newTicker(c)
	report := plugin.Report{
		Feature: "cron", Legacy: true, Help: "Display report about an app", App: c.reportApp,
		Global: func(context.Context) (plugin.Rows, error) { return c.reportGlobal(state.Global) },
	}
	return plugin.Plugin{
		Name: "cron", Help: "Manage scheduled cron tasks",
		Properties: []state.Property{maintenance, mailTo, mailFrom},
		Commands: []*command.Command{
			command.New("cron:list", "List scheduled cron tasks for an app", c.list, command.Usage("<app> [--format json|stdout]")),
			report.Command(h),
			command.New("cron:resume", "Resume a cron task", c.resume, command.Usage("<app> <cron_id>")),
			command.New("cron:run", "Run a cron task on the fly", c.run, command.Usage("<app> <cron_id> [--detach] [--ttl-seconds SECONDS]")),
			command.New("cron:set", "Set or clear a cron property for an app", c.set, command.RawFlags, command.Usage("[--global|<app>] <key> <value>")),
			command.New("cron:suspend", "Suspend a cron task", c.suspend, command.Usage("<app> <cron_id>")),
		},
		Triggers: plugin.Triggers{
			"app-json-is-valid":        c.onIsValid,
			"cron-get-property":        c.onGetProperty,
			"post-app-clone-setup":     c.onCopy,
			"post-app-rename-setup":    c.onCopy,
			"post-delete":              c.onAppChanged,
			"post-deploy":              c.onAppChanged,
			"scheduler-cron-write":     c.onWrite,
			"scheduler-stop":           c.onSchedulerStop,
			"scheduler-uses-host-cron": c.onUsesHostCron,
			"slipway-start":            c.onStart,
		},
		Serve: c.ticker.serve,
	}
}
