package plugin

import (
	"errors"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// bash are the features whose commands are bash with Dokku: a hook that fails
// ends them with its own exit code, and without a word. The others are Go there,
// and end with 1. Source: Dokku plugins/*/subcommands and plugins/*/src.
var bash = map[string]bool{
	"certs": true, "checks": true, "cleanup": true, "domains": true, "enter": true, "events": true, "git": true, "git-hook": true,
	"git-receive-pack": true, "git-upload-archive": true, "git-upload-pack": true, "plugin": true, "report": true, "run": true,
	"shell": true, "ssh-keys": true, "trace": true, "url": true, "urls": true,
}

// Refused is the error of a command that a hook of a plugin ended, as it is to be
// shown: with Dokku's exit code, and in words where Dokku has words. Other errors
// stay as they are.
func Refused(c *command.Command, err error) error {
	var hook *trigger.HookError
	var exit command.Exit
	if !errors.As(err, &hook) || !errors.As(hook.Err, &exit) || bash[c.Feature()] {
		return err
	}
	var said *command.Error
	if errors.As(err, &said) {
		return &command.Error{Kind: said.Kind, Message: said.Message}
	}
	return command.Fail("The plugin %s has ended this: its hook %s failed with exit code %d", hook.Plugin, hook.Trigger, exit.Code)
}
