package proxy

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/trigger"
)

// onIsEnabled answers proxy-is-enabled(app) with true or false.
func (p *proxy) onIsEnabled(_ context.Context, c *trigger.Call) error {
	enabled, err := p.isEnabled(c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, enabled)
	}
	return err
}

// onType answers proxy-type(app) with the type in force.
func (p *proxy) onType(_ context.Context, c *trigger.Call) error {
	v, err := p.host.Store.Computed(proxyType, c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, v)
	}
	return err
}

// onCertificate answers post-certs-update(app) and post-certs-remove(app),
// whoever fires them: https counts, or ends, at once. The plugin ports has
// changed the mappings by then, as its name comes first.
func (p *proxy) onCertificate(ctx context.Context, c *trigger.Call) error {
	return p.host.Bus.Event(ctx, "proxy-build-config", c.Arg(0))
}
