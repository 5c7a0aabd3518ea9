package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// tellScheduler fires a trigger about an entry of a scheduler that a plugin
// provides, with the entry as JSON on its stdin: storage-create or
// storage-destroy. The caller does not hold the lock.
func (s storage) tellScheduler(ctx context.Context, out *command.Output, name string, e entry) error {
	if !s.h.Bus.Handled(name) {
		return command.Fail("no plugin answers the trigger %s. Install one that provides the scheduler %s, with: dokku plugin:install <url>", name, e.Scheduler)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	err = s.h.Bus.Event(trigger.WithOutput(ctx, bytes.NewReader(text), out), name, e.Name)
	if exit := (command.Exit{}); errors.As(err, &exit) { // so that the caller's words are shown
		return command.Fail("the trigger %s ended with exit code %d", name, exit.Code)
	}
	return err
}

type waitArgs struct {
	Name string `arg:"name,optional"`
}

// wait fails unless the entry can be mounted now.
func (s storage) wait(ctx context.Context, c *command.Call, in waitArgs) error {
	e, err := s.load(in.Name)
	if err != nil {
		return err
	}
	if e.Scheduler == dockerLocal {
		if info, err := os.Stat(e.HostPath); e.isFolder() && (err != nil || !info.IsDir()) {
			return command.Fail("storage entry %q host path %s is not present", e.Name, e.HostPath)
		}
		return nil
	}
	var answer bytes.Buffer
	if err := s.tellScheduler(ctx, command.NewOutput(&answer, c.Out.Stderr()), "storage-status", e); err != nil {
		return err
	}
	if status := strings.TrimSpace(answer.String()); status != "Bound" {
		return command.Fail("storage entry %q is %s, not Bound", e.Name, status)
	}
	c.Out.Step("Storage entry %s is bound", e.Name)
	return nil
}
