package scripts

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// property is a program call about one property, or about all of an app's where key is "".
type property struct {
	s       scripts
	verb    string
	out     *command.Output
	words   words
	plugin  string
	app     string
	key     string
	setting state.Property
}

// verb is one of prop's. parts tells how many of plugin, app and key it needs.
type verb struct {
	parts int
	run   func(p property) error
}

var verbs = map[string]verb{
	"clone": {2, property.clone}, "del": {3, property.del}, "destroy": {2, property.destroy}, "exists": {3, property.exists},
	"get": {3, property.get}, "get-with-default": {3, property.get}, "get-all": {2, property.all}, "get-all-by-prefix": {2, property.all},
	"lindex": {3, property.index}, "lismember": {3, property.isMember}, "llen": {3, property.length}, "lrange": {3, property.list},
	"lrem": {3, property.remove}, "lrem-by-prefix": {3, property.remove}, "lset": {3, property.setAt}, "lwrite": {3, property.writeList},
	"rpush": {3, property.push}, "set": {3, property.set}, "setup": {1, property.setUp}, "setup-app": {2, property.setUp},
}

func (s scripts) prop(ctx context.Context, c *command.Call, in words) error {
	return plainly(c.Out, s.runProp(ctx, c, words{in.Words[min(1, len(in.Words)):]}, in.arg(0)))
}

func (s scripts) runProp(ctx context.Context, c *command.Call, in words, name string) error {
	if name == "migrate-config-to-property" {
		return s.migrate(ctx, c, in)
	}
	v, ok := verbs[name]
	if !ok {
		return command.BadInput("prop has no command %q", name)
	}
	for i := range v.parts {
		if _, err := ParsePart(in.arg(i)); err != nil {
			return command.BadInput("%w", err)
		}
	}
	p := property{s: s, verb: name, out: c.Out, words: in, plugin: in.arg(0), app: in.arg(1), key: in.arg(2)}
	p.setting = state.Property{Plugin: p.plugin, Name: p.key}
	return v.run(p)
}

func (p property) store() *state.Store { return p.s.host.Store }

func (p property) get() error {
	value, ok, err := p.store().Lookup(p.setting, p.app)
	if err != nil {
		return err
	}
	if !ok {
		value = p.words.arg(3)
	}
	if value != "" {
		p.out.Line("%s", value)
	}
	return nil
}

func (p property) exists() error {
	_, ok, err := p.store().Lookup(p.setting, p.app)
	if err == nil && !ok {
		return command.Exit{Code: 1}
	}
	return err
}

// all prints KEY VALUE of each, those that begin with a prefix where one is given.
func (p property) all() error {
	all, err := p.store().Properties(p.plugin, p.app)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(key, p.key) {
			p.out.Line("%s %s", key, all[key])
		}
	}
	return err
}

func (p property) set() error { return p.store().Set(p.setting, p.app, p.words.arg(3)) }
func (p property) del() error { return p.store().Unset(p.setting, p.app) }

// destroy removes all of an app, or with _all_ of the plugin.
func (p property) destroy() error {
	if p.app == "_all_" {
		return os.RemoveAll(p.store().LibPath("config", p.plugin))
	}
	return os.RemoveAll(p.store().LibPath("config", p.plugin, p.app))
}

func (p property) clone() error {
	if _, err := ParsePart(p.key); err != nil {
		return command.BadInput("%w", err)
	}
	all, err := p.store().Properties(p.plugin, p.app)
	for key, value := range all {
		err = errors.Join(err, p.store().Set(state.Property{Plugin: p.plugin, Name: key}, p.key, value))
	}
	return err
}

// setUp makes the plugin's folder, and the app's where there is one.
func (p property) setUp() error {
	return p.store().MkdirAll(p.store().LibPath("config", p.plugin, p.app), 0o755)
}

func (p property) list() error {
	list, err := p.store().List(p.setting, p.app)
	for _, item := range list {
		p.out.Line("%s", item)
	}
	return err
}

func (p property) length() error {
	list, err := p.store().List(p.setting, p.app)
	if err == nil {
		p.out.Line("%d", len(list))
	}
	return err
}

// number is a word that is one; without one, otherwise. Dokku's program ends silently where it is none.
func (p property) number(word, otherwise string) (int, error) {
	if word == "" {
		word = otherwise
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		return 0, command.Exit{Code: 1}
	}
	return n, nil
}

func (p property) index() error {
	at, err := p.number(p.words.arg(3), "")
	if err != nil {
		return err
	}
	list, err := p.store().List(p.setting, p.app)
	switch {
	case err != nil:
		return err
	case at < 0 || at >= len(list):
		return command.BadInput("Index not found")
	}
	p.out.Line("%s", list[at])
	return nil
}

func (p property) isMember() error {
	list, err := p.store().List(p.setting, p.app)
	if err == nil && !slices.Contains(list, p.words.arg(3)) {
		return command.BadInput("Value not found")
	}
	return err
}

// push adds a value at the end, or at an index that counts from 1.
func (p property) push() error {
	at, err := p.number(p.words.arg(4), "0")
	if err != nil {
		return err
	}
	return p.store().UpdateList(p.setting, p.app, func(list []string) ([]string, error) {
		if at < 1 || at > len(list) {
			at = len(list) + 1
		}
		return slices.Insert(list, at-1, strings.TrimSpace(p.words.arg(3))), nil
	})
}

// setAt replaces the value at an index that counts from 0; one behind the end adds it.
func (p property) setAt() error {
	at, err := p.number(p.words.arg(4), "")
	if err != nil {
		return err
	}
	value := strings.TrimSpace(p.words.arg(3))
	return p.store().UpdateList(p.setting, p.app, func(list []string) ([]string, error) {
		switch {
		case at >= len(list):
			list = append(list, value)
		case at >= 0:
			list[at] = value
		}
		return list, nil
	})
}

func (p property) writeList() error {
	return p.store().SetList(p.setting, p.app, p.words.Words[3:])
}

// remove takes a value out, or those that begin with it.
func (p property) remove() error {
	value := p.words.arg(3)
	return p.store().UpdateList(p.setting, p.app, func(list []string) ([]string, error) {
		left := slices.DeleteFunc(slices.Clone(list), func(item string) bool {
			return item == value || p.verb == "lrem-by-prefix" && strings.HasPrefix(item, value)
		})
		if len(left) == len(list) {
			return nil, command.BadInput("Property not found, nothing was removed")
		}
		return left, nil
	})
}
