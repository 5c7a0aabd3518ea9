package cron

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeCrontab lists the tasks in the crontab of the system user, where a Dokku
// would have had them run by the host's cron. Each is a comment: the control
// plane runs them, and a crontab that a Dokku left behind would run them a second
// time. Without tasks there is no file; removed tells that it is gone by that.
func (c *cron) writeCrontab(tasks []task) (removed bool, err error) {
	path := c.host.Crontab
	if path == "" {
		return false, nil
	}
	if !c.taken.Load() {
		if theirs, err := c.hostCron(); err != nil || len(theirs) > 0 {
			return false, err
		}
	}
	if len(tasks) == 0 {
		err := os.Remove(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("cannot remove the crontab: %w", err)
		}
		return err == nil, nil
	}
	var b strings.Builder
	b.WriteString("# Slipway's control plane runs these tasks, not cron. See: dokku cron:list APP\n")
	for _, t := range tasks {
		line := "dokku cron:run " + t.App + " " + t.ID
		if t.Global {
			line = t.line()
		}
		fmt.Fprintf(&b, "# %s %s\n", oneLine(t.Schedule), oneLine(line))
	}
	if old, err := c.host.Store.ReadFile(path); err == nil && old == b.String() {
		return false, nil
	}
	// Not by the store, which would hand the folder of all crontabs to the system user.
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, fmt.Errorf("cannot write the crontab: %w", err)
	}
	return false, c.host.Store.WriteFile(path, []byte(b.String()), 0o600)
}

// hostCron are the tasks, as "APP ID", that the host's cron runs: lines that a
// Dokku wrote. Source of their form: Dokku plugins/cron/cron.go, DokkuRunCommand.
func (c *cron) hostCron() (map[string]bool, error) {
	if c.host.Crontab == "" {
		return nil, nil
	}
	lines, err := c.host.Store.ReadLines(c.host.Crontab)
	if err != nil {
		return nil, err
	}
	theirs := map[string]bool{}
	for _, line := range lines {
		_, task, found := strings.Cut(line, "dokku cron:run ")
		if fields := strings.Fields(task); found && !strings.HasPrefix(line, "#") && len(fields) >= 2 {
			theirs[fields[0]+" "+fields[1]] = true
		}
	}
	return theirs, nil
}

// oneLine keeps a text from becoming a line of its own, which cron would run.
func oneLine(text string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(text) }
