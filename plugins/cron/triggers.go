package cron

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// onIsValid answers app-json-is-valid APP PATH: it fails, saying why, when the
// file declares a task that could not run.
func (c *cron) onIsValid(_ context.Context, call *trigger.Call) error {
	file, err := os.ReadFile(call.Arg(1))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the app.json of %s: %w", call.Arg(0), err)
	}
	parsed, err := app.ParseAppJSON(file)
	if err != nil {
		return command.BadInput("%w", err)
	}
	_, err = c.read(call.Arg(0), parsed.Cron)
	return err
}

// onGetProperty answers cron-get-property APP|--global KEY.
func (c *cron) onGetProperty(_ context.Context, call *trigger.Call) error {
	properties := []state.Property{maintenance, mailTo, mailFrom}
	i := slices.IndexFunc(properties, func(p state.Property) bool { return p.Name == call.Arg(1) })
	if i < 0 {
		return command.BadInput("Invalid cron property specified")
	}
	value, err := c.host.Store.Get(properties[i], call.Arg(0))
	if err != nil {
		return err
	}
	if value == "" {
		value = properties[i].Default
	}
	fmt.Fprintln(call.Out, value)
	return nil
}

// onCopy answers post-app-clone-setup and post-app-rename-setup OLD NEW. The
// properties are copied already, but a task's ID names its app: without this a
// task that was suspended would run under the new name.
func (c *cron) onCopy(_ context.Context, call *trigger.Call) error {
	from, to := call.Arg(0), call.Arg(1)
	properties, err := c.host.Store.Properties("cron", from)
	if err != nil {
		return err
	}
	tasks, err := c.tasks(from)
	if err != nil { // the app.json of the last deploy is broken: nothing is scheduled then
		return nil //nolint:nilerr // see above
	}
	for _, t := range tasks {
		value := properties[taskPrefix+t.ID]
		if value == "" {
			continue
		}
		old := state.Property{Plugin: "cron", Name: taskPrefix + t.ID}
		renamed := state.Property{Plugin: "cron", Name: taskPrefix + taskID(to, app.CronTask{Command: t.Command, Schedule: t.Schedule})}
		if err := c.host.Store.Unset(old, to); err != nil {
			return err
		}
		if err := c.host.Store.Set(renamed, to, value); err != nil {
			return err
		}
	}
	return nil
}

// onAppChanged answers post-deploy APP and post-delete APP.
func (c *cron) onAppChanged(ctx context.Context, call *trigger.Call) error {
	return c.write(ctx, call.Arg(0))
}

// onSchedulerStop answers scheduler-stop SCHEDULER APP.
func (c *cron) onSchedulerStop(ctx context.Context, call *trigger.Call) error {
	host, err := c.usesHostCron(ctx, call.Arg(0))
	if err != nil || !host {
		return err
	}
	return c.write(ctx, call.Arg(1))
}

// write fires scheduler-cron-write for an app.
func (c *cron) write(ctx context.Context, name string) error {
	scheduler, err := c.host.Store.Computed(selectedScheduler, name)
	if err != nil {
		return err
	}
	return c.host.Bus.Event(ctx, "scheduler-cron-write", scheduler, name)
}

// onWrite answers scheduler-cron-write [SCHEDULER [APP]]: what is scheduled is
// read anew, of all apps.
func (c *cron) onWrite(ctx context.Context, call *trigger.Call) error {
	if scheduler := call.Arg(0); scheduler != "" {
		host, err := c.usesHostCron(ctx, scheduler)
		if err != nil || !host {
			return err
		}
	}
	tasks, err := c.scheduled(ctx)
	if err != nil {
		return err
	}
	active := slices.DeleteFunc(tasks, func(t task) bool { return t.Maintenance })
	removed, err := c.writeCrontab(active)
	if err != nil {
		return err
	}
	c.ticker.reread()
	switch {
	case len(active) > 0:
		call.Output().Headers().Step("Updated schedule file")
	case removed:
		call.Output().Headers().Step("Removed")
	}
	return nil
}

// onStart answers slipway-start, which is fired when no Dokku has this machine: a
// crontab that one left behind goes out of force.
func (c *cron) onStart(ctx context.Context, _ *trigger.Call) error {
	c.taken.Store(true)
	tasks, err := c.scheduled(ctx)
	if err != nil {
		return err
	}
	if _, err := c.writeCrontab(slices.DeleteFunc(tasks, func(t task) bool { return t.Maintenance })); err != nil {
		return err
	}
	c.ticker.reread()
	return nil
}

// onUsesHostCron answers scheduler-uses-host-cron SCHEDULER: "true" for those
// whose tasks run from here, "false" for those known to look after their own or
// to have none.
func (c *cron) onUsesHostCron(_ context.Context, call *trigger.Call) error {
	switch call.Arg(0) {
	case "docker-local":
		fmt.Fprintln(call.Out, "true")
	case "k3s", "null":
		fmt.Fprintln(call.Out, "false")
	}
	return nil
}

func (c *cron) usesHostCron(ctx context.Context, scheduler string) (bool, error) {
	answer, err := c.host.Bus.Query(ctx, "scheduler-uses-host-cron", scheduler)
	return answer == "true", err
}
