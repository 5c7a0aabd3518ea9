package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/state"
)

// home is where the folders of entries are.
func (s storage) home() string { return s.h.Store.LibPath("data", "storage") }

func (s storage) entriesDir() string { return s.h.Store.LibPath("data", "storage-registry", "entries") }

func (s storage) entryPath(name string) string {
	return s.h.Store.LibPath("data", "storage-registry", "entries", name+".json")
}

// load reads an entry. A name that no entry can have is one that does not
// exist.
func (s storage) load(name string) (entry, error) {
	var e entry
	if name == "" {
		return e, errNoName
	}
	if checkName(name) != nil {
		return e, noSuchEntry(name)
	}
	data, err := os.ReadFile(s.entryPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return e, noSuchEntry(name)
	}
	if err != nil {
		return e, fmt.Errorf("unable to read storage entry %q: %w", name, err)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("unable to parse storage entry %q: %w", name, err)
	}
	e.Name = name
	return e, nil
}

func (s storage) save(e entry) error {
	if e.SchemaVersion == 0 {
		e.SchemaVersion = schemaVersion
	}
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("unable to encode storage entry %q: %w", e.Name, err)
	}
	return s.h.Store.WriteFile(s.entryPath(e.Name), data, 0o600)
}

func (s storage) remove(name string) error {
	if err := os.Remove(s.entryPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("unable to remove storage entry %q: %w", name, err)
	}
	return nil
}

// entries are all of them by name, never nil.
func (s storage) entries() ([]entry, error) {
	files, err := os.ReadDir(s.entriesDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("unable to list storage entries: %w", err)
	}
	all := []entry{}
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".json")
		if !ok || f.IsDir() || checkName(name) != nil {
			continue
		}
		e, err := s.load(name)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// mountsProperty is the list of an app's mounts.
var mountsProperty = state.Property{Plugin: "storage", Name: "mounts", Scope: state.AppOnly, Internal: true}

// mounts reads those of an app in the order in which they were made.
func (s storage) mounts(app string) ([]mount, error) {
	lines, err := s.h.Store.List(mountsProperty, app)
	if err != nil {
		return nil, err
	}
	var all []mount
	for _, line := range lines {
		var m mount
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return nil, fmt.Errorf("unable to parse storage attachment for %q: %w", app, err)
		}
		all = append(all, m)
	}
	return all, nil
}

func (s storage) saveMounts(app string, all []mount) error {
	var lines []string
	for _, m := range all {
		line, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("unable to encode storage attachment for %q: %w", app, err)
		}
		lines = append(lines, string(line))
	}
	return s.h.Store.SetList(mountsProperty, app, lines)
}

// users are the apps that mount an entry.
func (s storage) users(name string) ([]string, error) {
	apps, err := s.h.Store.Apps()
	if err != nil {
		return nil, err
	}
	var users []string
	for _, app := range apps {
		all, err := s.mounts(app)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(m mount) bool { return m.Entry == name }) {
			users = append(users, app)
		}
	}
	return users, nil
}
