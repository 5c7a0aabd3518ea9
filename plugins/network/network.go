// Package network says which Docker networks the containers of an app are in,
// and at which address they are reached.
//
//	dokku network:create backend                        a network of this host
//	dokku network:list                                  all networks, Dokku's and others
//	dokku network:set blog attach-post-create backend   blog's containers are in it from their creation
//	dokku network:set blog attach-post-deploy a b       … in these once they are checked, before they get traffic
//	dokku network:set blog initial-network backend      … in this one instead of Docker's own, bridge
//	dokku network:report blog
//	dokku network:destroy backend                       asks; --force does not
//
// A change takes effect with the next deploy, restart or ps:rebuild. On every
// network but bridge other containers find an app's processes by the name
// APP.PROCESS, such as blog.web, which spreads over all its instances. With
//
//	dokku network:set blog tld svc.cluster.local
//
// that name is blog.web.svc.cluster.local. With --global in place of the app,
// a setting is for all apps that have none of their own.
//
// The proxy reaches a container at its address in the network that it was
// created in. Nobody else does from outside of the host, unless
//
//	dokku network:set blog bind-all-interfaces true
//
// which publishes each port of web on a free port of all the host's addresses.
// To send an app's requests somewhere else than to its containers:
//
//	dokku network:set blog static-web-listener 127.0.0.1:4000
//
// The addresses in force are in IP.TYPE.N and PORT.TYPE.N in the app's folder;
// network:rebuild and network:rebuildall write them anew.
package network

import (
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// LabelName is on every network that network:create made, with its name.
// Source: Dokku plugins/network/functions.go.
const LabelName = "com.dokku.network-name"

type network struct{ h *plugin.Host }

var (
	attachPostCreate  = state.Property{Plugin: "network", Name: "attach-post-create", Help: "Networks that containers are attached to after their creation, before their start"}
	attachPostDeploy  = state.Property{Plugin: "network", Name: "attach-post-deploy", Help: "Networks that containers are attached to once they are checked"}
	bindAllInterfaces = state.Property{Plugin: "network", Name: "bind-all-interfaces", Default: "false", Validate: validBool, Help: "Publish the ports of web on all addresses of the host"}
	initialNetwork    = state.Property{Plugin: "network", Name: "initial-network", Validate: validNetwork, Help: "The network that containers are created in, instead of bridge"}
	staticWebListener = state.Property{Plugin: "network", Name: "static-web-listener", Scope: state.AppOnly, Validate: validListener, Help: "Where the proxy sends requests instead of to the app's containers"}
	tld               = state.Property{Plugin: "network", Name: "tld", Validate: validTLD, Help: "The end of an app's names on networks"}

	properties = []state.Property{attachPostCreate, attachPostDeploy, bindAllInterfaces, initialNetwork, staticWebListener, tld}
)

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	n := network{h}
	return plugin.Plugin{
		Name: "network", Help: "Manage network settings for an app", Properties: properties,
		Commands: []*command.Command{
			command.New("network:create", "Creates an attachable docker network", n.create, command.Usage("<network>")),
			command.New("network:destroy", "Destroys a docker network", n.destroy, command.Usage("<network>")),
			command.New("network:exists", "Checks if a docker network exists", n.exists, command.Usage("<network>")),
			command.New("network:info", "Outputs information about a docker network", n.info, command.Usage("<network> [--format text|json]")),
			command.New("network:list", "Lists all docker networks", n.list, command.Usage("[--format text|json] [--dokku-managed]")),
			command.New("network:rebuild", "Rebuilds network settings for an app", n.rebuild, command.Usage("<app>")),
			command.New("network:rebuildall", "Rebuild network settings for all apps", n.rebuildAll),
			n.report().Command(h),
			command.New("network:set", "Set or clear a network property for an app", n.set, command.RawFlags, command.Usage("<app> <property> (<value>...)")),
		},
		Triggers: n.triggers(),
	}
}
