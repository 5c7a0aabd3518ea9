package server

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// userAuth asks plugins, by user-auth USER KEY-NAME COMMAND ARG…, whether a caller
// may call a command. Root is asked about too, as by Dokku: what a plugin says of
// it is the plugin's affair, and where one locks everybody out, `slipwayd plugin
// disable NAME` is left. Dokku: plugins/common/functions, dokku_auth.
func userAuth(h *plugin.Host) func(ctx context.Context, c *command.Call) error {
	return func(ctx context.Context, c *command.Call) error {
		if !h.Bus.Installed().Handled("user-auth") {
			return nil
		}
		args := slices.Concat([]string{c.Actor.User, c.Actor.SSHName()}, asSent(c))
		if err := h.Bus.Event(ctx, "user-auth", args...); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return command.Deny("Access denied")
		}
		return nil
	}
}

// asSent is a command as Dokku's script has it at that point: what git's client
// asks for over SSH still has git's quotes, which plugins take off.
func asSent(c *command.Call) []string {
	argv := c.Typed()
	if c.Actor.Fingerprint == "" || !strings.HasPrefix(argv[0], "git-") || argv[0] == "git-hook" {
		return argv
	}
	argv = slices.Clone(argv)
	for i := range argv[1:] {
		argv[i+1] = "'" + argv[i+1] + "'"
	}
	return argv
}
