package cron

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/multiformats/go-base36"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/schedule/calendar"
	"github.com/slipwayhq/slipway/state"
)

// taskPrefix begins the name of the property that suspends one task.
const taskPrefix = "maintenance."

// task is one scheduled command. In JSON it has the names and the order of
// Dokku's. Source: Dokku plugins/cron/cron.go.
type task struct {
	ID                string `json:"id"`
	App               string `json:"app,omitempty"`
	Command           string `json:"command"`
	Global            bool   `json:"global,omitempty"`
	Schedule          string `json:"schedule"`
	Policy            string `json:"concurrency_policy"`
	AppInMaintenance  bool   `json:"app-in-maintenance"`
	TaskInMaintenance bool   `json:"task-in-maintenance"`
	Maintenance       bool   `json:"maintenance"`

	due     calendar.Schedule
	byCron  bool   // the host's cron runs it
	logFile string // of a plugin's task: where its output is added to
}

// scope is whose the task is in the book: an app, or state.Global.
func (t task) scope() string {
	if t.Global {
		return state.Global
	}
	return t.App
}

// taskID is the ID of a task of an app.
// Source: Dokku plugins/cron/cron.go, GenerateCommandID.
func taskID(name string, t app.CronTask) string {
	return base36.EncodeToStringLc([]byte(name + "===" + t.Command + "===" + t.Schedule))
}

// tasks are those of an app's last deploy.
func (c *cron) tasks(name string) ([]task, error) {
	text, err := c.host.Store.ReadFile(filepath.Join(c.host.Store.DataDir("app-json", name), "app.json"))
	if err != nil {
		return nil, err
	}
	parsed, err := app.ParseAppJSON([]byte(text))
	if err != nil {
		return nil, command.Fail("Unable to fetch app.json for app %s: %w", name, err)
	}
	return c.read(name, parsed.Cron)
}

// read checks the tasks that app.json declares. The words are Dokku's.
func (c *cron) read(name string, declared []app.CronTask) ([]task, error) {
	if len(declared) == 0 {
		return nil, nil
	}
	appOff, err := c.inMaintenance(name)
	if err != nil {
		return nil, err
	}
	properties, err := c.host.Store.Properties("cron", name)
	if err != nil {
		return nil, err
	}
	var tasks []task
	for i, d := range declared {
		t := task{ID: taskID(name, d), App: name, Command: d.Command, Schedule: d.Schedule, Policy: d.ConcurrencyPolicy, AppInMaintenance: appOff}
		switch {
		case d.Command == "":
			return nil, command.BadInput("Missing cron task command for app %s (index %d)", name, i)
		case d.Schedule == "":
			return nil, command.BadInput("Missing cron schedule for app %s (index %d)", name, i)
		}
		if t.due, err = calendar.Parse(d.Schedule, time.Local); err != nil {
			return nil, command.BadInput("Invalid cron schedule for app %s (schedule %s): %w", name, d.Schedule, err)
		}
		words, err := splitCommand(d.Command)
		if err == nil && len(words) == 0 {
			err = errors.New("there is nothing to run")
		}
		if err != nil {
			return nil, command.BadInput("Invalid cron command for app %s (command %q): %w", name, d.Command, err)
		}
		switch t.Policy {
		case "":
			t.Policy = "allow"
		case "allow", "forbid", "replace":
		default:
			return nil, command.BadInput("Invalid cron concurrency policy for app %s (schedule %s): %s", name, d.Schedule, d.ConcurrencyPolicy)
		}
		off := d.Maintenance
		if v := properties[taskPrefix+t.ID]; v != "" {
			set, err := strconv.ParseBool(v)
			if err != nil {
				return nil, command.BadInput("Invalid maintenance property for app %s (schedule %s): %w", name, d.Schedule, err)
			}
			off = off || set
		}
		t.TaskInMaintenance, t.Maintenance = off, off || appOff
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// inMaintenance tells whether all tasks of an app are kept from running: its own
// property or the global one says so.
// Source: Dokku plugins/cron/report.go, reportComputedMaintenance.
func (c *cron) inMaintenance(name string) (bool, error) {
	for _, scope := range []string{name, state.Global} {
		v, err := c.host.Store.Get(maintenance, scope)
		if err != nil {
			return false, err
		}
		if v == "true" {
			return true, nil
		}
	}
	return false, nil
}

// find is the task with an ID; nil when the app has none such.
func (c *cron) find(name, id string) (*task, error) {
	tasks, err := c.tasks(name)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if t.ID == id {
			return &t, nil
		}
	}
	return nil, nil
}

func validMaintenance(v string) error {
	if v != "true" && v != "false" {
		return fmt.Errorf("Invalid maintenance specified: %q, must be true or false", v) //nolint:staticcheck // shown as it is
	}
	return nil
}
