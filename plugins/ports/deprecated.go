package ports

import (
	"context"

	"github.com/slipwayhq/slipway/command"
)

// deprecated are the names that these commands had before Dokku 0.31. Scripts
// still call them; help does not show them.
func (p ports) deprecated() []*command.Command {
	return []*command.Command{
		renamed("proxy:ports", "ports:list", p.list),
		renamed("proxy:ports-add", "ports:add", p.add),
		renamed("proxy:ports-clear", "ports:clear", p.clear),
		renamed("proxy:ports-remove", "ports:remove", p.remove),
		renamed("proxy:ports-set", "ports:set", p.set),
	}
}

func renamed[A any](old, name string, run func(context.Context, *command.Call, A) error) *command.Command {
	return command.New(old, "Deprecated: use "+name, func(ctx context.Context, c *command.Call, in A) error {
		c.Out.Warn("Deprecated: Please use %s", name)
		return run(ctx, c, in)
	}, command.Hidden)
}
