// Package pluginctl installs and removes plugins of others: folders of
// executables as Dokku has them. It is the feature `plugin`.
//
//	dokku plugin:search database            what plugins there are; plugin:info NAME shows one
//	dokku plugin:install postgres           as root: the one of the index, at the commit that the index says
//	dokku plugin:install https://github.com/dokku/dokku-postgres.git            any other
//	dokku plugin:install https://example.com/plugin.git --committish v1.2 --name mine
//	dokku plugin:install file:///root/plugin                a folder, or a repository, of this machine
//	dokku plugin:install https://example.com/plugin.tar.gz
//	dokku plugin:update postgres            to the newest of its branch; `plugin:update postgres v1.3` to that version
//	dokku plugin:disable postgres           and plugin:enable
//	dokku plugin:uninstall postgres
//	dokku plugin:list                       with --format json too
//	dokku plugin:trigger post-create blog   fire a trigger by hand
//	dokku plugin:new hello --lang go        the skeleton of a plugin; over SSH: --format tar | tar -x
//	dokku plugin:lint ./hello               what is wrong with a folder, or with a plugin that is installed
//	dokku plugin:config postgres            what can be configured; `get KEY`, `set KEY=VALUE`, `unset KEY`
//	dokku plugin:trace on                   show each hook, until plugin:trace off
//	dokku plugin:set postgres hook-timeout 5m   a hook that takes longer is cut off; --global for all plugins
//
// A plugin is in $DOKKU_LIB_ROOT/plugins/available/NAME, and enabled by a link in
// plugins/enabled. Its hook `install` runs as root when it is installed, as do
// dependencies, update and uninstall. When a plugin cannot be had, or its
// install hook fails, nothing of it is left.
//
// The index of plugins is a signed list. One came with Slipway; plugin:index-update
// gets a newer one. What plugin:install gets by a name is compared with the
// checksums of the index before anything of it runs. An index of one's own, with
// one's own key: docs/plugins/index-format.md.
//
// Hooks run as root: install only what you would run as root yourself. A plugin
// named like a feature of Slipway takes its place, and says so.
package pluginctl

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/metadata"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin { return pluginAt(h, time.Now) }

func pluginAt(h *plugin.Host, now func() time.Time) plugin.Plugin {
	p := &plugins{host: h, now: now}
	return plugin.Plugin{
		Name: "plugin", Help: "Manage installed plugins",
		Properties: []state.Property{plugin.HookTimeout, plugin.Trace, indexKey, indexURL},
		Programs:   []*command.Command{p.plugn()},
		Commands: []*command.Command{
			command.New("plugin:config", "Show, get, set or unset the config of a plugin (third-party only)", p.config,
				command.Root, command.Usage("[--format stdout|json] <name> [get <key>|set <key>=<value>...|unset <key>...]")),
			command.New("plugin:disable", "Disable an installed plugin (third-party only)", p.disable, command.Root, command.Usage("<name>")),
			command.New("plugin:enable", "Enable a previously disabled plugin", p.enable, command.Root, command.Usage("<name>")),
			command.New("plugin:index-update", "Get a newer index of plugins", p.updateIndex, command.Root, command.Usage("[url|file]")),
			command.New("plugin:info", "Show what the index has of a plugin", p.info, command.Usage("[--format stdout|json] <name>")),
			command.New("plugin:install", "Optionally download git-url (and pin to the specified branch/commit/tag) & run install trigger for active plugins (or only core ones)", p.install,
				command.Root, command.RawFlags, command.Usage("[--core|--git-url] [--committish branch|commit|commit] [--name custom-plugin-name] [--skip-install-trigger]")),
			command.New("plugin:install-dependencies", "Run install-dependencies trigger for active plugins (or only core ones)", p.dependencies, command.Root, command.Usage("[--core]")),
			command.New("plugin:installed", "Checks if a plugin is installed", p.installed, command.Root, command.Hidden, command.Usage("<name>")),
			command.New("plugin:lint", "Look for mistakes in a plugin: metadata, names of hooks, what may be run, what commands answers", p.lint,
				command.Root, command.Usage("[--format stdout|json] <path|name>")),
			command.New("plugin:list", "Print active plugins", p.list, command.Usage("[--format stdout|json]")),
			command.New("plugin:new", "Make the skeleton of a plugin, with a test", p.create, command.Usage("<name> [--lang bash|go|python|node] [--dir dir] [--format folder|tar]")),
			command.New("plugin:search", "List the plugins of the index, or those that have all words", p.search, command.Usage("[--format stdout|json] [<word>...]")),
			command.New("plugin:set", "Set or clear a property of a plugin, or of all", p.set, command.Root, command.Usage("<name>|--global <property> (<value>)")),
			command.New("plugin:trace", "Show each hook of plugins with its arguments, time and exit code", p.trace, command.Root, command.Usage("on|off")),
			command.New("plugin:trigger", "Trigger an arbitrary plugin hook", p.trigger, command.Root, command.PlainArgs, command.Usage("<args...>")),
			command.New("plugin:uninstall", "Uninstall a plugin (third-party only)", p.uninstall, command.Root, command.Usage("<name>")),
			command.New("plugin:update", "Optionally update named plugin from git (and pin to the specified branch/commit/tag) & run update trigger for active plugins", p.update,
				command.Root, command.Usage("[name [branch|commit|tag]]")),
		},
	}
}

type plugins struct {
	host *plugin.Host
	now  func() time.Time
}

// Name is a plugin's name, which is a folder's.
type Name string

// ParseName checks a plugin's name.
func ParseName(s string) (Name, error) {
	if !metadata.ValidName(s) {
		return "", fmt.Errorf("%q is no name for a plugin: it has letters, digits, _, . and - only", s)
	}
	return Name(s), nil
}

// nameOf is the name that a plugin gets from where it is: the end of the URL
// without dokku- and what says how it is packed.
// Source: Dokku plugins/plugin/functions, plugin_name.
func nameOf(url string) (Name, error) {
	url, _, _ = strings.Cut(url, "?")
	name := strings.TrimRight(url, "/")
	name = name[strings.LastIndexAny(name, "/:")+1:]
	for _, end := range []string{".git", ".tar.gz", ".tgz"} {
		name = strings.TrimSuffix(name, end)
	}
	return ParseName(strings.TrimPrefix(name, "dokku-"))
}

type triggerArgs struct {
	Trigger []string `arg:"trigger" missing:"Please specify a trigger"`
}

// trigger fires as the system user, whatever the trigger answers to.
func (p *plugins) trigger(ctx context.Context, _ *command.Call, in triggerArgs) error {
	return p.host.Bus.Event(trigger.WithInput(ctx), in.Trigger[0], in.Trigger[1:]...)
}
