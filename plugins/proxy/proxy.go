// Package proxy says how traffic reaches an app.
//
//	dokku proxy:report blog
//	dokku proxy:disable blog            the app gets no route; enable takes that back
//	dokku proxy:enable blog
//	dokku proxy:build-config blog       routes the app once more, or --all apps
//	dokku proxy:clear-config blog       takes its routes away until the next deploy
//	dokku proxy:set blog type caddy     or --global; the default is Slipway's own proxy, caddy
//	dokku proxy:set blog proxy-port 8080
//
// Dokku's other types (nginx, haproxy, openresty, traefik) can be set, so that
// scripts and settings of a Dokku server go on working, but the built-in proxy
// serves all apps; proxy:set says so. A plugin may bring a proxy along; an app
// whose type is that one is served by it alone (docs/plugins/drivers.md).
//
// proxy-port and proxy-ssl-port are the ports that the proxy listens on for the
// app instead of 80 and 443.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var (
	disabled     = state.Property{Plugin: "proxy", Name: "disabled", Scope: state.AppOnly, Default: "false", Validate: validBool, Help: "Give the app no route"}
	proxyPort    = state.Property{Plugin: "proxy", Name: "proxy-port", Validate: validPort, Help: "The port that the proxy listens on for HTTP"}
	proxySSLPort = state.Property{Plugin: "proxy", Name: "proxy-ssl-port", Validate: validPort, Help: "The port that the proxy listens on for HTTPS"}
	// Dokku's default is nginx; here a new installation serves by the built-in Caddy.
	proxyType = state.Property{Plugin: "proxy", Name: "type", Default: builtIn, Help: "The proxy that serves the app"}
)

func validBool(v string) error {
	if v != "true" && v != "false" {
		return errors.New("Invalid disabled value, must be true or false") //nolint:staticcheck // shown as it is
	}
	return nil
}

func validPort(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 65535 {
		return errors.New("Invalid port, must be a number from 1 to 65535") //nolint:staticcheck // shown as it is
	}
	return nil
}

// builtIn is the type of Slipway's own proxy.
const builtIn = "caddy"

// types are those of Dokku. Source: docs/networking/proxy-management.md.
var types = []string{builtIn, "haproxy", "nginx", "openresty", "traefik"}

// validType takes the types of Dokku, and those that plugins bring along.
func (p *proxy) validType(v string) error {
	all := append(slices.Clone(types), p.host.Drivers("proxy")...)
	if !slices.Contains(all, v) {
		return fmt.Errorf("There is no proxy %q, there are: %s", v, strings.Join(all, ", ")) //nolint:staticcheck // shown as it is
	}
	return nil
}

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	p := &proxy{host: h}
	ofType := proxyType
	ofType.Validate = p.validType
	p.properties = []state.Property{disabled, proxyPort, proxySSLPort, ofType}
	return plugin.Plugin{
		Name: "proxy", Help: "Manage the proxy integration for an app",
		Commands: []*command.Command{
			command.New("proxy:build-config", "(Re)builds config for a given app", p.buildConfig, command.Usage("[--parallel count] [--all|<app>]")),
			command.New("proxy:clear-config", "Clears config for a given app", p.clearConfig, command.Usage("[--all|<app>]")),
			command.New("proxy:disable", "Disable proxy for app", p.disable, command.Usage("[--parallel count] [--all|<app>]")),
			command.New("proxy:enable", "Enable proxy for app", p.enable, command.Usage("[--parallel count] [--all|<app>]")),
			command.New("proxy:set", "Set or clear a proxy property for an app", p.set, command.RawFlags, command.Usage("<app>|--global <property> (<value>)")),
			plugin.Report{
				Feature: "proxy", Legacy: true,
				App: func(_ context.Context, app string) (plugin.Rows, error) { return p.rows(app) },
				Global: func(context.Context) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "proxy-", []state.Property{proxyPort, proxySSLPort, proxyType}, state.Global)
				},
			}.Command(h),
		},
		Properties: p.properties,
		Triggers: plugin.Triggers{
			"proxy-is-enabled":  p.onIsEnabled,
			"proxy-type":        p.onType,
			"post-certs-update": p.onCertificate,
			"post-certs-remove": p.onCertificate,
		},
	}
}

type proxy struct {
	host       *plugin.Host
	properties []state.Property
}

func (p *proxy) rows(app string) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(p.host, "proxy-", p.properties, app)
	if err != nil {
		return nil, err
	}
	enabled, err := p.isEnabled(app)
	rows["proxy-enabled"] = strconv.FormatBool(enabled)
	return rows, err
}

func (p *proxy) isEnabled(app string) (bool, error) {
	v, err := p.host.Store.Computed(disabled, app)
	return v != "true", err
}
