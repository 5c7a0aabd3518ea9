package builds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
)

type listArgs struct {
	Format string `flag:"format" default:"stdout" help:"stdout or json"`
	Kind   string `flag:"kind" help:"only build or deploy"`
	Status string `flag:"status" help:"only running, succeeded, failed, canceled or abandoned"`
	App    string `arg:"app,optional"`
}

// view is a record with what is worked out from it. The names and the order of
// the fields are Dokku's (plugins/builds/subcommands.go, listView); its status
// is the one on disk, where abandoned does not exist.
type view struct {
	record.Build
	DisplayStatus record.Status `json:"display_status"`
	Duration      string        `json:"duration"`
	LogPath       string        `json:"log_path"`
}

func (b *builds) view(build record.Build) view {
	v := view{Build: build, DisplayStatus: build.Status, Duration: build.Duration(b.now()).String(), LogPath: b.book.LogPath(build.App, build.ID)}
	if v.Status == record.Abandoned {
		v.Status = record.Running
	}
	return v
}

func (b *builds) list(ctx context.Context, c *command.Call, in listArgs) error {
	if err := in.check(); err != nil {
		return err
	}
	views, err := b.views(ctx, in)
	if err != nil {
		return err
	}
	if in.Format == "json" {
		return c.Out.JSON(views)
	}
	switch {
	case len(views) == 0 && in.App == "":
		c.Out.Line("No builds currently running")
		return nil
	case len(views) == 0:
		c.Out.Line("No builds recorded for this app")
		return nil
	}
	var rows [][]string
	if in.App == "" {
		rows = append(rows, []string{"App", "Build ID", "Kind", "PID", "Source", "Started"})
	} else {
		rows = append(rows, []string{"Build ID", "Kind", "Status", "PID", "Source", "Started", "Duration"})
	}
	for _, v := range views {
		pid, started := fmt.Sprint(v.PID), v.StartedAt.Format(time.RFC3339)
		if in.App == "" {
			rows = append(rows, []string{v.App, v.ID, string(v.Kind), pid, v.Source, started})
		} else {
			rows = append(rows, []string{v.ID, string(v.Kind), string(v.DisplayStatus), pid, v.Source, started, v.Duration})
		}
	}
	return printColumns(c.Out, rows)
}

// check refuses what cannot match. The words are Dokku's.
func (in listArgs) check() error {
	switch {
	case in.Format != "stdout" && in.Format != "json":
		return errFormat()
	case in.Kind != "" && !slices.Contains(record.Kinds(), record.Kind(in.Kind)):
		return command.BadInput("Invalid --kind value %q (allowed: build, deploy)", in.Kind)
	case in.Status != "" && !slices.Contains(record.Statuses(), record.Status(in.Status)):
		return command.BadInput("Invalid --status value %q (allowed: running, succeeded, failed, canceled, abandoned)", in.Status)
	}
	return nil
}

func errFormat() error {
	return command.BadInput("Invalid format specified, supported formats: json, stdout")
}

// views are the builds to list: of one app all that are kept, those under way
// first; of all apps those that have not ended.
func (b *builds) views(ctx context.Context, in listArgs) ([]view, error) {
	apps := []string{in.App}
	if in.App == "" {
		var err error
		if apps, err = b.host.VisibleApps(ctx); err != nil {
			return nil, err
		}
	}
	views := []view{}
	for _, app := range apps {
		all, err := b.book.List(app)
		if err != nil {
			return nil, err
		}
		for _, build := range all {
			unfinished := build.Status == record.Running || build.Status == record.Abandoned
			matches := (in.Kind == "" || build.Kind == record.Kind(in.Kind)) && (in.Status == "" || build.Status == record.Status(in.Status))
			if matches && (in.App != "" || unfinished) {
				views = append(views, b.view(build))
			}
		}
	}
	slices.SortStableFunc(views, func(x, y view) int {
		if xRuns, yRuns := x.DisplayStatus == record.Running, y.DisplayStatus == record.Running; xRuns != yRuns && in.App != "" {
			if xRuns {
				return -1
			}
			return 1
		}
		return y.StartedAt.Compare(x.StartedAt)
	})
	if in.App == "" || in.Kind != "" || in.Status != "" {
		return views, nil
	}
	return b.newest(in.App, views)
}

// newest keeps the builds under way and as many others as retention says.
func (b *builds) newest(app string, views []view) ([]view, error) {
	most, err := b.keep(app)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		if v.DisplayStatus == record.Running {
			most++
		}
	}
	return views[:min(most, len(views))], nil
}

// printColumns prints rows in columns two spaces apart.
func printColumns(out *command.Output, rows [][]string) error {
	table := tabwriter.NewWriter(out.Stdout(), 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}
