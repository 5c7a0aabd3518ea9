package checks

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// all stands for every process type in the two lists.
const all = "_all_"

// types reads one of the two lists: nothing, all, or process types.
func (c *checks) types(p state.Property, name string) ([]string, error) {
	value, err := c.host.Store.Get(p, name)
	if value == "" || value == "none" {
		return nil, err
	}
	return strings.Split(value, ","), err
}

func (c *checks) writeTypes(p state.Property, name string, types []string) error {
	if len(types) == 0 {
		return c.host.Store.Unset(p, name)
	}
	return c.host.Store.Set(p, name, strings.Join(types, ","))
}

// listed tells whether one of the two lists names a process type.
func (c *checks) listed(p state.Property, name, process string) (bool, error) {
	types, err := c.types(p, name)
	return slices.Contains(types, all) || slices.Contains(types, process), err
}

// move puts process types (none: all of them) on one list and takes them off
// the other.
func (c *checks) move(name string, types []string, to, from state.Property) error {
	if len(types) == 0 {
		if err := c.writeTypes(to, name, []string{all}); err != nil {
			return err
		}
		return c.host.Store.Unset(from, name)
	}
	listed, err := c.types(to, name)
	if err != nil {
		return err
	}
	listed = without(listed, []string{all})
	for _, t := range types {
		if !slices.Contains(listed, t) {
			listed = append(listed, t)
		}
	}
	if err := c.writeTypes(to, name, listed); err != nil {
		return err
	}
	return c.take(name, types, from)
}

// take takes process types off a list.
func (c *checks) take(name string, types []string, from state.Property) error {
	listed, err := c.types(from, name)
	if err != nil {
		return err
	}
	return c.writeTypes(from, name, without(listed, types))
}

func without(list, gone []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(t string) bool { return slices.Contains(gone, t) })
}

// parseTypes reads a comma-separated list of process types; nil is all.
func parseTypes(list string) ([]string, error) {
	if list == "" || list == all {
		return nil, nil
	}
	types := strings.Split(list, ",")
	for _, t := range types {
		if _, err := app.ParseProcessType(t); err != nil {
			return nil, command.BadInput("Invalid process type specified (%s): %w", t, err)
		}
	}
	return types, nil
}
