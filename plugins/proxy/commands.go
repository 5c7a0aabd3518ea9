package proxy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type targetArgs struct {
	All      bool   `flag:"all" help:"for all apps"`
	Parallel int    `flag:"parallel" default:"0" help:"number of apps at once, -1 to match cpu count"`
	App      string `arg:"app,optional"`
}

func (in targetArgs) targets() plugin.Targets {
	return plugin.Targets{App: in.App, All: in.All, Parallel: in.Parallel}
}

func (p *proxy) buildConfig(ctx context.Context, c *command.Call, in targetArgs) error {
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, app string) error {
		return p.host.Bus.Event(ctx, "proxy-build-config", app)
	})
}

func (p *proxy) clearConfig(ctx context.Context, c *command.Call, in targetArgs) error {
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, app string) error {
		return p.host.Bus.Event(ctx, "proxy-clear-config", app)
	})
}

func (p *proxy) disable(ctx context.Context, c *command.Call, in targetArgs) error {
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, app string) error {
		enabled, err := p.isEnabled(app)
		if err != nil {
			return err
		}
		if !enabled {
			c.Out.Step("Proxy is already disabled for app")
			return nil
		}
		c.Out.Step("Disabling proxy for app")
		if err := p.host.Store.Set(disabled, app, "true"); err != nil {
			return err
		}
		return p.changed(ctx, app, "proxy-disable", func() error { return p.host.Store.Unset(disabled, app) })
	})
}

func (p *proxy) enable(ctx context.Context, c *command.Call, in targetArgs) error {
	return p.host.Each(ctx, c, in.targets(), func(ctx context.Context, app string) error {
		enabled, err := p.isEnabled(app)
		if err != nil {
			return err
		}
		if enabled {
			c.Out.Step("Proxy is already enabled for app")
			return nil
		}
		c.Out.Step("Enabling proxy for app")
		if err := p.host.Store.Unset(disabled, app); err != nil {
			return err
		}
		return p.changed(ctx, app, "proxy-enable", func() error { return p.host.Store.Set(disabled, app, "true") })
	})
}

// changed tells the others, and routes the app as it is now. One that refuses has
// the change undone.
func (p *proxy) changed(ctx context.Context, app, trigger string, undo func() error) error {
	if err := p.host.Bus.Event(ctx, trigger, app); err != nil {
		return errors.Join(err, undo())
	}
	return p.host.Bus.Event(ctx, "proxy-build-config", app)
}

type setArgs struct {
	App      string `arg:"app,global"`
	Property string `arg:"property" missing:"No property specified"`
	Value    string `arg:"value,optional"`
}

// set writes a property; `proxy:set APP TYPE` is short for its type.
// Dokku: plugins/proxy/subcommands.go, CommandSet.
func (p *proxy) set(ctx context.Context, c *command.Call, in setArgs) error {
	known := slices.ContainsFunc(p.properties, func(known state.Property) bool { return known.Name == in.Property })
	if !known && in.Value == "" {
		if strings.Contains(in.Property, ":") {
			return command.BadInput("Detected potential port mapping instead of proxy type\nConsider using ports:set command or specifying a valid proxy")
		}
		in.Property, in.Value = proxyType.Name, in.Property
	}
	if in.Property == proxyType.Name && in.Value != builtIn && slices.Contains(types, in.Value) && !slices.Contains(p.host.Drivers("proxy"), in.Value) {
		c.Out.Warn("This version of Slipway serves all apps by its built-in proxy, %s: the type %s is kept, and changes nothing", builtIn, in.Value)
	}
	return plugin.Setter{
		Feature: "proxy", BadKey: plugin.BadProperty, Properties: p.properties,
		Changed: p.routeAgain,
	}.Set(ctx, p.host, c, in.App, in.Property, in.Value)
}

// routeAgain lets a changed property count at once.
func (p *proxy) routeAgain(ctx context.Context, app, _ string) error {
	if app != state.Global {
		return p.host.Bus.Event(ctx, "proxy-build-config", app)
	}
	apps, err := p.host.Store.Apps()
	if err != nil {
		return err
	}
	for _, app := range apps {
		if err := p.host.Bus.Event(ctx, "proxy-build-config", app); err != nil {
			return err
		}
	}
	return nil
}
