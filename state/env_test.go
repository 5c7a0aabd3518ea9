package state

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"testing"
)

// Security: one bad name (git:set rev-env-var, env of app.json) made the config
// of an app unreadable for every command, config:unset included.
func TestConfigThatCannotBeReadBackIsNotWritten(t *testing.T) {
	s, err := Open(Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]string{"GOOD": "1", "by.hand-1": "x y\n\"'\\$"}
	if err := s.SetEnv("blog", before); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"A B": "x", "A\nINJECTED=1 B": "x", "": "x", "A=B": "x", "#A": "x", `A"`: "x", " A": "x", "export A": "x", "A\x00": "x", "NUL": "a\x00b",
	} {
		err := s.UpdateEnv("blog", func(env map[string]string) error {
			env[key] = value
			return nil
		})
		if err == nil {
			t.Errorf("%q=%q was written", key, value)
		}
		if after, err := s.Env("blog"); err != nil || !maps.Equal(after, before) {
			t.Fatalf("after %q: %v, %v", key, after, err)
		}
	}
}

// A file of before 0.38 is taken over once; one that is there later is never
// read. Dokku: plugins/config/migrate.go.
func TestLegacyConfigIsTakenOverOnce(t *testing.T) {
	s, err := Open(Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range []string{"blog", Global} {
		legacy := s.legacyEnvPath(app)
		write := func(text string) {
			t.Helper()
			if err := s.WriteFile(legacy, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(want map[string]string) {
			t.Helper()
			if got, err := s.Env(app); err != nil || !maps.Equal(got, want) {
				t.Errorf("%s has %v, %v; want %v", app, got, err, want)
			}
		}
		if err := s.SetEnv(app, map[string]string{"A": "new", "B": "1"}); err != nil {
			t.Fatal(err)
		}
		write("export A=old\n")
		expect(map[string]string{"A": "old", "B": "1"}) // before anybody took it over
		if stale, err := s.DrainEnv(app); stale != nil || err != nil {
			t.Fatal(stale, err)
		}
		expect(map[string]string{"A": "old", "B": "1"})
		if _, err := os.Stat(legacy); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the file is still there")
		}

		write("A=old\n")
		if stale, err := s.DrainEnv(app); stale != nil || err != nil {
			t.Error(stale, err)
		}
		if _, err := os.Stat(legacy); !errors.Is(err, fs.ErrNotExist) {
			t.Error("a file that says nothing new is still there")
		}

		write("A=stale\nGONE=1\nB=1\n")
		expect(map[string]string{"A": "old", "B": "1"})
		if err := s.SetEnv(app, map[string]string{"A": "set", "B": "1"}); err != nil {
			t.Fatal(err)
		}
		stale, err := s.DrainEnv(app)
		if err != nil || stale == nil || !slices.Equal(stale.Keys, []string{"A", "GONE"}) || stale.Kept != legacy+".migrated" {
			t.Errorf("got %+v, %v", stale, err)
		}
		expect(map[string]string{"A": "set", "B": "1"})
		if b, err := os.ReadFile(legacy + ".migrated"); err != nil || string(b) != "A=stale\nGONE=1\nB=1\n" {
			t.Errorf("put aside: %q, %v", b, err)
		}
	}
}
