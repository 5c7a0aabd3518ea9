package dockeroptions

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/state"
)

// property is the list of one process type and phase.
func property(process, phase string) state.Property {
	return state.Property{Plugin: "docker-options", Name: process + "." + phase, Scope: state.AppOnly, Internal: true}
}

// read gives the options of one list, never nil. It changes nothing: what is in
// a file of an older Dokku counts, and stays there.
func (o options) read(app, process, phase string) ([]string, error) {
	lines, err := o.h.Store.List(property(process, phase), app)
	if err != nil {
		return nil, err
	}
	if process == wholeApp {
		old, err := o.oldFile(app, phase)
		if err != nil {
			return nil, err
		}
		lines = union(lines, old)
	}
	return append([]string{}, lines...), nil
}

// edit changes the lists of some process types and phases.
func (o options) edit(app string, processes, of []string, change func(old []string) []string) error {
	if err := o.takeOver(app); err != nil {
		return err
	}
	o.changing.Lock()
	defer o.changing.Unlock()
	for _, process := range processes {
		for _, phase := range of {
			p := property(process, phase)
			old, err := o.h.Store.List(p, app)
			if err != nil {
				return err
			}
			lines := change(slices.Clone(old))
			if len(old) == 0 && len(lines) == 0 {
				continue
			}
			slices.Sort(lines)
			if err := o.h.Store.SetList(p, app, lines); err != nil {
				return err
			}
		}
	}
	return nil
}

// empty removes the lists of some phases.
func (o options) empty(app, process string, of ...string) error {
	if err := o.takeOver(app); err != nil {
		return err
	}
	o.changing.Lock()
	defer o.changing.Unlock()
	for _, phase := range of {
		if err := o.h.Store.Unset(property(process, phase), app); err != nil {
			return err
		}
	}
	return nil
}

// processTypes are those with a list of their own, sorted.
func (o options) processTypes(app string) ([]string, error) {
	all, err := o.h.Store.Properties("docker-options", app)
	if err != nil {
		return nil, err
	}
	var types []string
	for name := range all {
		i := strings.LastIndex(name, ".")
		if i <= 0 || !slices.Contains(allPhases, name[i+1:]) || name[:i] == wholeApp {
			continue
		}
		types = append(types, name[:i])
	}
	slices.Sort(types)
	return slices.Compact(types), nil
}
