package logs

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// getProperty answers logs-get-property(app, key) for the one key that Dokku
// gives away.
func (l *logs) getProperty(_ context.Context, c *trigger.Call) error {
	if c.Arg(1) != maxSize.Name {
		return command.BadInput("Invalid logs property specified")
	}
	value, err := l.host.Store.Computed(maxSize, c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, value)
	}
	return err
}

// deployOptions are what Docker gets for an app's processes; they are those of
// plugins/docker-options.
var deployOptions = state.Property{Plugin: "docker-options", Name: "_default_.deploy", Scope: state.AppOnly}

// onDockerArgs answers docker-args-process-deploy APP … by the option that bounds
// a container's log, where its log driver knows it.
func (l *logs) onDockerArgs(ctx context.Context, c *trigger.Call) error {
	if _, err := io.Copy(c.Out, c.In); err != nil { // what plugins before this one said
		return err
	}
	size, err := l.host.Store.Computed(maxSize, c.Arg(0))
	if err != nil || size == "unlimited" {
		return err
	}
	options, err := l.host.Store.List(deployOptions, c.Arg(0))
	if err != nil {
		return err
	}
	driver := ""
	for _, o := range options {
		if name, ok := strings.CutPrefix(o, "--log-driver="); ok {
			driver = name
			break
		}
	}
	if driver == "" {
		if driver, err = l.host.Docker.LogDriver(ctx); err != nil {
			return err
		}
	}
	if driver == "local" || driver == "json-file" {
		fmt.Fprintf(c.Out, " --log-opt=max-size=%s ", size)
	}
	return nil
}
