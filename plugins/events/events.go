// Package events writes down which triggers are fired, when and for whom, to
// find out afterwards what happened on a server.
//
//	dokku events:on      from now on
//	dokku events         the last 100
//	dokku events -t      and those to come
//	dokku events:list    the names of the triggers that are logged
//	dokku events:off
//
// A trigger is one line of $DOKKU_LOGS_DIR/events.log (/var/log/dokku), or of the
// file that DOKKU_EVENTS_LOGFILE names:
//
//	Nov 26 21:31:59 example dokku-event[127630]: INVOKED: post-create( blog ) NAME=ann FINGERPRINT=SHA256:… DOKKU_PID=4711
//
// NAME and FINGERPRINT are those of the caller's SSH key, and all that one
// command did has the same DOKKU_PID. The values of config vars are left out.
package events

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	_ "embed"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// setting is the file in .dokkurc that Dokku's events:on writes.
const setting = "DOKKU_EVENTS"

// shownLines are how many of the last events are shown, as in Dokku.
const shownLines = 100

// catalogue has the names of the triggers that Dokku logs, one a line.
// Source: the links in Dokku's plugins/20_events.
//
//go:embed catalogue.txt
var catalogue string

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	e := &events{host: h}
	h.Bus.Observe(e.record)
	return plugin.Plugin{
		Name: "20_events", Feature: "events", Help: "Manage event logging",
		Commands: []*command.Command{
			command.New("events", "Show the last events (-t follows)", e.show, command.Usage("[-t]")),
			command.New("events:list", "List logged events", e.list),
			command.New("events:on", "Enable events logger", e.on),
			command.New("events:off", "Disable events logger", e.off),
		},
	}
}

func (e *events) on(_ context.Context, c *command.Call, _ struct{}) error {
	c.Out.Line("Enabling dokku events logger")
	return e.host.Store.Switch(setting, true)
}

func (e *events) off(_ context.Context, c *command.Call, _ struct{}) error {
	c.Out.Line("Disabling dokku events logger")
	return e.host.Store.Switch(setting, false)
}

// list prints in Dokku's columns, which are as wide when they are empty.
// Source: Dokku plugins/common/functions, dokku_col_log_msg.
func (e *events) list(_ context.Context, c *command.Call, _ struct{}) error {
	if !e.logging() {
		c.Out.Warn("Events logger disabled")
		return nil
	}
	c.Out.Headers().Line("%s", fmt.Sprintf("%-6s %-18s %-25s %-25s %-25s", "=====>", "Events currently logged", "", "", ""))
	names := append(strings.Fields(catalogue), e.host.Bus.Names()...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		c.Out.Line("%s", fmt.Sprintf("%-25s %-25s %-25s %-25s", name, "", "", ""))
	}
	return nil
}

type showArgs struct {
	Tail bool `flag:"tail" short:"t" help:"go on with those to come"`
}

func (e *events) show(ctx context.Context, c *command.Call, in showArgs) error {
	return follow{path: e.path(), lines: shownLines, out: c.Out.Stdout()}.run(ctx, in.Tail)
}

// path is the file of events.
func (e *events) path() string {
	if path := e.host.Exec.Getenv("DOKKU_EVENTS_LOGFILE"); path != "" {
		return path
	}
	return filepath.Join(e.host.LogsDir(), "events.log")
}
