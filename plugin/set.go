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

// setKeyArgs are setArgs in the words of Dokku's bash plugins.
type setKeyArgs struct {
	App   string `arg:"app,global"`
	Key   string `arg:"property" missing:"No key specified"`
	Value string `arg:"value,optional"`
}

// The beginnings of the message for an unknown key in Dokku's Go plugins and in its bash ones.
const (
	BadProperty = "Invalid property specified, valid properties include"
	BadKey      = "Invalid key specified, valid keys include"
)

// Setter is what `FEATURE:set` does: it writes one of the declared properties,
// or clears it when the value is empty.
type Setter struct {
	Feature string
	Help    string // one line; "" = Dokku's usual words
	// BadKey begins the message for an unknown key: BadProperty or BadKey.
	BadKey     string
	Properties []state.Property
	// Changed, if not nil, is called after the write.
	Changed func(ctx context.Context, app, property string) error
}

// SetCommand is `FEATURE:set <app>|--global <property> [<value>]` over the
// declared properties; see Setter.
func SetCommand(h *Host, feature, badKey string, props []state.Property, changed func(ctx context.Context, app, property string) error, opts ...command.Option) *command.Command {
	return Setter{Feature: feature, BadKey: badKey, Properties: props, Changed: changed}.Command(h, opts...)
}

// Command is the command that calls Set.
func (s Setter) Command(h *Host, opts ...command.Option) *command.Command {
	if s.Help == "" {
		s.Help = "Set or clear " + withArticle(s.Feature) + " property for an app"
	}
	opts = append([]command.Option{command.RawFlags, command.Usage("<app>|--global <property> (<value>)")}, opts...)
	if s.BadKey == BadKey {
		return command.New(s.Feature+":set", s.Help, func(ctx context.Context, c *command.Call, in setKeyArgs) error {
			return s.Set(ctx, h, c, in.App, in.Key, in.Value)
		}, opts...)
	}
	return command.New(s.Feature+":set", s.Help, func(ctx context.Context, c *command.Call, in setArgs) error {
		return s.Set(ctx, h, c, in.App, in.Property, in.Value)
	}, opts...)
}

// Set writes the property name of app (or state.Global), and says so.
func (s Setter) Set(ctx context.Context, h *Host, c *command.Call, app, name, value string) error {
	i := slices.IndexFunc(s.Properties, func(p state.Property) bool { return p.Name == name && !p.Internal })
	if i < 0 {
		return command.BadInput("%s: %s", s.BadKey, strings.Join(settable(s.Properties), ", "))
	}
	p := s.Properties[i]
	switch {
	case app == state.Global && p.Scope == state.AppOnly:
		return command.BadInput("Property cannot be specified globally")
	case app != state.Global && p.Scope == state.GlobalOnly:
		return command.BadInput("Property can only be specified globally\nTry: dokku %s:set --global %s %s", s.Feature, p.Name, value)
	}
	if value == "" {
		c.Out.Headers().Title("Unsetting %s", p.Name)
		if err := h.Store.Unset(p, app); err != nil {
			return err
		}
	} else {
		if p.Validate != nil {
			if err := p.Validate(value); err != nil {
				return command.BadInput("%w", err)
			}
		}
		c.Out.Headers().Title("Setting %s to %s", p.Name, value)
		if err := h.Store.Set(p, app, value); err != nil {
			return err
		}
	}
	if s.Changed == nil {
		return nil
	}
	return s.Changed(ctx, app, p.Name)
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

// withArticle is the name of a feature behind "a" or "an".
func withArticle(feature string) string {
	if strings.ContainsAny(feature[:1], "aeiou") {
		return "an " + feature
	}
	return "a " + feature
}
