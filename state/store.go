// Package state is the only code that knows where Slipway's files are. Plain
// files in Dokku's own layout are the truth: bash plugins read and write the
// same ones, so nothing is cached here that could go stale.
//
//	store, err := state.Open(state.Config{Root: "/home/dokku", Lib: "/var/lib/dokku"})
//	policy := state.Property{Plugin: "ps", Name: "restart-policy", Default: "on-failure:10"}
//	value, err := store.Computed(policy, "blog")
//
// Every write is atomic (temporary file, fsync, rename, fsync of the folder).
// Apps are named by validated strings; see app.Name.
//
// Layout: Dokku docs/ and plugins/common/properties.go, plugins/config/.
package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/slipwayhq/slipway/internal/atomicfile"
)

// Global stands for "all apps" where an app's name is expected.
const Global = "--global"

// Config says where the two state folders are and who owns what is in them.
type Config struct {
	Root  string            // DOKKU_ROOT, one folder per app: its bare git repository and runtime files
	Lib   string            // DOKKU_LIB_ROOT: properties, env, data, plugins
	Owner *atomicfile.Owner // nil: whoever runs the process
}

// Store reads and writes the two state folders. It is safe for concurrent use.
type Store struct {
	cfg   Config
	locks lockTable
}

// Open returns the Store of the two folders, which are made when they are
// missing. Both paths become absolute.
func Open(cfg Config) (*Store, error) {
	for _, p := range []*string{&cfg.Root, &cfg.Lib} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return nil, fmt.Errorf("cannot resolve the state folder %s: %w", *p, err)
		}
		*p = abs
	}
	s := &Store{cfg: cfg}
	for _, dir := range []string{cfg.Root, cfg.Lib, s.LibPath("config"), s.LibPath("data"), s.LibPath("run")} {
		if err := s.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Root is the absolute path of DOKKU_ROOT.
func (s *Store) Root() string { return s.cfg.Root }

// Lib is the absolute path of DOKKU_LIB_ROOT.
func (s *Store) Lib() string { return s.cfg.Lib }

// Owner is who files belong to, nil for whoever runs the process.
func (s *Store) Owner() *atomicfile.Owner { return s.cfg.Owner }

// RootPath joins DOKKU_ROOT and elem.
func (s *Store) RootPath(elem ...string) string {
	return filepath.Join(append([]string{s.cfg.Root}, elem...)...)
}

// LibPath joins DOKKU_LIB_ROOT and elem.
func (s *Store) LibPath(elem ...string) string {
	return filepath.Join(append([]string{s.cfg.Lib}, elem...)...)
}

// AppDir is the app's folder below DOKKU_ROOT, which is also its bare git
// repository.
func (s *Store) AppDir(app string) string { return s.RootPath(app) }

// DataDir is the folder of a feature's larger data for one app:
// $DOKKU_LIB_ROOT/data/FEATURE/APP.
func (s *Store) DataDir(feature, app string) string { return s.LibPath("data", feature, app) }

// MkdirAll makes dir and its parents, owned by the store's owner.
func (s *Store) MkdirAll(dir string, perm os.FileMode) error {
	if st, err := os.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := s.MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, perm); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("cannot make the folder %s: %w", dir, err)
	}
	if s.cfg.Owner != nil {
		if err := os.Chown(dir, s.cfg.Owner.UID, s.cfg.Owner.GID); err != nil {
			return fmt.Errorf("cannot hand over the folder %s: %w", dir, err)
		}
	}
	return nil
}

// WriteFile replaces a file atomically, making its folder when it is missing.
func (s *Store) WriteFile(path string, data []byte, perm os.FileMode) error {
	if err := s.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteAs(path, data, perm, s.cfg.Owner)
}

// UpdateFile replaces a file by what edit makes of its text, "" for a missing one. No other UpdateFile of the file comes in
// between.
func (s *Store) UpdateFile(path string, perm os.FileMode, edit func(text string) (string, error)) error {
	defer s.locks.acquire("file:" + path)()
	text, err := s.ReadFile(path)
	if err != nil {
		return err
	}
	if text, err = edit(text); err != nil {
		return err
	}
	return s.WriteFile(path, []byte(text), perm)
}

// ReadFile reads a file; a missing one is empty and no error.
func (s *Store) ReadFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("cannot read %s: %w", path, err)
	}
	return string(b), nil
}

// ReadLines reads a file as lines without their ends; blank lines are left
// out, and a missing file has none.
func (s *Store) ReadLines(path string) ([]string, error) {
	text, err := s.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// WriteLines replaces a file by lines, one per line with a final newline.
func (s *Store) WriteLines(path string, lines []string, perm os.FileMode) error {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return s.WriteFile(path, []byte(b.String()), perm)
}

// Apps lists the names of all apps in lexical order. An app is a folder below
// DOKKU_ROOT whose name does not begin with a dot.
func (s *Store) Apps() ([]string, error) {
	entries, err := os.ReadDir(s.cfg.Root)
	if err != nil {
		return nil, fmt.Errorf("cannot list the apps: %w", err)
	}
	var names []string
	for _, e := range entries {
		// AppExists follows links: Dokku allows an app's folder to be one.
		if (e.IsDir() || e.Type()&os.ModeSymlink != 0) && s.AppExists(e.Name()) {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names, nil
}

// AppExists tells whether the app has a folder.
func (s *Store) AppExists(app string) bool {
	if app == "" || strings.HasPrefix(app, ".") || strings.ContainsAny(app, "/\x00") {
		return false
	}
	st, err := os.Stat(s.AppDir(app))
	return err == nil && st.IsDir()
}
