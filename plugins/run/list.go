package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/trigger"
)

func itoa(n int) string { return strconv.Itoa(n) }

type listArgs struct {
	Format string `flag:"format" default:"stdout" help:"stdout or json"`
	Quiet  bool   `flag:"quiet" help:"without the headers"`
	App    string `arg:"app"`
}

// listed is one container in JSON, with the names and the order of Dokku's.
type listed struct {
	Name      string `json:"name"`
	State     string `json:"state"`
	Command   string `json:"command"`
	CreatedAt string `json:"created_at"`
}

func (r *run) list(ctx context.Context, _ *command.Call, in listArgs) error {
	if in.Format != "stdout" && in.Format != "json" {
		return command.BadInput("Invalid format specified, supported formats: json, stdout")
	}
	scheduler, err := r.host.Store.Computed(selectedScheduler, in.App)
	if err != nil {
		return err
	}
	if in.Quiet { // behind the command's name, as in front of it
		ctx = trigger.WithEnv(ctx, map[string]string{"DOKKU_QUIET_OUTPUT": "true"})
	}
	return r.host.Bus.Event(ctx, "scheduler-run-list", scheduler, in.App, in.Format)
}

// onList answers scheduler-run-list SCHEDULER APP FORMAT.
func (r *run) onList(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != dockerLocal {
		return nil
	}
	name, out := c.Arg(1), c.Output()
	out = out.WithQuiet(out.Quiet() || c.Env["DOKKU_QUIET_OUTPUT"] != "")
	containers, err := r.containers(ctx, name, containerType)
	if err != nil {
		return err
	}
	rows := []listed{}
	var ages []string
	for _, found := range containers {
		container, err := r.host.Docker.Inspect(ctx, found.ID)
		if errors.Is(err, docker.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		rows = append(rows, listed{
			Name: container.Name, State: container.State, Command: strconv.Quote(commandLine(container)),
			CreatedAt: container.Created.Format("2006-01-02 15:04:05 -0700 MST"),
		})
		ages = append(ages, units.HumanDuration(time.Since(container.Created))+" ago")
	}
	if c.Arg(2) == "json" {
		return printJSON(out, rows)
	}
	out.Headers().Title("%s run containers", name)
	// The layout is that of `docker container ls` (docker/cli, formatter.go).
	table := tabwriter.NewWriter(out.Stdout(), 10, 1, 3, ' ', 0)
	if !out.Quiet() {
		fmt.Fprintln(table, "NAMES\tCOMMAND\tCREATED")
	}
	for n, row := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\n", row.Name, row.Command, ages[n])
	}
	return table.Flush()
}

func printJSON(out *command.Output, rows []listed) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	out.Line("%s", text)
	return nil
}

// commandLine is what a container runs as `docker container ls` shows it.
// Source: moby daemon/list.go, refreshImage.
func commandLine(c docker.Container) string {
	argv := append(append([]string{}, c.Entrypoint...), c.Cmd...)
	for i, word := range argv {
		if i > 0 && strings.Contains(word, " ") {
			argv[i] = "'" + word + "'"
		}
	}
	return strings.Join(argv, " ")
}
