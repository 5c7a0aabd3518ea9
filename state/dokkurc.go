package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/slipwayhq/slipway/internal/words"
)

// dokkurcName are the variables that count of those in dokkurc files. Others
// could make root's own programs do something else, and the files are not
// root's.
var dokkurcName = regexp.MustCompile(`^DOKKU_[A-Z0-9_]+$`)

// Dokkurc are the variables ("NAME=VALUE") that $DOKKU_ROOT/dokkurc and
// $DOKKU_ROOT/.dokkurc/* export, the last of a name last. Dokku runs these files
// as shell scripts; here they are lines `export NAME=VALUE`, of which those with
// names that begin with DOKKU_ count, and nothing in them is run or expanded.
func (s *Store) Dokkurc() []string {
	files := []string{s.RootPath("dokkurc")}
	entries, err := os.ReadDir(s.RootPath(".dokkurc"))
	if err == nil {
		for _, e := range entries {
			files = append(files, s.RootPath(".dokkurc", e.Name()))
		}
	}
	sort.Strings(files[1:])
	var all []string
	for _, path := range files {
		if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
			continue
		}
		text, err := s.ReadFile(path)
		if err != nil {
			continue // as one that is not there: nothing depends on it
		}
		all = append(all, parseDokkurc(text)...)
	}
	return all
}

func parseDokkurc(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		split, err := words.Split(strings.TrimSpace(line))
		if err != nil {
			continue
		}
		if len(split) > 0 && split[0] == "export" {
			split = split[1:]
		}
		for _, assignment := range split {
			if strings.HasPrefix(assignment, "#") {
				break
			}
			name, value, ok := strings.Cut(assignment, "=")
			if ok && dokkurcName.MatchString(name) && !strings.Contains(value, "\x00") {
				all = append(all, name+"="+value)
			}
		}
	}
	return all
}

// Switched tells whether the switch NAME in $DOKKU_ROOT/.dokkurc is on: one call
// to the system, so that it can be asked often.
func (s *Store) Switched(name string) bool {
	_, err := os.Stat(filepath.Join(s.cfg.Root, ".dokkurc", name))
	return err == nil
}

// Switch turns the switch NAME on or off, as Dokku's events:on and trace:on do.
func (s *Store) Switch(name string, on bool) error {
	path := s.RootPath(".dokkurc", name)
	if on {
		return s.WriteFile(path, []byte("export "+name+"=1\n"), 0o644)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot switch off %s: %w", name, err)
	}
	return nil
}
