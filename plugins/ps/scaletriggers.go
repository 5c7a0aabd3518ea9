package ps

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// onGetProperty answers ps-get-property(app, property) with the value in force.
func (p *ps) onGetProperty(_ context.Context, c *trigger.Call) error {
	i := slices.IndexFunc(properties, func(prop state.Property) bool { return prop.Name == c.Arg(1) })
	if i < 0 {
		return command.BadInput("Invalid ps property specified: %s", c.Arg(1))
	}
	value, err := p.host.Store.Computed(properties[i], c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, value)
	}
	return err
}

// onSetScale answers ps-set-scale(app, skip-deploy, clear-existing, TYPE=N…).
// With clear-existing all other process types are scaled to none.
func (p *ps) onSetScale(ctx context.Context, c *trigger.Call) error {
	if len(c.Args) < 3 {
		return command.BadInput("ps-set-scale needs an app, skip-deploy and clear-existing")
	}
	name, skip, replace := c.Arg(0), c.Arg(1) == "true", c.Arg(2) == "true"
	var words []string
	for _, arg := range c.Args[3:] { // one argument may hold several
		words = append(words, strings.Fields(arg)...)
	}
	counts, err := parseCounts(words)
	if err != nil {
		return err
	}
	if err := p.checkTypes(name, counts); err != nil {
		return err
	}
	if replace {
		scale, err := p.flow.Scale(name)
		if err != nil {
			return err
		}
		for process := range scale {
			if _, ok := counts[process]; !ok {
				counts[process] = 0
			}
		}
	}
	return p.flow.SetScale(ctx, c.Output(), p.change(ctx, name, "ps-set-scale"), counts, !skip)
}

// onDeploy answers deploy(app, tag, process):
// the release that is live gets new instances.
func (p *ps) onDeploy(ctx context.Context, c *trigger.Call) error {
	change := p.change(ctx, c.Arg(0), "deploy")
	change.Process = c.Arg(2)
	return p.flow.Restart(ctx, c.Output(), change)
}

// onPostStop answers post-stop(app): what was stopped stays down.
func (p *ps) onPostStop(_ context.Context, c *trigger.Call) error {
	return p.host.Store.Set(restoreProperty, c.Arg(0), strconv.FormatBool(false))
}
