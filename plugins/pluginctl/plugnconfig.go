package pluginctl

import (
	"context"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// plugnConfig is plugn config get PLUGIN NAME, set PLUGIN NAME VALUE, export PLUGIN: the same config as plugin:config's.
func (p *plugins) plugnConfig(_ context.Context, c *command.Call, args []string) error {
	name, key := argument(args, 1), argument(args, 2)
	installed, ok := p.host.OnDisk(name)
	if !ok {
		return command.Fail("Plugin (%s) not installed", name)
	}
	switch argument(args, 0) {
	case "get":
		return p.plugnConfigGet(c, installed, key)
	case "set":
		if err := forRoot(c); err != nil {
			return err
		}
		return p.host.SetPluginConfig(installed, map[string]string{key: argument(args, 3)}, nil)
	case "export":
		values, err := p.host.PluginConfig(installed)
		for _, v := range values {
			c.Out.Line("%s", exportLine(v, name))
		}
		return err
	}
	return command.BadInput("plugn config has get, set and export")
}

func (p *plugins) plugnConfigGet(c *command.Call, installed plugin.Installed, key string) error {
	values, err := p.host.PluginConfig(installed)
	if err != nil {
		return err
	}
	for _, v := range values {
		if v.Key.Name == key {
			c.Out.Line("%s", v.Value)
			return nil
		}
	}
	return command.Exit{Code: 1}
}

// inQuotes are the characters that mean something to a shell between double quotes.
var inQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`")

// exportLine is a setting for a shell, to be evaluated. A variable of the caller's goes before it.
// Source: dokku/plugn, plugn.go, TomlExport.
func exportLine(v plugin.ConfigValue, name string) string {
	return "export " + v.Key.Variable() + `="${` + v.Key.Override(name) + `:-"` + inQuotes.Replace(v.Value) + `"}"`
}
