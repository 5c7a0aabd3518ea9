package pluginctl

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/metadata"
)

// answers asks a plugin that is about to be enabled what it answers. A process that does not start is refused; a server may
// be up later, or wait for its secret.
func (p *plugins) answers(ctx context.Context, out *command.Output, i plugin.Installed) error {
	if p.host.External == nil {
		return nil
	}
	err := p.host.External.Handshake(ctx, i)
	if err != nil && i.Metadata.Run.As == metadata.HTTP {
		out.Warn("%s", err)
		out.Warn("Until it says what it answers, the plugin %s takes no part", i.Name)
		return nil
	}
	return err
}

// restart ends what runs for a plugin whose files changed; it is started again when it is needed.
func (p *plugins) restart(name string) error { return p.forget(name, false) }

// gone ends what runs for a plugin that is no more.
func (p *plugins) gone(name string) error { return p.forget(name, true) }

func (p *plugins) forget(name string, gone bool) error {
	if p.host.External == nil {
		return nil
	}
	return p.host.External.Forget(name, gone)
}
