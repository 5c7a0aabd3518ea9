package cron

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

type listArgs struct {
	Format string `flag:"format" default:"stdout" help:"stdout or json"`
	App    string `arg:"app,global"`
}

// listed is a task with what is known of its runs, which Dokku does not have.
type listed struct {
	task
	NextRun  *time.Time `json:"next_run,omitempty"`
	LastRun  *time.Time `json:"last_run,omitempty"` // the time it was due at
	ExitCode *int       `json:"last_exit_code,omitempty"`
	Error    string     `json:"last_error,omitempty"`
	Log      string     `json:"log,omitempty"` // the file with what it wrote
	Missed   int        `json:"missed_runs,omitempty"`
	MissedAt *time.Time `json:"last_missed_run,omitempty"`
}

func (c *cron) list(ctx context.Context, call *command.Call, in listArgs) error {
	if in.Format != "stdout" && in.Format != "json" {
		return command.BadInput("Invalid format specified, supported formats: json, stdout")
	}
	tasks, err := c.tasksOf(ctx, call.Out, in.App)
	if err != nil {
		return err
	}
	rows := []listed{}
	for _, t := range tasks {
		rows = append(rows, c.listed(t))
	}
	if in.Format == "json" {
		return call.Out.JSON(rows)
	}
	table := [][]string{{"ID", "Schedule", "Concurrency", "Maintenance", "Command"}}
	for _, t := range tasks {
		off := "false"
		switch {
		case t.TaskInMaintenance:
			off = "true (task)"
		case t.AppInMaintenance:
			off = "true (app)"
		}
		table = append(table, []string{t.ID, t.Schedule, t.Policy, off, t.Command})
	}
	printTable(call.Out, table)
	for _, row := range rows {
		if row.Missed > 0 {
			call.Out.Warn("%s", missedText(row))
		}
	}
	return nil
}

// tasksOf are the tasks of an app, or with state.Global those of plugins.
func (c *cron) tasksOf(ctx context.Context, out *command.Output, name string) ([]task, error) {
	if name != state.Global {
		return c.tasks(name)
	}
	return c.entries(ctx, "docker-local", func(line string, reason error) {
		out.Warn("Invalid injected cron task: %s: %v", line, reason)
	})
}

func (c *cron) listed(t task) listed {
	row := listed{task: t}
	if next := t.due.Next(time.Now()); !t.Maintenance && !next.IsZero() {
		row.NextRun = &next
	}
	e := c.ticker.book.get(t.scope(), t.ID)
	if missed := e.missedOf(time.Now()); missed > 0 {
		row.Missed, row.MissedAt = missed, &e.MissedAt
	}
	if last := e.Last; last != nil {
		row.LastRun, row.ExitCode, row.Error, row.Log = &last.Due, last.ExitCode, last.Error, last.Log
	}
	return row
}

func missedText(row listed) string {
	runs := "1 run"
	if row.Missed > 1 {
		runs = strconv.Itoa(row.Missed) + " runs"
	}
	text := "The task " + row.ID + " has missed " + runs + ", the last one at " + row.MissedAt.In(time.Local).Format(time.RFC3339)
	if !row.Global {
		text += ". To make up for it: dokku cron:run " + row.App + " " + row.ID
	}
	return text
}

// printTable prints columns two spaces apart, as Dokku's columnize does.
func printTable(out *command.Output, rows [][]string) {
	var widths [5]int
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		out.Line("%s", line.String())
	}
}

type runArgs struct {
	Detach bool   `flag:"detach" help:"do not wait for its end"`
	TTL    string `flag:"ttl-seconds" default:"86400" help:"how many seconds it may run"`
	App    string `arg:"app"`
	ID     string `arg:"cron_id,optional"`
}

func (c *cron) run(ctx context.Context, call *command.Call, in runArgs) error {
	if seconds, err := strconv.Atoi(in.TTL); err != nil || seconds < 1 {
		return command.BadInput("--ttl-seconds must be a positive integer")
	}
	if in.ID == "" {
		return command.BadInput("Please specify a Cron ID from the output of 'dokku cron:list %s'", in.App)
	}
	t, err := c.find(in.App, in.ID)
	if err != nil {
		return err
	}
	if t == nil {
		return command.BadInput("No matching Cron ID found. Please specify a Cron ID from the output of 'dokku cron:list %s'", in.App)
	}
	env := map[string]string{"DOKKU_RM_CONTAINER": "1", "DOKKU_RUN_TTL_SECONDS": in.TTL, "DOKKU_DETACH_CONTAINER": ""}
	if in.Detach {
		env["DOKKU_DETACH_CONTAINER"], env["DOKKU_DISABLE_TTY"] = "1", "true"
	}
	return c.schedule(ctx, *t, env)
}

// schedule has the app's scheduler run a task. Source of the variables: Dokku
// plugins/cron/subcommands.go, CommandRun.
func (c *cron) schedule(ctx context.Context, t task, env map[string]string) error {
	argv, err := splitCommand(t.Command)
	if err != nil {
		return command.BadInput("Could not parse command: %w", err)
	}
	scheduler, err := c.host.Store.Computed(selectedScheduler, t.App)
	if err != nil {
		return err
	}
	ctx = trigger.WithEnv(ctx, env)
	ctx = trigger.WithEnv(ctx, map[string]string{"DOKKU_CRON_ID": t.ID, "DOKKU_CONCURRENCY_POLICY": t.Policy})
	return c.host.Bus.Event(ctx, "scheduler-run", append([]string{scheduler, t.App, "0", "--"}, argv...)...)
}

type taskArgs struct {
	App string `arg:"app"`
	ID  string `arg:"cron_id,optional"`
}

func (c *cron) suspend(ctx context.Context, call *command.Call, in taskArgs) error {
	return c.setProperty(ctx, call, in.App, taskPrefix+in.ID, "true")
}

func (c *cron) resume(ctx context.Context, call *command.Call, in taskArgs) error {
	return c.setProperty(ctx, call, in.App, taskPrefix+in.ID, "")
}

type setArgs struct {
	App      string `arg:"app,global"`
	Property string `arg:"key" missing:"No property specified"`
	Value    string `arg:"value,optional"`
}

func (c *cron) set(ctx context.Context, call *command.Call, in setArgs) error {
	return c.setProperty(ctx, call, in.App, in.Property, in.Value)
}

// maxName is how long a file's name may be.
const maxName = 255

// setProperty writes a property and lets the schedule be read anew.
func (c *cron) setProperty(ctx context.Context, call *command.Call, name, key, value string) error {
	properties := []state.Property{maintenance, mailTo, mailFrom}
	if (key == mailTo.Name || key == mailFrom.Name) && name != state.Global {
		return command.BadInput("Property cannot be specified on a per-app basis")
	}
	if id, isTask := strings.CutPrefix(key, taskPrefix); isTask {
		switch {
		case name == state.Global:
			return command.BadInput("Task maintenance properties cannot be set globally")
		case id == "":
			return command.BadInput("Invalid task maintenance property, missing ID")
		}
		t, err := c.find(name, id)
		if err != nil {
			return err
		}
		if t == nil {
			return command.BadInput("Invalid task maintenance property, no matching task ID found: %s", key)
		}
		if len(key) > maxName {
			return command.BadInput("The ID of this task is too long to suspend it: write \"maintenance\": true into app.json instead")
		}
		properties = append(properties, state.Property{Plugin: "cron", Name: key, Scope: state.AppOnly, Validate: validMaintenance})
	}
	setter := plugin.Setter{Feature: "cron", BadKey: plugin.BadProperty, Properties: properties}
	if err := setter.Set(ctx, c.host, call, name, key, value); err != nil {
		return err
	}
	if key == mailTo.Name && value != "" && sendmail() == "" {
		call.Out.Warn("There is no sendmail on this host, so nothing is mailed yet. Install one, such as the package msmtp-mta")
	}
	scheduler, err := c.host.Store.Computed(selectedScheduler, name)
	if err != nil {
		return err
	}
	args := []string{scheduler}
	if name != state.Global {
		args = append(args, name)
	}
	return c.host.Bus.Event(ctx, "scheduler-cron-write", args...)
}
