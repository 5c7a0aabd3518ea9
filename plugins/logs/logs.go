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
// Logs are shipped by Vector, where a sink says. It runs in a container of its
// own, and follows changes of its configuration, $DOKKU_LIB_ROOT/data/logs/vector.json:
//
//	dokku logs:vector-start                start Vector; vector-stop ends it, vector-logs shows what it says
//	dokku logs:set blog vector-sink "http://?uri=https://logs.example.com"    output of the processes of blog
//	dokku logs:set --global vector-sink "console://?encoding[codec]=json"     output of all apps
//	dokku logs:set blog vector-cron-sink "..."          output of cron tasks apart
//	dokku logs:set blog app-label-alias app_name        the name of the label with the app's name in what is shipped
//	dokku logs:set --global vector-networks monitoring  networks that Vector's container is in
//
// A sink is TYPE://?OPTION=VALUE&OPTION[KEY]=VALUE&LIST[]=VALUE with the types and
// options of Vector (https://vector.dev/docs/reference/configuration/sinks/);
// characters with a meaning in URLs are escaped as %XX, and base64enc:TEXT is
// decoded. A report shows the type alone: the rest may hold credentials.
//
// A scheduler other than docker-local shows its logs by answering
// scheduler-logs and scheduler-logs-failed; a plugin that answers
// vector-template-source with the path of a compose template has Vector run by
// that, with docker compose.
package logs

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var (
	labelAlias     = state.Property{Plugin: "logs", Name: "app-label-alias", Default: docker.LabelApp, Validate: validLabel, Help: "The label that names the app in shipped logs"}
	maxSize        = state.Property{Plugin: "logs", Name: "max-size", Default: "10m", Validate: validMaxSize, Help: "The most that is kept of one container's output, such as 10m, or unlimited"}
	vectorCronSink = state.Property{Plugin: "logs", Name: "vector-cron-sink", Validate: validSink("vector-cron-sink"), Help: "Where Vector ships the output of cron tasks"}
	vectorImage    = state.Property{Plugin: "logs", Name: "vector-image", Scope: state.GlobalOnly, Default: "timberio/vector:0.57.0-debian", Validate: docker.CheckImageRef, Help: "The image of Vector"}
	vectorNetworks = state.Property{Plugin: "logs", Name: "vector-networks", Scope: state.GlobalOnly, Validate: validNetworks, Help: "The networks that Vector is in"}
	vectorSink     = state.Property{Plugin: "logs", Name: "vector-sink", Validate: validSink("vector-sink"), Help: "Where Vector ships the output of processes"}
)

var properties = []state.Property{labelAlias, maxSize, vectorCronSink, vectorImage, vectorNetworks, vectorSink}

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

// validSink does not show the value: it may hold credentials.
func validSink(property string) func(string) error {
	return func(v string) error {
		if _, err := parseSink(v); err != nil {
			return fmt.Errorf("Invalid %s value, %w", property, err) //nolint:staticcheck // shown as it is
		}
		return nil
	}
}

// validNetworks follows Dokku: plugins/logs/set.go, validateVectorNetworks.
func validNetworks(v string) error {
	for name := range strings.SplitSeq(v, ",") {
		switch strings.TrimSpace(name) {
		case "":
			return errors.New("Invalid vector-networks value, empty entry in comma-separated list") //nolint:staticcheck // Dokku's words
		case "bridge":
			return errors.New(`Invalid vector-networks value, "bridge" is not a valid entry for vector-networks`) //nolint:staticcheck // Dokku's words
		}
	}
	return nil
}

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	l := &logs{host: h}
	return plugin.Plugin{
		Name: "logs", Help: "Manage log integration for an app",
		Commands: []*command.Command{
			command.New("logs", "Display recent log output", l.show,
				command.Usage("[-h|--help] [-t|--tail] [-n|--num num] [-q|--quiet] [-p|--ps process] <app>")),
			command.New("logs:failed", "Shows the last failed deploy logs", l.failed, command.Usage("[--all|<app>]")),
			command.New("logs:set", "Set or clear a logs property for an app", l.set,
				command.RawFlags, command.Usage("[--global|<app>] <key> <value>")),
			command.New("logs:vector-logs", "Display vector log output", l.vectorLogs, command.Usage("[--num num] [--tail]")),
			command.New("logs:vector-start", "Start the vector logging container", l.vectorStart, command.Usage(" ")),
			command.New("logs:vector-stop", "Stop the vector logging container", l.vectorStop),
			plugin.Report{
				Feature: "logs", Legacy: true, Shown: shown, Alone: alone,
				App: func(_ context.Context, app string) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "logs-", properties, app)
				},
				Global: func(context.Context) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "logs-", properties, state.Global)
				},
			}.Command(h),
		},
		Properties: properties,
		Triggers: plugin.Triggers{
			"docker-args-process-deploy": l.onDockerArgs,
			"logs-get-property":          l.getProperty,
			"scheduler-logs":             l.onSchedulerLogs,
			"scheduler-logs-failed":      l.onSchedulerLogsFailed,
			"post-delete":                l.onAppsChanged,
			"post-app-clone-setup":       l.onAppsChanged,
			"post-app-rename-setup":      l.onAppsChanged,
		},
	}
}

type logs struct {
	host    *plugin.Host
	writing sync.Mutex // of Vector's configuration
}

// shown keeps the credentials in a sink out of a report.
// Dokku: plugins/logs/report.go, redactedSink.
func shown(flag, value string) string {
	if kind, _, isSink := strings.Cut(value, "://"); isSink && strings.HasSuffix(flag, "sink") {
		return kind + "://redacted"
	}
	return value
}

// alone is what a flag shows that is asked for by itself: a sink as it was set,
// and no more of a computed one than a report shows.
func alone(flag, value string) string {
	if strings.HasPrefix(flag, "logs-computed-") {
		return shown(flag, value)
	}
	return value
}
