// Package config manages the config vars of apps: the environment in which
// their processes run.
//
//	dokku config:set blog SECRET_KEY=… DEBUG=false   # restarts a running app
//	dokku config:set --no-restart blog A=1
//	dokku config:set --global MAIL_HOST=mail.example.com
//	dokku config:show blog
//	dokku config:get blog DEBUG
//	dokku config:unset blog DEBUG
//	dokku config:export --format envfile blog > .env
//	dokku config:import blog - < .env
//
// Global vars reach every app at its next start; a var of the app goes before
// a global one. Values may be anything but a NUL byte: line ends, quotes and
// backslashes come back as they were set.
//
// A change of an app's vars releases and restarts it when it is deployed and
// was not stopped: predeploy and release tasks run again. A change of global
// ones restarts nothing.
//
// The vars are in $DOKKU_LIB_ROOT/config/APP/ENV, the global ones in
// $DOKKU_LIB_ROOT/config/--global/ENV. Those that a Dokku of before 0.38 kept in
// $DOKKU_ROOT/APP/ENV are taken over once; such a file that is found later is
// put aside as ENV.migrated and not read.
package config

import (
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type config struct{ h *plugin.Host }

// Plugin is the feature config.
func Plugin(h *plugin.Host) plugin.Plugin {
	c := config{h}
	return plugin.Plugin{
		Name: "config", Help: "Manage global and app-specific config vars",
		Properties: []state.Property{state.EnvMigrated},
		Commands: []*command.Command{
			command.New("config", "Pretty-print an app or global environment", c.oldShow, command.Usage("(<app>|--global)")),
			command.New("config:show", "Show keys set in environment", c.show, command.Usage("[--merged] (<app>|--global)")),
			command.New("config:get", "Display a global or app-specific config value", c.get, command.Usage("[--quoted] (<app>|--global) KEY")),
			command.New("config:set", "Set one or more config vars", c.set, command.Usage("[--encoded] [--no-restart] (<app>|--global) KEY1=VALUE1 [KEY2=VALUE2 ...]")),
			command.New("config:unset", "Unset one or more config vars", c.unset, command.Usage("[--no-restart] (<app>|--global) KEY1 [KEY2 ...]")),
			command.New("config:clear", "Clears environment variables", c.clear, command.Usage("[--no-restart] (<app>|--global)")),
			command.New("config:keys", "Show keys set in environment", c.keys, command.Usage("[--merged] (<app>|--global)")),
			command.New("config:export", "Export a global or app environment", c.export, command.Usage("[--format=FORMAT] [--merged] (<app>|--global)")),
			command.New("config:import", "Import environment from file", c.importFile, command.Usage("[--no-restart] [--replace] (<app>|--global) [FILE|-]")),
			command.New("config:bundle", "Bundle environment into tarfile", c.bundle, command.Usage("[--merged] (<app>|--global)")),
		},
		Programs: []*command.Command{c.program()},
		Triggers: plugin.Triggers{
			"config-get":         c.onGet,
			"config-get-global":  c.onGetGlobal,
			"config-set":         c.onSet,
			"config-unset":       c.onUnset,
			"config-export":      c.onExport,
			"config-migrate-env": c.onMigrate,
			"install":            c.onMigrate,
			"post-create":        c.onCreate,
		},
	}
}
