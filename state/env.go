package state

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// envPath is where the variables of an app (or Global) are:
// $DOKKU_LIB_ROOT/config/APP/ENV, as Dokku 0.38 has it.
func (s *Store) envPath(app string) string { return s.LibPath("config", app, "ENV") }

// legacyEnvPath is where Dokku kept them before 0.38.
func (s *Store) legacyEnvPath(app string) string {
	if app == Global {
		return s.RootPath("ENV")
	}
	return s.RootPath(app, "ENV")
}

// EnvMigrated records that the file of before 0.38 was taken over, which is
// done once. Dokku: plugins/config/migrate.go.
var EnvMigrated = Property{Plugin: "config", Name: "env-migrated", Internal: true, Help: "true: the ENV file of before 0.38 was taken over"}

// Env reads the variables of one app, or of Global. A legacy file that was not
// taken over yet counts, and goes before the new one.
func (s *Store) Env(app string) (map[string]string, error) {
	env, err := s.readEnv(app, s.envPath(app))
	if err != nil {
		return nil, err
	}
	pending, err := s.legacyEnvPending(app)
	if err != nil || !pending {
		return env, err
	}
	legacy, err := s.readEnv(app, s.legacyEnvPath(app))
	maps.Copy(env, legacy)
	return env, err
}

// readEnv reads one file; a missing one has no variables.
func (s *Store) readEnv(app, path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the config of %s: %w", app, err)
	}
	env, err := ParseDotenv(string(b))
	if err != nil {
		return nil, fmt.Errorf("cannot read the config of %s: %s: %w", app, path, err)
	}
	return env, nil
}

// legacyEnvPending tells whether there is a legacy file that was not taken
// over yet.
func (s *Store) legacyEnvPending(app string) (bool, error) {
	if _, err := os.Stat(s.legacyEnvPath(app)); err != nil {
		return false, nil //nolint:nilerr // none that can be read
	}
	migrated, err := s.Get(EnvMigrated, app)
	return migrated != "true", err
}

// StaleEnv is a legacy file that outlived its migration and says something
// else than the config does.
type StaleEnv struct {
	File string   // where it was
	Kept string   // where it is now, for the operator to look at and to delete
	Keys []string // what it says otherwise, sorted
}

// DrainEnv takes the legacy file of the app (or Global) over, and records it.
// That is done once: a file that is there later is removed when it says what
// the config says, and else put aside and told of; nil means there was none.
func (s *Store) DrainEnv(app string) (*StaleEnv, error) {
	unlock := s.locks.acquire("env/" + app)
	defer unlock()
	pending, err := s.legacyEnvPending(app)
	if err != nil {
		return nil, err
	}
	if pending {
		env, err := s.Env(app)
		if err != nil {
			return nil, err
		}
		return nil, s.SetEnv(app, env)
	}
	file := s.legacyEnvPath(app)
	if _, err := os.Stat(file); err != nil {
		return nil, s.Set(EnvMigrated, app, "true") // there is none
	}
	stale, err := s.readEnv(app, file)
	if err != nil {
		return nil, err
	}
	env, err := s.Env(app)
	if err != nil {
		return nil, err
	}
	var differ []string
	for _, k := range slices.Sorted(maps.Keys(stale)) {
		if v, ok := env[k]; !ok || v != stale[k] {
			differ = append(differ, k)
		}
	}
	if len(differ) == 0 {
		return nil, os.Remove(file)
	}
	kept := file + ".migrated"
	if err := os.Rename(file, kept); err != nil {
		return nil, fmt.Errorf("cannot put the legacy config of %s aside: %w", app, err)
	}
	return &StaleEnv{File: file, Kept: kept, Keys: differ}, nil
}

// MergedEnv is what the app's processes get: the global variables, overridden
// by the app's own.
func (s *Store) MergedEnv(app string) (map[string]string, error) {
	env, err := s.Env(Global)
	if err != nil || app == Global {
		return env, err
	}
	own, err := s.Env(app)
	if err != nil {
		return nil, err
	}
	maps.Copy(env, own)
	return env, nil
}

// SetEnv replaces all variables of the app (or Global).
func (s *Store) SetEnv(app string, env map[string]string) error {
	if err := checkEnv(env); err != nil {
		return fmt.Errorf("cannot write the config of %s: %w", app, err)
	}
	pending, err := s.legacyEnvPending(app)
	if err != nil {
		return err
	}
	if err := s.WriteFile(s.envPath(app), []byte(FormatDotenv(env)), 0o600); err != nil || !pending {
		return err
	}
	if err := s.Set(EnvMigrated, app, "true"); err != nil {
		return err
	}
	if err := os.Remove(s.legacyEnvPath(app)); err != nil {
		return fmt.Errorf("cannot remove the legacy config of %s: %w", app, err)
	}
	return nil
}

// checkEnv makes sure that what is written can be read back: one bad name
// would lock everybody out of the whole file.
func checkEnv(env map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(env)) {
		back, err := ParseDotenv(FormatDotenv(map[string]string{key: env[key]}))
		if value, ok := back[key]; err != nil || len(back) != 1 || !ok || value != env[key] || strings.ContainsRune(key+value, 0) {
			return fmt.Errorf("no file can hold the variable %q", key)
		}
	}
	return nil
}

// ValidKey tells whether a variable of this name is taken from users.
// Dokku: plugins/config/environment.go.
func ValidKey(key string) bool { return keyRE.MatchString(key) }

var keyRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// UpdateEnv changes the variables of the app (or Global) under the config
// lock, so that two writers do not lose each other's keys. edit may change the
// map in place.
func (s *Store) UpdateEnv(app string, edit func(env map[string]string) error) error {
	unlock := s.locks.acquire("env/" + app)
	defer unlock()
	env, err := s.Env(app)
	if err != nil {
		return err
	}
	if err := edit(env); err != nil {
		return err
	}
	return s.SetEnv(app, env)
}

// DestroyEnv removes the variables of the app.
func (s *Store) DestroyEnv(app string) error {
	for _, path := range []string{s.envPath(app), s.legacyEnvPath(app), s.legacyEnvPath(app) + ".migrated"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cannot remove the config of %s: %w", app, err)
		}
	}
	_ = os.Remove(s.LibPath("config", app)) // only when it is empty: plugins may share the folder
	return nil
}
