package dockeroptions

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/state"
)

// takenOver is "true" for an app and phase whose file was taken over.
// Source: Dokku plugins/docker-options/functions.go.
func takenOver(phase string) state.Property {
	return state.Property{Plugin: "docker-options", Name: "migrated-" + phase, Scope: state.AppOnly, Internal: true}
}

// oldPath is where Dokku kept the options of a phase before 0.38.
func (o options) oldPath(app, phase string) string {
	return o.h.Store.RootPath(app, "DOCKER_OPTIONS_"+strings.ToUpper(phase))
}

// oldFile are the options in the file of an older Dokku, none when there is no
// file.
func (o options) oldFile(app, phase string) ([]string, error) {
	lines, err := o.h.Store.ReadLines(o.oldPath(app, phase))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, line := range lines {
		if !strings.HasPrefix(line, "#") {
			found = append(found, canonical(line)...)
		}
	}
	return found, nil
}

// union is a list with what it lacks of another.
func union(list, more []string) []string {
	for _, line := range more {
		if !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
}

// takeOver moves the options of an app from the files that Dokku had before
// 0.38 into the lists, ahead of a change. It costs a look for each phase where
// there are none.
func (o options) takeOver(app string) error {
	for _, phase := range allPhases {
		path := o.oldPath(app, phase)
		for _, file := range []string{path, path + ".migrated"} {
			if _, err := os.Lstat(file); errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err := o.takeOverFile(app, phase, file); err != nil {
				return fmt.Errorf("cannot take over %s: %w", file, err)
			}
		}
	}
	return nil
}

func (o options) takeOverFile(app, phase, file string) error {
	o.changing.Lock()
	defer o.changing.Unlock()
	lines, err := o.read(app, wholeApp, phase)
	if err != nil {
		return err
	}
	if len(lines) > 0 {
		if err := o.h.Store.SetList(property(wholeApp, phase), app, lines); err != nil {
			return err
		}
	}
	if err := o.h.Store.Set(takenOver(phase), app, "true"); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// rewrite brings the stored options of an app into the form in which they are
// written today: one option per line, quoted.
func (o options) rewrite(app string) error {
	all, err := o.h.Store.Properties("docker-options", app)
	if err != nil {
		return err
	}
	o.changing.Lock()
	defer o.changing.Unlock()
	for name := range all {
		i := strings.LastIndex(name, ".")
		if i <= 0 || !slices.Contains(allPhases, name[i+1:]) {
			continue
		}
		p := property(name[:i], name[i+1:])
		old, err := o.h.Store.List(p, app)
		if err != nil {
			return err
		}
		var lines []string
		for _, line := range old {
			lines = append(lines, canonical(unescapeRule(line))...)
		}
		if slices.Equal(lines, old) {
			continue
		}
		if err := o.h.Store.SetList(p, app, lines); err != nil {
			return err
		}
	}
	return nil
}

// unescapeRule repairs labels of Traefik whose backticks an old release stored
// with a backslash, as in Host(\`example.com\`).
// Source: Dokku plugins/docker-options/functions.go, migrateTraefikLabelBackticks.
func unescapeRule(line string) string {
	spec := strings.Trim(line, "'")
	for _, name := range []string{"--label=", "--label ", "-l=", "-l "} {
		if rest, ok := strings.CutPrefix(spec, name); ok && strings.HasPrefix(strings.TrimLeft(rest, `'"`), "traefik.") {
			return strings.ReplaceAll(line, "\\`", "`")
		}
	}
	return line
}
