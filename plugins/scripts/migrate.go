package scripts

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// transforms turn the value of an old config var into that of a property. Source: Dokku plugins/common/src/prop.
var transforms = map[string]func(string) string{
	"":                            func(v string) string { return v },
	"non-empty-to-true":           func(string) string { return "true" },
	"restore-bool":                func(v string) string { return either(v == "0", "false", "true") },
	"skip-all-checks-to-disabled": func(v string) string { return either(v == "true", "_all_", "") },
	"checks-enabled-to-skipped":   func(v string) string { return either(v == "0", "_all_", "") },
}

func either(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// migration is what becomes of a config var.
type migration struct {
	plugin, property string
	list             bool
	transform        func(string) string
}

// migrate makes config vars properties, where there is no such property yet:
//
//	prop migrate-config-to-property PLUGIN PROPERTY VAR [--list] [--global-config-var VAR] [--transform NAME]
func (s scripts) migrate(ctx context.Context, c *command.Call, in words) error {
	m := migration{plugin: in.arg(0), property: in.arg(1), transform: transforms[""]}
	name, global := in.arg(2), ""
	for i := 3; i < len(in.Words); i++ {
		switch in.Words[i] {
		case "--list":
			m.list = true
		case "--global-config-var":
			i++
			global = in.arg(i)
		case "--transform":
			i++
			if m.transform = transforms[in.arg(i)]; m.transform == nil {
				return command.BadInput("Unknown transform: %s", in.arg(i))
			}
		}
	}
	for _, part := range []string{m.plugin, m.property} {
		if _, err := ParsePart(part); err != nil {
			return command.BadInput("%w", err)
		}
	}
	if global != "" {
		if err := s.move(ctx, c.Out, m, state.Global, global); err != nil {
			return err
		}
	}
	apps, err := s.host.Store.Apps()
	if err != nil || name == "" {
		return err
	}
	for _, app := range apps {
		if err := s.move(ctx, c.Out, m, app, name); err != nil {
			return err
		}
	}
	return nil
}

func (s scripts) move(ctx context.Context, out *command.Output, m migration, app, name string) error {
	p := state.Property{Plugin: m.plugin, Name: m.property}
	if _, there, err := s.host.Store.Lookup(p, app); err != nil || there {
		return err
	}
	env, err := s.host.Store.Env(app)
	if err != nil || env[name] == "" {
		return err
	}
	value := m.transform(env[name])
	of, where := "", m.plugin+":set "+app+" "+m.property
	if app == state.Global {
		of = "global "
	}
	out.Step("Migrating deprecated %s%s to %s %s property. Use 'dokku %s <value>' to manage this going forward.", of, name, m.plugin, m.property, where)
	if m.list {
		err = s.host.Store.SetList(p, app, slices.DeleteFunc(strings.Split(value, " "), func(item string) bool { return item == "" }))
	} else {
		err = s.host.Store.Set(p, app, value)
	}
	if err != nil {
		return err
	}
	quiet := trigger.WithOutput(ctx, strings.NewReader(""), out.WithQuiet(true))
	return s.host.Bus.Event(quiet, "config-unset", "--no-restart", app, name)
}
