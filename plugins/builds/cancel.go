package builds

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
)

// cancel ends the build under way: one of ours, or that of a plugin's script,
// which the deploy lock names. The words are Dokku's
// (plugins/builds/subcommands.go, CommandCancel).
func (b *builds) cancel(_ context.Context, c *command.Call, in appArgs) error {
	if _, running := b.book.Current(in.App); running {
		c.Out.Step("Killing app deploy")
		b.book.Cancel(in.App)
		return nil
	}
	lock := b.host.Store.DeployLockPath(in.App)
	text, err := os.ReadFile(lock)
	if errors.Is(err, os.ErrNotExist) || err == nil && b.host.Store.AppLocked(in.App) {
		c.Out.Step("App not currently deploying")
		return nil
	}
	if err != nil {
		return err
	}
	id := strings.TrimSpace(string(text))
	if id == "" {
		c.Out.Step("No matching app deploy found")
		return nil
	}
	build, err := b.book.Load(in.App, id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		c.Out.Step("No build record for %s, removing stale lock file", id)
		return os.Remove(lock)
	case err != nil:
		return err
	case build.Status == record.Running:
		return b.kill(c.Out, build, lock)
	case build.Status == record.Abandoned:
		c.Out.Step("Build was already terminated, marking failed")
		return errors.Join(b.book.End(in.App, id, record.Failed, -1), os.Remove(lock))
	}
	c.Out.Step("Build %s is no longer running (status=%s); leaving record untouched", id, build.Status)
	return nil
}

// kill ends the build of another process, with all that it started.
func (b *builds) kill(out *command.Output, build record.Build, lock string) error {
	out.Step("Killing app deploy")
	group, err := syscall.Getpgid(build.PID)
	if err == nil && group != syscall.Getpgrp() {
		err = syscall.Kill(-group, syscall.SIGQUIT)
	}
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return command.Fail("Cannot end the process %d of the build %s: %w", build.PID, build.ID, err)
	}
	return errors.Join(b.book.End(build.App, build.ID, record.Canceled, -1), os.Remove(lock))
}
