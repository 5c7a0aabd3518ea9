package migrate

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// triggers are what other features ask of this one.
func (m *migration) triggers() plugin.Triggers {
	return plugin.Triggers{"slipway-install": m.onInstall}
}

// onInstall answers slipway-install, which plugin:install --core fires: what an older Dokku kept elsewhere, and somebody put
// there since, is taken over as the install hooks of Dokku's core plugins do. A machine that a Dokku still has is left alone.
func (m *migration) onInstall(ctx context.Context, _ *trigger.Call) error {
	pending, err := Pending(ctx, m.host, m.flow)
	if err != nil {
		return err
	}
	if pending {
		return command.Fail("A Dokku has this machine still. Take it over with: slipway migrate")
	}
	// First the files: what follows reads config vars.
	if err := m.host.Bus.Event(ctx, "config-migrate-env"); err != nil {
		return err
	}
	apps, err := m.host.Store.Apps()
	if err != nil {
		return err
	}
	for _, app := range append([]string{state.Global}, apps...) {
		if err := m.moveVariables(app); err != nil {
			return err
		}
	}
	return m.host.Bus.Event(ctx, "slipway-start")
}

// moveVariables moves all config variables of an app (or state.Global) that properties replaced. One whose property is set
// stays: the app may read it.
func (m *migration) moveVariables(app string) error {
	for _, v := range variables {
		if v.name(app) == "" {
			continue
		}
		set, err := m.isSet(v.plugin, v.property, app)
		if err != nil {
			return err
		}
		if set {
			continue
		}
		if err := m.moveVariable(app, v); err != nil {
			return err
		}
	}
	return nil
}
