package domains

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// onAdd answers domains-add APP DOMAIN.
func (d domains) onAdd(ctx context.Context, c *trigger.Call) error {
	host, err := ParseHost(c.Arg(1))
	if err != nil {
		return command.BadInput("%w", err)
	}
	return d.addTo(ctx, c.Output(), c.Arg(0), []string{string(host)})
}

// onList answers domains-list APP: the domains in force, one per line.
func (d domains) onList(_ context.Context, c *trigger.Call) error {
	hosts, err := d.effective(c.Arg(0))
	for _, host := range hosts {
		fmt.Fprintln(c.Out, host)
	}
	return err
}

// onVhostEnabled answers domains-vhost-enabled APP: it fails with exit code 1
// when the app does not answer by domains.
func (d domains) onVhostEnabled(_ context.Context, c *trigger.Call) error {
	on, err := d.enabled(c.Arg(0))
	if err == nil && !on {
		return command.Exit{Code: 1}
	}
	return err
}

// onEnable answers domains-enable APP RESTART. A restart is not needed: routes
// change in place.
func (d domains) onEnable(ctx context.Context, c *trigger.Call) error {
	return d.enableApp(ctx, c.Output(), c.Arg(0))
}

// onDisable answers domains-disable APP RESTART.
func (d domains) onDisable(ctx context.Context, c *trigger.Call) error {
	if err := d.turnOff(ctx, c.Output(), c.Arg(0)); err != nil {
		return err
	}
	return d.h.Bus.Event(ctx, "proxy-build-config", c.Arg(0))
}

// onCreate answers post-create APP.
func (d domains) onCreate(ctx context.Context, c *trigger.Call) error {
	on, err := d.enabled(c.Arg(0))
	if err != nil {
		return err
	}
	if !on {
		c.Output().Step("App virtual host support disabled, skipping domain setup")
		return nil
	}
	return d.setUp(ctx, c.Output(), c.Arg(0))
}

// onClone answers post-app-clone-setup OLD NEW: a clone has its own domains.
func (d domains) onClone(ctx context.Context, c *trigger.Call) error {
	clone := c.Arg(1)
	if _, err := d.removeFile(clone); err != nil {
		return err
	}
	return d.setUp(ctx, c.Output().WithQuiet(true), clone)
}

// onRename answers post-app-rename-setup OLD NEW: the new name takes the
// domains over, and OLD.GLOBAL becomes NEW.GLOBAL.
func (d domains) onRename(_ context.Context, c *trigger.Call) error {
	from, to := c.Arg(0), c.Arg(1)
	hosts, err := d.own(from)
	if err != nil || len(hosts) == 0 {
		return err
	}
	global, err := d.global()
	if err != nil {
		return err
	}
	for i, host := range hosts {
		for _, g := range global {
			if rest, ok := strings.CutSuffix(host, from+"."+g); ok && (rest == "" || strings.HasSuffix(rest, ".")) {
				hosts[i] = rest + to + "." + g
			}
		}
	}
	// The file of the old app still has these domains: nothing to claim.
	return d.h.Store.WriteLines(d.path(to), hosts, 0o644)
}
