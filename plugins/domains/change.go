package domains

import (
	"context"
	"slices"

	"github.com/slipwayhq/slipway/command"
)

// edit replaces the domains of an app by what change makes of them, which it
// may do in place; hosts that are new to the app must belong to nobody else.
// The lock is not held when triggers fire: a plugin's script may call
// domains:add in answer.
func (d domains) edit(app string, change func(own []string) ([]string, error)) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	own, err := d.own(app)
	if err != nil {
		return err
	}
	next, err := change(slices.Clone(own))
	if err != nil {
		return err
	}
	if err := d.claim(app, without(next, own)); err != nil {
		return err
	}
	return d.h.Store.WriteLines(d.path(app), next, 0o644)
}

// addTo adds domains to an app.
func (d domains) addTo(ctx context.Context, out *command.Output, app string, hosts []string) error {
	var had []string
	err := d.edit(app, func(own []string) ([]string, error) {
		had = own
		return append(own, without(hosts, own)...), nil
	})
	if err != nil {
		return err
	}
	for _, host := range hosts {
		if slices.Contains(had, host) {
			out.Step("Skipping: %s already added to %s", host, app)
		} else {
			out.Step("Added %s to %s", host, app)
		}
	}
	if err := d.ensureEnabled(ctx, out, app); err != nil {
		return err
	}
	return d.updated(ctx, app, "add", hosts...)
}

// setDefaults gives an app its default domains that are still free; some is
// false when there is no default.
func (d domains) setDefaults(ctx context.Context, out *command.Output, app string) (some bool, err error) {
	hosts, err := d.defaults(ctx, app)
	if err != nil || len(hosts) == 0 {
		return false, err
	}
	return true, d.edit(app, func([]string) ([]string, error) { return d.free(out, app, hosts) })
}

// setUp gives an app its default domains; without a global domain it turns
// them off.
func (d domains) setUp(ctx context.Context, out *command.Output, app string) error {
	some, err := d.setDefaults(ctx, out, app)
	switch {
	case err != nil:
		return err
	case some:
		out.Headers().Step("Creating new app virtual host file...")
		return nil
	default:
		out.Headers().Step("Global server virtual host not set, disabling app vhost...")
		return d.turnOff(ctx, out, app)
	}
}

func (d domains) enableApp(ctx context.Context, out *command.Output, app string) error {
	on, err := d.enabled(app)
	if err != nil {
		return err
	}
	if on {
		out.Step("Domains (VHOST) support is already enabled for app (%s)", app)
		return nil
	}
	own, err := d.own(app)
	if err != nil {
		return err
	}
	if len(own) == 0 {
		if _, err := d.setDefaults(ctx, out, app); err != nil {
			return err
		}
	}
	if err := d.ensureEnabled(ctx, out, app); err != nil {
		return err
	}
	return d.h.Bus.Event(ctx, "proxy-build-config", app)
}

// ensureEnabled turns domains on where they are off.
func (d domains) ensureEnabled(ctx context.Context, out *command.Output, app string) error {
	on, err := d.enabled(app)
	if err != nil || on {
		return err
	}
	if err := d.h.Bus.Event(ctx, "pre-enable-vhost", app); err != nil {
		return err
	}
	if err := d.h.Bus.Event(quietly(ctx, out), "config-set", "--no-restart", app, "NO_VHOST=0"); err != nil {
		return err
	}
	return d.h.Bus.Event(ctx, "post-domains-update", app, "enable")
}

func (d domains) disableApp(ctx context.Context, out *command.Output, app string) error {
	on, err := d.enabled(app)
	if err != nil {
		return err
	}
	if !on {
		out.Step("Domains (VHOST) support is already disabled for app (%s)", app)
		return nil
	}
	if err := d.edit(app, func(own []string) ([]string, error) { return own, nil }); err != nil { // so that turnOff finds a file, as in Dokku
		return err
	}
	if err := d.turnOff(ctx, out, app); err != nil {
		return err
	}
	return d.h.Bus.Event(ctx, "proxy-build-config", app)
}

func (d domains) turnOff(ctx context.Context, out *command.Output, app string) error {
	if err := d.h.Bus.Event(ctx, "pre-disable-vhost", app); err != nil {
		return err
	}
	existed, err := d.removeFile(app)
	if err != nil {
		return err
	}
	if existed {
		out.Step("App virtual host support disabled")
	}
	if err := d.h.Bus.Event(quietly(ctx, out), "config-set", "--no-restart", app, "NO_VHOST=1"); err != nil {
		return err
	}
	return d.h.Bus.Event(ctx, "post-domains-update", app, "disable")
}

// updated tells other plugins and has the app's routes rebuilt.
func (d domains) updated(ctx context.Context, app, action string, hosts ...string) error {
	if err := d.h.Bus.Event(ctx, "post-domains-update", append([]string{app, action}, hosts...)...); err != nil {
		return err
	}
	return d.h.Bus.Event(ctx, "proxy-build-config", app)
}
