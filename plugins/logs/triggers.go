package logs

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/command"
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
