package builds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
)

type appArgs struct {
	App string `arg:"app"`
}

type infoArgs struct {
	Format string `flag:"format" default:"stdout" help:"stdout or json"`
	App    string `arg:"app"`
	ID     string `arg:"build-id" missing:"Please specify a build id"`
}

func (b *builds) info(_ context.Context, c *command.Call, in infoArgs) error {
	if in.Format != "stdout" && in.Format != "json" {
		return errFormat()
	}
	build, err := b.book.Load(in.App, in.ID)
	if err != nil {
		return notFound(err, in.App, in.ID)
	}
	v := b.view(build)
	if in.Format == "json" {
		return c.Out.JSON(v)
	}
	rows := [][]string{
		{"Build ID:", v.ID},
		{"App:", v.App},
		{"Kind:", string(v.Kind)},
		{"Status:", string(v.DisplayStatus)},
		{"PID:", fmt.Sprint(v.PID)},
		{"Source:", v.Source},
		{"Started:", v.StartedAt.Format(time.RFC3339)},
	}
	if v.FinishedAt != nil {
		rows = append(rows, []string{"Finished:", v.FinishedAt.Format(time.RFC3339)})
	}
	rows = append(rows, []string{"Duration:", v.Duration})
	if v.ExitCode != nil {
		rows = append(rows, []string{"Exit Code:", fmt.Sprint(*v.ExitCode)})
	}
	return printColumns(c.Out, append(rows, []string{"Log:", v.LogPath}))
}

func notFound(err error, app, id string) error {
	if errors.Is(err, record.ErrNotFound) {
		return command.Fail("No build record found for %s/%s", app, id)
	}
	return err
}

type outputArgs struct {
	App string `arg:"app"`
	ID  string `arg:"build-id,optional"`
}

// output shows a log; that of a build under way is followed until its end.
func (b *builds) output(ctx context.Context, c *command.Call, in outputArgs) error {
	if in.ID == "" || in.ID == "current" {
		current, running := b.book.Current(in.App)
		if !running {
			c.Out.Step("App not currently deploying")
			return nil
		}
		in.ID = current.ID
	}
	err := b.book.Copy(ctx, in.App, in.ID, true, c.Out.Stdout())
	if errors.Is(err, record.ErrNoLog) {
		return command.Fail("The log of build %s is gone", in.ID)
	}
	return notFound(err, in.App, in.ID)
}

type pruneArgs struct {
	AllApps bool   `flag:"all-apps" help:"prune every app"`
	App     string `arg:"app,optional"`
}

func (b *builds) prune(ctx context.Context, c *command.Call, in pruneArgs) error {
	if !in.AllApps {
		if in.App == "" {
			return command.BadInput("Please specify an app to run the command on")
		}
		return b.pruneApp(in.App)
	}
	apps, err := b.host.VisibleApps(ctx)
	if err != nil {
		return err
	}
	if len(apps) == 0 {
		c.Out.Warn("You haven't deployed any applications yet")
	}
	for _, app := range apps {
		if err := b.pruneApp(app); err != nil {
			return err
		}
	}
	return nil
}

func (b *builds) pruneApp(app string) error {
	keep, err := b.keep(app)
	if err != nil {
		return err
	}
	return b.book.Prune(app, keep)
}
