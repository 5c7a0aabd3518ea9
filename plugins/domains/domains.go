// Package domains manages the host names under which apps answer.
//
//	dokku domains:add-global example.com   # once: every new app is APP.example.com
//	dokku domains:add blog www.example.com example.com
//	dokku domains:add blog '*.example.com'
//	dokku domains:add blog .example.com      # both of these
//	dokku domains:remove blog example.com
//	dokku domains:report blog
//	dokku urls blog
//
// A new app gets APP.DOMAIN for each global domain; an app whose own name has
// a dot, such as blog.example.com, gets that name instead. Without a global
// domain an app answers on a port of its own (see ports) until it is
// given a domain. A domain belongs to one app: another app that asks for it is
// refused.
//
// The domains of an app are in $DOKKU_ROOT/APP/VHOST, the global ones in
// $DOKKU_ROOT/VHOST, one per line.
package domains

import (
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type domains struct {
	h *plugin.Host
	// changing keeps two apps from claiming one domain at the same time.
	changing *sync.Mutex
}

// Plugin is the feature domains with the commands url and urls.
func Plugin(h *plugin.Host) plugin.Plugin {
	d := domains{h, &sync.Mutex{}}
	report := plugin.Report{Feature: "domains", Usage: "[<app>|--global] [<flag>]", App: d.reportApp, Global: d.reportGlobal}
	return plugin.Plugin{
		Name: "domains", Help: "Manage domains used by the proxy", WideHelp: true,
		Commands: []*command.Command{
			command.New("domains:add", "Add domains to app", d.add),
			command.New("domains:remove", "Remove domains from app", d.remove),
			command.New("domains:set", "Set domains for app", d.set),
			command.New("domains:clear", "Clear all domains for app", d.clear, command.Usage("<app>")),
			command.New("domains:reset", "Reset app domains to global-configured domains", d.reset),
			command.New("domains:enable", "Enable VHOST support", d.enable, command.Usage("<app>")),
			command.New("domains:disable", "Disable VHOST support", d.disable, command.Usage("<app>")),
			command.New("domains:add-global", "Add global domain names", d.addGlobal),
			command.New("domains:remove-global", "Remove global domain names", d.removeGlobal),
			command.New("domains:set-global", "Set global domain names", d.setGlobal),
			command.New("domains:clear-global", "Clear global domain names", d.clearGlobal),
			command.New("domains:setup", "Set up domains of an app that has none", d.setup, command.Hidden),
			report.Command(h),
			command.New("url", "Show the first URL for an application (compatibility)", d.url),
			command.New("urls", "Show all URLs for an application", d.urls),
		},
		Triggers: plugin.Triggers{
			"domains-add":           d.onAdd,
			"domains-list":          d.onList,
			"domains-urls":          d.onURLs,
			"domains-vhost-enabled": d.onVhostEnabled,
			"domains-enable":        d.onEnable,
			"domains-disable":       d.onDisable,
			"post-create":           d.onCreate,
			"post-app-clone-setup":  d.onClone,
			"post-app-rename-setup": d.onRename,
		},
	}
}
