// Package ports maps ports of the proxy to ports of an app's web processes.
//
//	dokku ports:list blog
//	dokku ports:set blog http:80:3000
//	dokku ports:add blog http:8080:9000
//	dokku ports:remove blog 8080
//	dokku ports:clear blog              # back to what was detected
//
// A mapping is SCHEME:HOST-PORT:CONTAINER-PORT; schemes are http, https, grpc,
// grpcs, tcp and udp. Where nothing is set, what the last build detected
// counts (EXPOSE of a Dockerfile), and else http:80:5000. An https mapping is
// in force only while the app has a certificate; a certificate adds https:443
// beside http:80 by itself.
//
// An app without domains is given a free port of its own, which is kept in the
// property proxy-port of proxy:set.
package ports

import (
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// Properties that are lists of mappings, one per line.
var (
	propMap      = state.Property{Plugin: "ports", Name: "map", Scope: state.AppOnly, Internal: true, Help: "mappings that the user set"}
	propDetected = state.Property{Plugin: "ports", Name: "map-detected", Scope: state.AppOnly, Internal: true, Help: "mappings that the last build detected"}
)

// Properties of the plugin proxy that this plugin reads and sets.
var (
	proxyPort    = state.Property{Plugin: "proxy", Name: "proxy-port"}
	proxySSLPort = state.Property{Plugin: "proxy", Name: "proxy-ssl-port"}
)

type ports struct {
	h *plugin.Host
	// changing keeps two changes from losing each other's mappings. It is not
	// held when triggers fire.
	changing *sync.Mutex
}

// Plugin is the feature ports.
func Plugin(h *plugin.Host) plugin.Plugin {
	p := ports{h, &sync.Mutex{}}
	report := plugin.Report{Feature: "ports", Legacy: true, App: p.reportApp, Global: p.reportGlobal}
	return plugin.Plugin{
		Name: "ports", Help: "Manage ports for an app",
		Properties: []state.Property{propMap, propDetected},
		Commands: append(p.deprecated(),
			command.New("ports:list", "List port mappings for app", p.list),
			command.New("ports:add", "Add port mappings to an app", p.add, command.Usage("<app> [<scheme>:<host-port>:<container-port>...]")),
			command.New("ports:set", "Set port mappings for an app", p.set, command.Usage("<app> [<scheme>:<host-port>:<container-port>...]")),
			command.New("ports:remove", "Remove specific port mappings from an app", p.remove, command.Usage("<app> [<host-port>|<scheme>:<host-port>:<container-port>...]")),
			command.New("ports:clear", "Clear all port mappings for an app", p.clear),
			report.Command(h),
		),
		Triggers: plugin.Triggers{
			"ports-get":            p.onGet,
			"ports-get-available":  p.onGetAvailable,
			"ports-get-property":   p.onGetProperty,
			"ports-set-detected":   p.onSetDetected,
			"ports-configure":      p.onConfigure,
			"ports-clear":          p.onClear,
			"post-certs-update":    p.onCertsUpdate,
			"post-certs-remove":    p.onCertsRemove,
			"post-app-clone-setup": p.onClone,
			"post-domains-update":  p.onDomainsUpdate,
		},
	}
}
