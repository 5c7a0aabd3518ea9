package state

import (
	"maps"
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
