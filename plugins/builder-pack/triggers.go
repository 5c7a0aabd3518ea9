package builderpack

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/trigger"
)

// onArgs answers docker-args-process-deploy and docker-args-process-run(app,
// source type, tag, process type): a command of the Procfile is run by the
// launcher, without which it would be an argument of the image's own process.
func (b builder) onArgs(ctx context.Context, c *trigger.Call) error {
	app, kind, process := c.Arg(0), build.Kind(c.Arg(1)), c.Arg(3)
	if kind != build.CNB {
		return nil
	}
	if process != "" {
		command, err := b.Host.Bus.Query(ctx, "procfile-get-command", app, process, "5000")
		if err != nil || command == "" {
			return nil //nolint:nilerr // no Procfile, or no such type: the image's own process runs
		}
	}
	_, err := fmt.Fprintln(c.Out, "--entrypoint=launcher")
	return err
}
