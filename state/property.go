package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Scope says for what a property can be set.
type Scope int

// The three scopes, written (ag), (a) and (g) in Dokku's documentation map.
const (
	AppAndGlobal Scope = iota
	AppOnly
	GlobalOnly
)

// Property is one declared setting of a plugin. Validation of `:set`, the
// raw, global and computed rows of `:report`, its JSON and the reference
// documentation all derive from this value.
type Property struct {
	Plugin   string // whose it is: the folder below $DOKKU_LIB_ROOT/config
	Name     string // such as "restart-policy"
	Scope    Scope
	Default  string             // what Computed gives when nothing is set
	Help     string             // one line, for the reference
	Validate func(string) error // nil: every value is good; the error is shown as it is
	Internal bool               // kept by Slipway itself, not settable by users
}

func (s *Store) propertyPath(plugin, app, name string) string {
	return s.LibPath("config", plugin, app, name)
}

// Get is the raw value set for the app (or Global), "" when there is none.
func (s *Store) Get(p Property, app string) (string, error) {
	v, _, err := s.Lookup(p, app)
	return v, err
}

// Lookup is Get that also tells whether the property is set at all.
func (s *Store) Lookup(p Property, app string) (string, bool, error) {
	b, err := os.ReadFile(s.propertyPath(p.Plugin, app, p.Name))
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot read the property %s of %s: %w", p.Name, app, err)
	}
	return strings.TrimRight(string(b), "\n"), true, nil
}

// Computed is the value in force: the app's, else the global one, else the
// default.
func (s *Store) Computed(p Property, app string) (string, error) {
	scopes := []string{app, Global}
	switch {
	case p.Scope == GlobalOnly || app == Global:
		scopes = []string{Global}
	case p.Scope == AppOnly:
		scopes = []string{app}
	}
	for _, scope := range scopes {
		v, err := s.Get(p, scope)
		if err != nil || v != "" {
			return v, err
		}
	}
	return p.Default, nil
}

// Set writes the property for the app (or Global).
func (s *Store) Set(p Property, app, value string) error {
	return s.WriteFile(s.propertyPath(p.Plugin, app, p.Name), []byte(value), 0o600)
}

// Unset removes the property; removing a missing one is no error.
func (s *Store) Unset(p Property, app string) error {
	err := os.Remove(s.propertyPath(p.Plugin, app, p.Name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot unset the property %s of %s: %w", p.Name, app, err)
	}
	return nil
}

// List reads a list property: one element per line, blank lines left out.
func (s *Store) List(p Property, app string) ([]string, error) {
	return s.ReadLines(s.propertyPath(p.Plugin, app, p.Name))
}

// SetList writes a list property, one element per line.
func (s *Store) SetList(p Property, app string, values []string) error {
	return s.WriteLines(s.propertyPath(p.Plugin, app, p.Name), values, 0o600)
}

// UpdateList changes a list property under a lock, so that two writers do not lose each other's elements. edit may change the
// list in place; its error leaves the property as it is.
func (s *Store) UpdateList(p Property, app string, edit func(list []string) ([]string, error)) error {
	unlock := s.locks.acquire("list/" + p.Plugin + "/" + app + "/" + p.Name)
	defer unlock()
	list, err := s.List(p, app)
	if err != nil {
		return err
	}
	if list, err = edit(list); err != nil {
		return err
	}
	return s.SetList(p, app, list)
}

// Properties reads all properties of a plugin that are set for the app, by
// name.
func (s *Store) Properties(plugin, app string) (map[string]string, error) {
	dir := s.LibPath("config", plugin, app)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot list the properties of %s for %s: %w", plugin, app, err)
	}
	all := make(map[string]string, len(entries))
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		v, err := s.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all[e.Name()] = strings.TrimRight(v, "\n")
	}
	return all, nil
}

// CopyProperties copies all properties of every plugin from one app to
// another, as a clone or a rename needs it.
func (s *Store) CopyProperties(from, to string) error {
	return s.eachPropertyDir(func(plugin string) error {
		props, err := os.ReadDir(s.LibPath("config", plugin, from))
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			return err
		}
		for _, p := range props {
			if p.IsDir() {
				continue
			}
			b, err := os.ReadFile(s.propertyPath(plugin, from, p.Name()))
			if err != nil {
				return err
			}
			if err := s.WriteFile(s.propertyPath(plugin, to, p.Name()), b, 0o600); err != nil {
				return err
			}
		}
		return nil
	})
}

// DestroyProperties removes all properties that any plugin keeps of the app.
func (s *Store) DestroyProperties(app string) error {
	return s.eachPropertyDir(func(plugin string) error {
		return os.RemoveAll(s.LibPath("config", plugin, app))
	})
}

func (s *Store) eachPropertyDir(f func(plugin string) error) error {
	entries, err := os.ReadDir(s.LibPath("config"))
	if err != nil {
		return fmt.Errorf("cannot list the properties: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	for _, n := range names {
		if err := f(n); err != nil {
			return fmt.Errorf("cannot change the properties of %s: %w", n, err)
		}
	}
	return nil
}
