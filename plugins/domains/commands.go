package domains

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

type addArgs struct {
	App     string `arg:"app"`
	Domains []Host `arg:"domain" missing:"Please specify a domain name. Usage: dokku domains:add <app> <domain> [<domain> ...]"`
}

func (d domains) add(ctx context.Context, c *command.Call, in addArgs) error {
	return d.addTo(ctx, c.Out, in.App, names(in.Domains))
}

type removeArgs struct {
	App string `arg:"app"`
	// Not Host: a domain that Dokku accepted can always be removed.
	Domains []string `arg:"domain" missing:"Please specify a domain name. Usage: dokku domains:remove <app> <domain> [<domain> ...]"`
}

func (d domains) remove(ctx context.Context, c *command.Call, in removeArgs) error {
	err := d.edit(in.App, func(own []string) ([]string, error) { return without(own, in.Domains), nil })
	if err != nil {
		return err
	}
	for _, host := range in.Domains {
		c.Out.Step("Removed %s from %s", host, in.App)
	}
	return d.updated(ctx, in.App, "remove", in.Domains...)
}

type setArgs struct {
	App     string `arg:"app"`
	Domains []Host `arg:"domain" missing:"Please specify a domain name. Usage: dokku domains:set <app> <domain> [<domain> ...]"`
}

func (d domains) set(ctx context.Context, c *command.Call, in setArgs) error {
	hosts := names(in.Domains)
	if err := d.edit(in.App, func([]string) ([]string, error) { return hosts, nil }); err != nil {
		return err
	}
	c.Out.Step("Set %s for %s", strings.Join(hosts, " "), in.App)
	if err := d.ensureEnabled(ctx, c.Out, in.App); err != nil {
		return err
	}
	return d.updated(ctx, in.App, "set", hosts...)
}

type appOrAllArgs struct {
	All bool   `flag:"all" help:"every app"`
	App string `arg:"app,optional"`
}

// each does something for the app named, or for all of them.
func (d domains) each(ctx context.Context, in appOrAllArgs, do func(app string) error) error {
	if !in.All && in.App == "" {
		return command.BadInput("Please specify an app to run the command on")
	}
	if !in.All {
		return do(in.App)
	}
	apps, err := d.h.VisibleApps(ctx)
	if err != nil {
		return err
	}
	for _, app := range apps {
		if err := do(app); err != nil {
			return err
		}
	}
	return nil
}

func (d domains) clear(ctx context.Context, c *command.Call, in appOrAllArgs) error {
	return d.each(ctx, in, func(app string) error { return d.clearApp(ctx, c.Out, app) })
}

func (d domains) clearApp(ctx context.Context, out *command.Output, app string) error {
	if _, err := d.removeFile(app); err != nil {
		return err
	}
	if err := d.updated(ctx, app, "clear"); err != nil {
		return err
	}
	out.Step("Cleared domains in %s", app)
	return nil
}

type appArgs struct {
	App string `arg:"app"`
}

func (d domains) reset(ctx context.Context, c *command.Call, in appArgs) error {
	if err := d.clearApp(ctx, c.Out, in.App); err != nil {
		return err
	}
	if err := d.setUp(ctx, c.Out, in.App); err != nil {
		return err
	}
	if err := d.updated(ctx, in.App, "reset"); err != nil {
		return err
	}
	c.Out.Headers().Step("Reset domains for %s", in.App)
	return nil
}

// setup is Dokku's command for the domains of an app that has no file of them.
func (d domains) setup(ctx context.Context, c *command.Call, in appArgs) error {
	exists, err := d.hasFile(in.App)
	if err != nil {
		return err
	}
	if !exists {
		if err := d.setUp(ctx, c.Out, in.App); err != nil {
			return err
		}
	}
	if err := d.updated(ctx, in.App, "reset"); err != nil {
		return err
	}
	c.Out.Headers().Step("Setup domains for %s", in.App)
	return nil
}

func (d domains) enable(ctx context.Context, c *command.Call, in appOrAllArgs) error {
	return d.each(ctx, in, func(app string) error { return d.enableApp(ctx, c.Out, app) })
}

func (d domains) disable(ctx context.Context, c *command.Call, in appOrAllArgs) error {
	return d.each(ctx, in, func(app string) error { return d.disableApp(ctx, c.Out, app) })
}

func (d domains) url(ctx context.Context, c *command.Call, in appArgs) error {
	return d.printURLs(ctx, c, in.App, "url")
}

func (d domains) urls(ctx context.Context, c *command.Call, in appArgs) error {
	return d.printURLs(ctx, c, in.App, "urls")
}

// printURLs asks by the trigger, so that an external plugin may answer.
func (d domains) printURLs(ctx context.Context, c *command.Call, app, kind string) error {
	urls, err := d.h.Bus.Query(ctx, "domains-urls", app, kind)
	if err != nil {
		return err
	}
	if urls != "" {
		c.Out.Line("%s", urls)
	}
	return nil
}

func (d domains) reportApp(ctx context.Context, app string) (plugin.Rows, error) {
	rows, err := d.reportGlobal(ctx)
	if err != nil {
		return nil, err
	}
	on, err := d.enabled(app)
	if err != nil {
		return nil, err
	}
	own, err := d.own(app)
	rows["domains-app-enabled"] = boolText(on)
	rows["domains-app-vhosts"] = strings.Join(own, " ")
	return rows, err
}

func (d domains) reportGlobal(context.Context) (plugin.Rows, error) {
	global, err := d.global()
	return plugin.Rows{
		"domains-global-enabled": boolText(len(global) > 0),
		"domains-global-vhosts":  strings.Join(global, " "),
	}, err
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func names(hosts []Host) []string {
	var out []string
	for _, h := range hosts {
		if !slices.Contains(out, string(h)) {
			out = append(out, string(h))
		}
	}
	return out
}

func without(all, gone []string) []string {
	var left []string
	for _, host := range all {
		if !slices.ContainsFunc(gone, func(g string) bool { return strings.EqualFold(g, host) }) {
			left = append(left, host)
		}
	}
	return left
}

// quietly is ctx with headers of handlers suppressed.
func quietly(ctx context.Context, out *command.Output) context.Context {
	return trigger.WithOutput(ctx, strings.NewReader(""), out.WithQuiet(true))
}
