package server

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/state"
)

// oldState is a state of version 1 with a bit of everything.
func oldState(t *testing.T) *state.Store {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "home"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		t.Fatal(err)
	}
	for path, perm := range map[string]os.FileMode{
		store.LibPath("config", "ps", "blog", "restart-policy"):    0o644,
		store.LibPath("config", "config", "blog", "ENV"):           0o600,
		store.LibPath("data", "proxy", "routes", "blog.json"):      0o600,
		store.LibPath("data", "storage", "blog", "upload"):         0o644,
		store.RootPath("blog", "VHOST"):                            0o644,
		store.RootPath("blog", "objects", "pack", "a.pack"):        0o444,
		store.RootPath(".ssh", "authorized_keys"):                  0o600,
		store.LibPath("data", "slipway", "state-version"):          0o644,
		store.LibPath("data", "builds", "blog", "1", "output.log"): 0o644,
	} {
		if err := store.WriteFile(path, []byte("1\n"), perm); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func version(t *testing.T, store *state.Store) string {
	t.Helper()
	text, err := store.ReadFile(store.LibPath("data", "slipway", "state-version"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text)
}

func TestOlderStateIsUpgradedOnceWithABackup(t *testing.T) {
	store := oldState(t)
	env := store.LibPath("config", "config", "blog", "ENV")
	ran := 0
	m := upgrader{to: 3, program: "test", steps: map[int]func(*state.Store) error{
		1: func(s *state.Store) error { ran++; return s.WriteFile(env, []byte("2\n"), 0o600) },
		2: func(s *state.Store) error { ran++; return s.WriteFile(env, []byte("3\n"), 0o600) },
	}}
	for range 2 {
		if err := m.run(store); err != nil {
			t.Fatal(err)
		}
	}
	if got := version(t, store); got != "3" || ran != 2 {
		t.Errorf("version %s after %d steps, want 3 after 2", got, ran)
	}
	for version, want := range map[int]string{1: "1\n", 2: "2\n"} {
		to := restored(t, backupPath(store, version))
		if got, err := os.ReadFile(filepath.Join(to, env)); err != nil || string(got) != want {
			t.Errorf("ENV in the backup of version %d: %q %v, want %q", version, got, err, want)
		}
	}
}

// restored unpacks a backup with tar, as the documentation says, into a folder.
func restored(t *testing.T, backup string) string {
	t.Helper()
	to := t.TempDir()
	if out, err := exec.Command("tar", "-xzf", backup, "-C", to).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	return to
}

func TestBackupHasModesAndNoLargeData(t *testing.T) {
	store := oldState(t)
	backup := backupPath(store, 1)
	if err := backUp(store, backup); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(backup); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the backup, which has secrets in it: %v %v", st.Mode(), err)
	}
	to := restored(t, backup)
	for path, mode := range map[string]os.FileMode{
		store.LibPath("config", "config", "blog", "ENV"):      0o600,
		store.LibPath("data", "proxy", "routes", "blog.json"): 0o600,
		store.RootPath("blog", "VHOST"):                       0o644,
		store.RootPath(".ssh", "authorized_keys"):             0o600,
	} {
		if st, err := os.Stat(filepath.Join(to, path)); err != nil || st.Mode().Perm() != mode {
			t.Errorf("%s in the backup: %v, %v", path, st, err)
		}
	}
	for _, path := range []string{store.LibPath("data", "storage"), store.LibPath("data", "builds"), store.RootPath("blog", "objects")} {
		if _, err := os.Stat(filepath.Join(to, path)); err == nil {
			t.Errorf("%s is in the backup", path)
		}
	}
}

func TestUpgradeThatFailsIsBegunAgain(t *testing.T) {
	store := oldState(t)
	env := store.LibPath("config", "config", "blog", "ENV")
	fail := errors.New("disk full")
	m := upgrader{to: 2, program: "test", steps: map[int]func(*state.Store) error{1: func(s *state.Store) error {
		return errors.Join(s.WriteFile(env, []byte("half\n"), 0o600), fail)
	}}}
	if err := m.run(store); !errors.Is(err, fail) || version(t, store) != "1" {
		t.Fatalf("%v, version %s", err, version(t, store))
	}
	fail = nil
	if err := m.run(store); err != nil || version(t, store) != "2" {
		t.Fatalf("%v, version %s", err, version(t, store))
	}
	if got, err := os.ReadFile(filepath.Join(restored(t, backupPath(store, 1)), env)); err != nil || string(got) != "1\n" {
		t.Errorf("the backup has %q %v, want what was there before the first attempt", got, err)
	}
}

func TestStateThatCannotBeUpgradedIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"3":   "was written by a newer Slipway (state version 3, this is 1.2.3 with version 2); start that version again, or restore the backup that it made",
		"0":   "cannot bring to version 2; start an older one first",
		"two": "it should be a number",
	} {
		store := oldState(t)
		path := store.LibPath("data", "slipway", "state-version")
		if err := store.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		err := upgrader{to: 2, program: "1.2.3"}.run(store)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("version %q: %v, want %q", text, err, want)
		}
		if got := version(t, store); got != text {
			t.Errorf("version %q became %q", text, got)
		}
	}
}

func TestNewStateHasTheVersionOfTheProgram(t *testing.T) {
	store := oldState(t)
	if err := os.Remove(store.LibPath("data", "slipway", "state-version")); err != nil {
		t.Fatal(err)
	}
	if err := (upgrader{to: 7}).run(store); err != nil || version(t, store) != "7" {
		t.Errorf("%v, version %s", err, version(t, store))
	}
	if err := upgrade(store, "test"); err == nil {
		t.Error("a state of version 7 is taken for ours")
	}
}
