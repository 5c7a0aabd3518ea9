// Package driver lets a plugin of others be the proxy of an app. It is a proxy.Provider over the one of Slipway:
//
//	provider := driver.New(host, client.New(…))
//
// An app whose proxy:type is a name that an enabled plugin declares as a driver of the kind proxy is served by that plugin
// alone. What a Provider is asked for is fired as a trigger, with the name of the proxy as the first argument:
//
//	slipway-proxy-apply NAME APP                     proxy.Routes as JSON on stdin
//	slipway-proxy-remove NAME APP
//	slipway-proxy-drain NAME APP SECONDS UPSTREAM…   returns when no request is in flight to the upstreams, or the time is over
//
// All other apps are Slipway's. When the type changes, the proxy that had the app is told to remove it.
package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// Provider is the proxy of each app. It implements proxy.Provider.
type Provider struct {
	host    *plugin.Host
	builtIn proxy.Provider
}

var _ proxy.Provider = Provider{}

// driven is the plugin's proxy that has the routes of an app.
var driven = state.Property{Plugin: "proxy", Name: "driven-by", Scope: state.AppOnly, Internal: true}

// New is builtIn, but for the apps that chose another one.
func New(h *plugin.Host, builtIn proxy.Provider) Provider { return Provider{h, builtIn} }

// chosen is the plugin's proxy that the app selected, "" when it is Slipway's.
func (p Provider) chosen(app string) (string, error) {
	name, err := p.host.Computed("proxy", "type", app)
	if err != nil || !slices.Contains(p.host.Drivers("proxy"), name) {
		return "", err
	}
	return name, nil
}

// Apply implements proxy.Provider.
func (p Provider) Apply(ctx context.Context, r proxy.Routes) error {
	name, err := p.chosen(r.App)
	if err != nil {
		return err
	}
	if err := p.leave(ctx, r.App, name); err != nil {
		return err
	}
	if name == "" {
		return p.builtIn.Apply(ctx, r)
	}
	routes, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := p.host.Store.Set(driven, r.App, name); err != nil {
		return err
	}
	stderr := trigger.Stderr(ctx)
	ctx = trigger.WithInput(trigger.WithStreams(ctx, bytes.NewReader(append(routes, '\n')), stderr, stderr))
	if err := p.host.Bus.Event(ctx, "slipway-proxy-apply", name, r.App); err != nil {
		return err
	}
	return p.builtIn.Remove(ctx, r.App)
}

// leave removes an app from the plugin's proxy that had it, unless that is the one that shall have it.
func (p Provider) leave(ctx context.Context, app, now string) error {
	had, err := p.host.Store.Get(driven, app)
	if err != nil || had == "" || had == now {
		return err
	}
	if slices.Contains(p.host.Drivers("proxy"), had) {
		if err := p.host.Bus.Event(ctx, "slipway-proxy-remove", had, app); err != nil {
			return err
		}
	}
	return p.host.Store.Unset(driven, app)
}

// Remove implements proxy.Provider.
func (p Provider) Remove(ctx context.Context, app string) error {
	if err := p.leave(ctx, app, ""); err != nil {
		return err
	}
	return p.builtIn.Remove(ctx, app)
}

// Drain implements proxy.Provider.
func (p Provider) Drain(ctx context.Context, app string, upstreams []string, timeout time.Duration) error {
	name, err := p.host.Store.Get(driven, app)
	if err != nil {
		return err
	}
	if name == "" || !slices.Contains(p.host.Drivers("proxy"), name) {
		return p.builtIn.Drain(ctx, app, upstreams, timeout)
	}
	args := append([]string{name, app, strconv.Itoa(int(timeout / time.Second))}, upstreams...)
	return p.host.Bus.Event(ctx, "slipway-proxy-drain", args...)
}
