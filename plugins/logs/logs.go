// Package logs shows what the processes of an app write.
//
//	dokku logs blog                 the last 100 lines of each process, in the order of time
//	dokku logs blog -n 20 -p web    the last 20 of each web process; -p web.2 for one
//	dokku logs blog -t              goes on, also with what a deploy starts meanwhile
//	dokku logs blog -q              the bare lines
//	dokku logs:failed blog          what the last failed deploy left behind; or --all
//	dokku logs:set blog max-size 20m    the most that is kept of one container, or unlimited
//	dokku logs:report blog
//
// The properties that begin with vector, and app-label-alias, are kept for
// shipping logs with Vector; nothing is shipped yet.
package logs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var maxSize = state.Property{Plugin: "logs", Name: "max-size", Default: "10m", Validate: validMaxSize, Help: "The most that is kept of one container's output, such as 10m, or unlimited"}

var properties = []state.Property{
	{Plugin: "logs", Name: "app-label-alias", Default: docker.LabelApp, Validate: validLabel, Help: "The label that names the app in shipped logs"},
	maxSize,
	{Plugin: "logs", Name: "vector-cron-sink", Validate: validSink, Help: "Where Vector ships the output of cron tasks"},
	{Plugin: "logs", Name: "vector-image", Scope: state.GlobalOnly, Default: "timberio/vector:0.57.0-debian", Help: "The image of Vector"},
	{Plugin: "logs", Name: "vector-networks", Scope: state.GlobalOnly, Help: "The networks that Vector is in"},
	{Plugin: "logs", Name: "vector-sink", Validate: validSink, Help: "Where Vector ships the output of processes"},
}

// validMaxSize follows Dokku: plugins/logs/set.go, validateMaxSize.
func validMaxSize(v string) error {
	if v == "unlimited" {
		return nil
	}
	number := strings.TrimRight(v, "kmg")
	switch n, err := strconv.Atoi(number); {
	case len(v)-len(number) != 1:
		return errors.New("Invalid max-size unit measure, value must end in any of [k, m, g]") //nolint:staticcheck // Dokku's words
	case err != nil || n < 1:
		return errors.New("Invalid max-size value, must be a number followed by a unit of measure [k, m, g]") //nolint:staticcheck // Dokku's words
	}
	return nil
}

var labelRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func validLabel(v string) error {
	if !labelRE.MatchString(v) {
		return errors.New("Invalid app-label-alias value, must start with a letter or number and contain only letters, numbers, and any of [_, ., -]") //nolint:staticcheck // Dokku's words
	}
	return nil
}

func validSink(v string) error {
	kind, options, ok := strings.Cut(v, "://")
	if _, err := url.ParseQuery(strings.TrimPrefix(options, "?")); !ok || !labelRE.MatchString(kind) || err != nil {
		return fmt.Errorf("Invalid sink %q, must be TYPE://?OPTION=VALUE, such as console://?encoding[codec]=json", v) //nolint:staticcheck // shown as it is
	}
	return nil
}

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	l := &logs{h}
	return plugin.Plugin{
		Name: "logs", Help: "Manage log integration for an app",
		Commands: []*command.Command{
			command.New("logs", "Display recent log output", l.show,
				command.Usage("[-h|--help] [-t|--tail] [-n|--num num] [-q|--quiet] [-p|--ps process] <app>")),
			command.New("logs:failed", "Shows the last failed deploy logs", l.failed, command.Usage("[--all|<app>]")),
			plugin.SetCommand(h, "logs", "Invalid property specified, valid properties include", properties, nil),
			plugin.Report{
				Feature: "logs", Legacy: true, Shown: shown,
				App: func(_ context.Context, app string) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "logs-", properties, app)
				},
				Global: func(context.Context) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "logs-", properties, state.Global)
				},
			}.Command(h),
		},
		Properties: properties,
		Triggers:   plugin.Triggers{"logs-get-property": l.getProperty},
	}
}

type logs struct{ host *plugin.Host }

// shown keeps the credentials in a sink out of a report.
// Dokku: plugins/logs/report.go, redactedSink.
func shown(flag, value string) string {
	if kind, _, isSink := strings.Cut(value, "://"); isSink && strings.HasSuffix(flag, "sink") {
		return kind + "://redacted"
	}
	return value
}
