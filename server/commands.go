package server

import (
	"context"

	"github.com/slipwayhq/slipway/command"
)

type noArgs struct{}

// versionCommand prints `dokku version X.Y.Z`, as scripts parse it.
func versionCommand(version string) *command.Command {
	return command.New("version", "Print dokku's version", func(_ context.Context, c *command.Call, _ noArgs) error {
		c.Out.Line("%s version %s", program(c), version)
		return nil
	})
}

type completionArgs struct {
	Shell string `arg:"shell" missing:"Name a shell: dokku completion bash|zsh|fish"`
}

func completionCommand(table func() *command.Table) *command.Command {
	return command.New("completion", "Print a completion script for a shell", func(_ context.Context, c *command.Call, in completionArgs) error {
		script, err := table().Completion(in.Shell, program(c))
		if err != nil {
			return err
		}
		c.Out.Line("%s", script)
		return nil
	}, command.Usage("bash|zsh|fish"))
}

// program is the name that the caller knows us by.
func program(c *command.Call) string {
	if c.Env["SLIPWAY_PROGRAM"] == "slipway" {
		return "slipway"
	}
	return "dokku"
}
