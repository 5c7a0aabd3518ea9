package cron

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/multiformats/go-base36"

	"github.com/slipwayhq/slipway/schedule/calendar"
)

// entries are the tasks that plugins declare for a scheduler by the trigger
// cron-entries: lines SCHEDULE;COMMAND or SCHEDULE;COMMAND;LOGFILE. A line that
// cannot be read is shown by warn and left out.
func (c *cron) entries(ctx context.Context, scheduler string, warn func(line string, reason error)) ([]task, error) {
	answers, err := c.host.Bus.Collect(ctx, "cron-entries", scheduler)
	if err != nil {
		return nil, err
	}
	var tasks []task
	for line := range strings.Lines(strings.Join(answers, "\n")) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		t, err := parseEntry(line)
		if err != nil {
			warn(line, err)
			continue
		}
		if !slices.ContainsFunc(tasks, func(other task) bool { return other.ID == t.ID }) {
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

type entryError string

func (e entryError) Error() string { return string(e) }

// parseEntry reads one line. Source: Dokku plugins/cron/crontab.go, injectedCronTasks.
func parseEntry(line string) (task, error) {
	parts := strings.Split(line, ";")
	if len(parts) != 2 && len(parts) != 3 {
		return task{}, entryError("it is not SCHEDULE;COMMAND;LOGFILE")
	}
	if strings.TrimSpace(parts[1]) == "" || strings.ContainsAny(line, "\x00\r\n") {
		return task{}, entryError("it has no command")
	}
	due, err := calendar.Parse(parts[0], time.Local)
	if err != nil {
		return task{}, err
	}
	t := task{
		ID:     base36.EncodeToStringLc([]byte(strings.Join(parts, ";;;"))),
		Global: true, Command: parts[1], Schedule: parts[0], due: due,
	}
	if len(parts) == 3 {
		t.logFile = parts[2]
	}
	return t, nil
}

// line is what bash runs. That a shell runs it is the contract of cron-entries,
// whose lines Dokku puts into a crontab with SHELL=/bin/bash; they come from
// plugins, which are programs themselves, and never from an app or a user.
// Source: Dokku plugins/cron/cron.go, DokkuRunCommand.
func (t task) line() string {
	if t.logFile != "" {
		return t.Command + " &>> " + t.logFile
	}
	return t.Command
}
