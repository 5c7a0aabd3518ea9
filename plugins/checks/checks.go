// Package checks says how new containers are checked before they get traffic.
//
// The checks themselves are in the app's app.json (`healthchecks`). Where it
// has none, a web process is ready when its port accepts a connection, which is
// tried every 50 ms for up to 30 s, and any other process when it has run for a
// second; a process that exits fails at once. A web process whose port never
// accepts one is deployed with a warning where nothing that does runs yet, and
// refused where it would replace what does.
//
//	dokku checks:run blog               checks the running containers
//	dokku checks:run blog web.2
//	dokku checks:skip blog worker       new workers are taken as ready
//	dokku checks:disable blog web       the old web stops before the new one starts: downtime
//	dokku checks:enable blog            takes both back
//	dokku checks:set blog wait-to-retire 30
//	dokku checks:report blog
//
// Properties, in seconds:
//
//	wait-to-retire  how long the old containers finish their requests (60)
//	wait            Dokku's wait before the first check and between attempts (5)
//	timeout         of one attempt (30)
//	attempts        how often a check may fail (5, a number)
//	default-wait    how long a process without checks must have run (10; --global only)
//
// Once wait, timeout or attempts is set, Dokku's fixed waits are back, with the
// values in parentheses for the others; unset them all to poll again.
package checks

import (
	"context"
	"fmt"
	"strconv"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var (
	waitToRetire = state.Property{Plugin: "checks", Name: "wait-to-retire", Default: "60", Validate: wholeNumber(0), Help: "Seconds that old containers get to finish their requests"}
	disabled     = state.Property{Plugin: "checks", Name: "disabled", Scope: state.AppOnly, Default: "none", Internal: true}
	skipped      = state.Property{Plugin: "checks", Name: "skipped", Scope: state.AppOnly, Default: "none", Internal: true}
)

// timing are the properties that Dokku reads but does not let anybody set. They
// have no default: unset means that readiness is polled.
var timing = []state.Property{
	{Plugin: "checks", Name: "wait", Validate: wholeNumber(1), Help: "Seconds before the first check and between attempts"},
	{Plugin: "checks", Name: "timeout", Validate: wholeNumber(1), Help: "Seconds for one attempt"},
	{Plugin: "checks", Name: "attempts", Validate: wholeNumber(1), Help: "How often a check is tried"},
	{Plugin: "checks", Name: "default-wait", Scope: state.GlobalOnly, Validate: wholeNumber(0), Help: "Seconds that a process without checks must have run"},
}

func settable() []state.Property { return append([]state.Property{waitToRetire}, timing...) }

func wholeNumber(least int) func(string) error {
	return func(v string) error {
		if n, err := strconv.Atoi(v); err != nil || n < least {
			return fmt.Errorf("Invalid value %q, must be a whole number of at least %d", v, least) //nolint:staticcheck // shown as it is
		}
		return nil
	}
}

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	c := &checks{h}
	return plugin.Plugin{
		Name: "checks", Help: "Manage zero-downtime settings", WideHelp: true,
		Commands: []*command.Command{
			command.New("checks:disable", "Disable zero-downtime deployment for all processes (or comma-separated process-type list) ***WARNING: this will cause downtime during deployments***",
				c.disable, usage),
			command.New("checks:enable", "Enable zero-downtime deployment for all processes (or comma-separated process-type list)", c.enable, usage),
			command.New("checks:skip", "Skip zero-downtime checks for all processes (or comma-separated process-type list)", c.skip, usage),
			command.New("checks:run", "Runs zero-downtime checks for all processes (or comma-separated process-type list)", c.run, usage),
			plugin.SetCommand(h, "checks", plugin.BadKey, settable(), nil, command.Usage("[--global|<app>] <key> <value>")),
			plugin.Report{
				Feature: "checks",
				App:     func(_ context.Context, app string) (plugin.Rows, error) { return c.rows(app) },
				Global:  func(context.Context) (plugin.Rows, error) { return c.rows(state.Global) },
			}.Command(h),
		},
		Properties: append(settable(), disabled, skipped),
		Triggers:   plugin.Triggers{"checks-get-property": c.getProperty},
	}
}

func usage(c *command.Command) { c.Usage = "<app> [process-type(s)]" }

type checks struct{ host *plugin.Host }

// rows are those of the report. What is not in Dokku's report is only there
// once it was set.
func (c *checks) rows(app string) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(c.host, "checks-", []state.Property{waitToRetire}, app)
	if err != nil {
		return nil, err
	}
	for _, p := range timing {
		computed, err := c.host.Store.Computed(p, app)
		if err != nil {
			return nil, err
		}
		if computed == "" {
			continue
		}
		more, err := plugin.PropertyRows(c.host, "checks-", []state.Property{p}, app)
		if err != nil {
			return nil, err
		}
		for k, v := range more {
			rows[k] = v
		}
	}
	if app == state.Global {
		return rows, nil
	}
	for _, p := range []state.Property{disabled, skipped} {
		if rows["checks-"+p.Name+"-list"], err = c.host.Store.Computed(p, app); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
