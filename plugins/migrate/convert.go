package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/state"
)

// surveyConfig finds config in its place of before 0.38, and variables that properties have replaced, of an app or of
// state.Global.
func (m *migration) surveyConfig(p *plan, app string) error {
	shown := app
	if app == state.Global {
		shown = ""
	}
	env, old, err := m.configOf(app)
	if err != nil {
		p.problem(shown, "Mend the file: each line is KEY=value", "Its config: "+err.Error()+".")
		return nil //nolint:nilerr // the plan tells it
	}
	if old != "" {
		p.change(shown, old+" moves to "+m.host.Store.LibPath("config", app, "ENV"), func(context.Context) error { return m.moveConfig(app) })
	}
	done := map[string]bool{} // properties that another variable gave a value
	for _, v := range variables {
		text, has := env[v.name(app)]
		if v.name(app) == "" || !has {
			continue
		}
		set, err := m.isSet(v.plugin, v.property, app)
		if err != nil {
			return err
		}
		if set || done[v.plugin+" "+v.property] {
			continue // as in Dokku: the property counts, and the variable is the app's own business
		}
		what := fmt.Sprintf("The config variable %s becomes the property %s of %s: %s", v.name(app), v.property, v.plugin, strings.Join(v.lines(text), " "))
		if len(v.lines(text)) == 0 {
			what = fmt.Sprintf("The config variable %s means nothing any more and goes", v.name(app))
		} else {
			done[v.plugin+" "+v.property] = true
		}
		p.change(shown, what, func(context.Context) error { return m.moveVariable(app, v) })
	}
	return nil
}

// configOf is the config of an app as it will be, and the path of the old file that is to move, "" for none. Its errors name
// the file, and nothing of what is in it.
func (m *migration) configOf(app string) (env map[string]string, old string, err error) {
	if env, err = m.host.Store.Env(app); err != nil {
		return nil, "", err
	}
	old = m.host.Store.RootPath("ENV")
	if app != state.Global {
		old = m.host.Store.RootPath(app, "ENV")
	}
	if !exists(old) {
		old = ""
	}
	return env, old, nil
}

// moveConfig takes an old file over, as Dokku does: once. One that is there later is put aside, or removed when it says
// nothing else.
func (m *migration) moveConfig(app string) error {
	_, err := m.host.Store.DrainEnv(app)
	return err
}

// moveVariable writes the property before the variable goes.
func (m *migration) moveVariable(app string, v variable) error {
	env, err := m.host.Store.Env(app)
	if err != nil {
		return err
	}
	text, has := env[v.name(app)]
	if !has {
		return nil
	}
	prop := state.Property{Plugin: v.plugin, Name: v.property}
	set, err := m.isSet(v.plugin, v.property, app)
	if err != nil {
		return err
	}
	if lines := v.lines(text); len(lines) > 0 && !set {
		if v.list {
			err = m.host.Store.SetList(prop, app, lines)
		} else {
			err = m.host.Store.Set(prop, app, lines[0])
		}
		if err != nil {
			return err
		}
	}
	return m.host.Store.UpdateEnv(app, func(env map[string]string) error {
		delete(env, v.name(app))
		return nil
	})
}

// surveyFiles finds the files that older layouts kept in an app's folder.
func (m *migration) surveyFiles(p *plan, app string) error {
	if err := m.surveyScale(p, app); err != nil {
		return err
	}
	for _, phase := range []string{"build", "deploy", "run"} {
		if err := m.surveyOptions(p, app, phase); err != nil {
			return err
		}
	}
	created := m.host.Property("apps", "created-at")
	if _, set, err := m.host.Store.Lookup(created, app); err != nil || set {
		return err
	}
	info, err := os.Stat(m.host.Store.AppDir(app))
	if err != nil {
		return err
	}
	at := strconv.FormatInt(info.ModTime().Unix(), 10)
	p.change(app, "The time of its creation is written down, as newer Dokkus do", func(context.Context) error { return m.host.Store.Set(created, app, at) })
	return nil
}

func (m *migration) surveyScale(p *plan, app string) error {
	path := m.host.Store.RootPath(app, "DOKKU_SCALE")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := m.host.Store.List(deploy.ScaleList, app)
	if err != nil || len(known) > 0 {
		return err // Dokku has read it before
	}
	lines, err := parseScale(string(b))
	if err != nil {
		p.problem(app, "Mend the file, or remove it", fmt.Sprintf("%s cannot be read: %v.", path, err))
		return nil
	}
	p.change(app, "DOKKU_SCALE becomes its scale: "+strings.Join(lines, " "), func(context.Context) error {
		if len(lines) > 0 {
			if err := m.host.Store.SetList(deploy.ScaleList, app, lines); err != nil {
				return err
			}
		}
		return removeIfThere(path)
	})
	return nil
}

func (m *migration) surveyOptions(p *plan, app, phase string) error {
	path := m.host.Store.RootPath(app, "DOCKER_OPTIONS_"+strings.ToUpper(phase))
	marker := state.Property{Plugin: "docker-options", Name: "migrated-" + phase, Internal: true}
	if _, err := os.Stat(path + ".migrated"); err == nil {
		p.change(app, "The mark DOCKER_OPTIONS_"+strings.ToUpper(phase)+".migrated becomes a property", func(context.Context) error {
			if err := m.host.Store.Set(marker, app, "true"); err != nil {
				return err
			}
			return removeIfThere(path + ".migrated")
		})
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	options, policy := parseOptions(string(text)), ""
	if phase == "deploy" {
		options, policy = takeRestart(options)
	}
	what := fmt.Sprintf("DOCKER_OPTIONS_%s becomes %d docker options of the phase %s", strings.ToUpper(phase), len(options), phase)
	if policy != "" {
		what += ", and the restart policy " + policy
	}
	if n := mounts(options); n > 0 {
		what += fmt.Sprintf(" (%d of them mount storage)", n)
	}
	p.change(app, what, func(context.Context) error {
		list := state.Property{Plugin: "docker-options", Name: "_default_." + phase}
		have, err := m.host.Store.List(list, app)
		if err != nil {
			return err
		}
		for _, o := range options {
			if !slices.Contains(have, o) {
				have = append(have, o)
			}
		}
		if len(have) > 0 {
			if err := errors.Join(m.host.Store.SetList(list, app, have), m.host.Store.Set(marker, app, "true")); err != nil {
				return err
			}
		}
		if err := m.setRestart(app, policy); err != nil {
			return err
		}
		return removeIfThere(path)
	})
	return nil
}

// setRestart makes a restart policy that was a docker option the property that it is now.
func (m *migration) setRestart(app, policy string) error {
	prop := m.host.Property("ps", "restart-policy")
	if policy == "" || policy == prop.Default {
		return nil
	}
	if set, err := m.isSet(prop.Plugin, prop.Name, app); err != nil || set {
		return err
	}
	return m.host.Store.Set(prop, app, policy)
}

// mounts counts the options that mount something of the host.
func mounts(options []string) int {
	n := 0
	for _, o := range options {
		for _, prefix := range []string{"-v ", "-v=", "--volume", "--mount"} {
			if strings.HasPrefix(o, prefix) {
				n++
				break
			}
		}
	}
	return n
}
