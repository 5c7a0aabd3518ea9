package config

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

type programArgs struct {
	Words []string `arg:"words,optional"`
}

// program is config_sub, what functions of plugins call: a command of config without its config: in front. The arguments are
// the script's, so DOKKU_APP_NAME adds none.
func (cfg config) program() *command.Command {
	commands := map[string]*command.Command{
		"show": command.New("config:show", "", cfg.show), "keys": command.New("config:keys", "", cfg.keys), "get": command.New("config:get", "", cfg.get),
		"set": command.New("config:set", "", cfg.set), "unset": command.New("config:unset", "", cfg.unset), "clear": command.New("config:clear", "", cfg.clear),
		"export": command.New("config:export", "", cfg.export), "bundle": command.New("config:bundle", "", cfg.bundle),
	}
	return command.New("config_sub", "Commands of config for scripts", func(ctx context.Context, c *command.Call, in programArgs) error {
		name := ""
		if len(in.Words) > 0 {
			name = in.Words[0]
		}
		cmd := commands[name]
		if cmd == nil {
			return command.BadInput("Invalid plugin config_sub call: %s", name)
		}
		return cmd.InvokeOn(ctx, c, in.Words[1:], func(app string) bool { return app == state.Global || cfg.h.Store.AppExists(app) })
	}, command.Hidden, command.Verbatim)
}
