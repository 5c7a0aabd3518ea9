package plugin

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

type setArgs struct {
	App      string `arg:"app,global"`
	Property string `arg:"property" missing:"No property specified"`
	Value    string `arg:"value,optional"`
}

// SetCommand is `FEATURE:set <app>|--global <property> [<value>]` over the
// declared properties: no value clears. badKey begins the message for an
// unknown key ("Invalid property specified, valid properties include" in
// Dokku's Go plugins, "Invalid key specified, valid keys include" in its bash
// ones). changed, if not nil, is called after the write.
func SetCommand(h *Host, feature, badKey string, props []state.Property, changed func(ctx context.Context, app, property string) error, opts ...command.Option) *command.Command {
	return command.New(feature+":set", "Set or clear a "+feature+" property for an app",
		func(ctx context.Context, c *command.Call, in setArgs) error {
			i := slices.IndexFunc(props, func(p state.Property) bool { return p.Name == in.Property && !p.Internal })
			if i < 0 {
				return command.BadInput("%s: %s", badKey, strings.Join(settable(props), ", "))
			}
			p := props[i]
			switch {
			case in.App == state.Global && p.Scope == state.AppOnly:
				return command.BadInput("Property cannot be specified globally")
			case in.App != state.Global && p.Scope == state.GlobalOnly:
				return command.BadInput("Property can only be specified globally\nTry: dokku %s:set --global %s %s", feature, p.Name, in.Value)
			}
			if in.Value == "" {
				c.Out.Headers().Title("Unsetting %s", p.Name)
				if err := h.Store.Unset(p, in.App); err != nil {
					return err
				}
			} else {
				if p.Validate != nil {
					if err := p.Validate(in.Value); err != nil {
						return command.BadInput("%w", err)
					}
				}
				c.Out.Headers().Title("Setting %s to %s", p.Name, in.Value)
				if err := h.Store.Set(p, in.App, in.Value); err != nil {
					return err
				}
			}
			if changed == nil {
				return nil
			}
			return changed(ctx, in.App, p.Name)
		}, append([]command.Option{command.RawFlags, command.Usage("<app>|--global <property> (<value>)")}, opts...)...)
}

func settable(props []state.Property) []string {
	var names []string
	for _, p := range props {
		if !p.Internal {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}
