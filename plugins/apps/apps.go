// Package apps creates, lists, copies, renames, locks and destroys apps.
//
//	dokku apps:create blog
//	dokku apps:list
//	dokku apps:clone blog blog-staging
//	dokku apps:rename blog journal
//	dokku apps:lock blog       # refuses deploys until apps:unlock
//	dokku apps:destroy blog    # asks; --force does not
//
// A push to an app that does not exist creates it, unless that is turned off:
//
//	dokku apps:set --global disable-autocreation true
//
// A clone has the code, config vars and settings of its model, domains of its
// own, and is deployed at once when there is code, unless --skip-deploy is given.
//
// An app is a folder below $DOKKU_ROOT, which is also its bare git repository.
// apps:destroy removes that and all that Slipway keeps of the app; persistent
// folders in $DOKKU_LIB_ROOT/data/storage stay.
package apps

import (
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// Properties of the feature.
var (
	propAutocreation = state.Property{Plugin: "apps", Name: "disable-autocreation", Scope: state.GlobalOnly, Help: "true: a push does not create an app"}
	propSource       = state.Property{Plugin: "apps", Name: "deploy-source", Scope: state.AppOnly, Help: "how the app was last deployed, such as git-push"}
	propMetadata     = state.Property{Plugin: "apps", Name: "deploy-source-metadata", Scope: state.AppOnly, Help: "what was last deployed: a revision, an image or a URL"}
	propCreated      = state.Property{Plugin: "apps", Name: "created-at", Scope: state.AppOnly, Internal: true, Help: "when the app was created, in seconds since 1970"}
)

// propDeployed is kept by the deploy flow.
var propDeployed = state.Property{Plugin: "common", Name: "deployed", Scope: state.AppOnly, Internal: true}

type apps struct {
	h   *plugin.Host
	now func() time.Time
}

// Plugin is the feature apps.
func Plugin(h *plugin.Host) plugin.Plugin {
	a := apps{h, time.Now}
	properties := []state.Property{propAutocreation, propSource, propMetadata, propCreated}
	set := plugin.Setter{
		Feature: "apps", Help: "Set or clear an apps property",
		BadKey: plugin.BadProperty, Properties: properties,
	}
	report := plugin.Report{Feature: "apps", Title: "app", Prefix: "app-", Help: "Display report about an app", Legacy: true, App: a.reportApp, Global: a.reportGlobal}
	return plugin.Plugin{
		Name: "apps", Help: "Manage apps",
		Properties: properties,
		Commands: []*command.Command{
			command.New("apps:create", "Create a new app", a.create),
			command.New("apps:destroy", "Permanently destroy an app", a.destroy, command.Usage("<app>")),
			command.New("apps:exists", "Checks if an app exists", a.exists),
			command.New("apps:list", "List your apps", a.list, command.Usage("[--format stdout|json]")),
			command.New("apps:clone", "Clones an app", a.clone, command.Usage("<old-app> <new-app>")),
			command.New("apps:rename", "Rename an app", a.rename, command.Usage("<old-app> <new-app>")),
			command.New("apps:lock", "Locks an app for deployment", a.lock),
			command.New("apps:unlock", "Unlocks an app for deployment", a.unlock),
			command.New("apps:locked", "Checks if an app is locked for deployment", a.locked),
			set.Command(h, command.Usage("<app>|--global <key> <value>")),
			report.Command(h),
		},
		Triggers: plugin.Triggers{
			"app-create":        a.onCreate,
			"app-destroy":       a.onDestroy,
			"app-exists":        a.onExists,
			"app-list":          a.onList,
			"app-maybe-create":  a.onMaybeCreate,
			"deploy-source-set": a.onDeploySource,
		},
	}
}
