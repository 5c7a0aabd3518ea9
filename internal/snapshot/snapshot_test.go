package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/internal/snapshot"
)

// grow makes a folder with a bit of everything.
func grow(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"a/ENV": 0o600, "a/hooks/run": 0o755, "b/.hidden": 0o444, "b/set": 0o4711, "empty": 0o644} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, []byte(strings.Repeat(name, 100)), 0o600))
		must(t, os.Chmod(path, mode|mode&0o4000<<20))
		if mode&0o4000 != 0 {
			must(t, os.Chmod(path, mode.Perm()|os.ModeSetuid))
		}
	}
	must(t, os.MkdirAll(filepath.Join(dir, "nothing"), 0o711))
	must(t, os.Symlink("../b/set", filepath.Join(dir, "a", "link")))
	must(t, os.Symlink("/nowhere", filepath.Join(dir, "dangling")))
	old := time.Unix(1_600_000_000, 123)
	must(t, os.Chtimes(filepath.Join(dir, "a", "ENV"), old, old))
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, tree snapshot.Tree) snapshot.Manifest {
	t.Helper()
	m, err := snapshot.Scan(context.Background(), tree)
	must(t, err)
	return m
}

func TestWhatWasChangedComesBack(t *testing.T) {
	dir := grow(t)
	tree := snapshot.Tree{Roots: []string{dir}}
	var archive bytes.Buffer
	before, err := snapshot.Pack(context.Background(), tree, &archive)
	must(t, err)
	if diff := snapshot.Compare(before, scan(t, tree)); len(diff) > 0 {
		t.Fatalf("packing changed %v", diff)
	}
	opened := 0
	open := func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}
	must(t, snapshot.Restore(context.Background(), tree, before, open))
	if opened > 0 {
		t.Error("the archive was read although nothing had changed")
	}
	for name, change := range map[string]func() error{
		"content":        func() error { return os.WriteFile(filepath.Join(dir, "a", "ENV"), []byte("new"), 0o600) },
		"mode":           func() error { return os.Chmod(filepath.Join(dir, "b", ".hidden"), 0o777) },
		"removed file":   func() error { return os.Remove(filepath.Join(dir, "a", "hooks", "run")) },
		"removed folder": func() error { return os.RemoveAll(filepath.Join(dir, "a")) },
		"emptied":        func() error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)) },
		"new file":       func() error { return os.WriteFile(filepath.Join(dir, "nothing", "x"), nil, 0o600) },
		"new folder":     func() error { return os.MkdirAll(filepath.Join(dir, "c", "d", "e"), 0o700) },
		"other target":   func() error { return relink(filepath.Join(dir, "dangling"), "elsewhere") },
		"file for folder": func() error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "b")), os.WriteFile(filepath.Join(dir, "b"), nil, 0o600))
		},
		"folder for file": func() error {
			return errors.Join(os.Remove(filepath.Join(dir, "empty")), os.MkdirAll(filepath.Join(dir, "empty", "x"), 0o700))
		},
		"link for folder": func() error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "a")), os.Symlink("/tmp", filepath.Join(dir, "a")))
		},
		"owner and set-id": func() error { return os.Chmod(filepath.Join(dir, "b", "set"), 0o711) },
	} {
		must(t, change())
		if len(snapshot.Compare(before, scan(t, tree))) == 0 {
			t.Errorf("%s: no difference is seen", name)
		}
		must(t, snapshot.Restore(context.Background(), tree, before, open))
		after := scan(t, tree)
		if diff := snapshot.Compare(before, after); len(diff) > 0 {
			t.Errorf("%s: %+v", name, diff)
		}
		for path, entry := range before {
			if entry.Kind != snapshot.Link && after[path].Time != entry.Time {
				t.Errorf("%s: the time of %s is another", name, path)
			}
		}
	}
}

func relink(path, target string) error { return errors.Join(os.Remove(path), os.Symlink(target, path)) }

// A restore that was cut off is begun again, and ends as one that was not.
// Only what had changed got its time back: a file that was written with the same content kept the new one.
func TestTimesComeBackWithoutAChange(t *testing.T) {
	dir := grow(t)
	tree := snapshot.Tree{Roots: []string{dir}}
	before := scan(t, tree)
	must(t, os.WriteFile(filepath.Join(dir, "empty"), []byte(strings.Repeat("empty", 100)), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "nothing", "x"), nil, 0o600))
	must(t, snapshot.Restore(context.Background(), tree, before, nil))
	for path, entry := range scan(t, tree) {
		if entry != before[path] {
			t.Errorf("%s: %+v, was %+v", path, entry, before[path])
		}
	}
}

func TestRestoreThatIsCutOffIsBegunAgain(t *testing.T) {
	dir := t.TempDir()
	for i := range 40 {
		path := filepath.Join(dir, fmt.Sprint(i%7), fmt.Sprint(i))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, bytes.Repeat([]byte{byte(i)}, 1000), 0o644))
	}
	tree := snapshot.Tree{Roots: []string{dir}}
	var archive bytes.Buffer
	before, err := snapshot.Pack(context.Background(), tree, &archive)
	must(t, err)
	for i := range 40 {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i%7), fmt.Sprint(i)), []byte("changed"), 0o600))
	}
	for range 30 {
		// The archive breaks off somewhere: what came before it is restored.
		cut := rand.IntN(archive.Len())
		err := snapshot.Restore(context.Background(), tree, before, func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(archive.Bytes()[:cut])), nil
		})
		if err == nil && len(snapshot.Compare(before, scan(t, tree))) > 0 {
			t.Fatal("a restore from half an archive succeeds")
		}
	}
	must(t, snapshot.Restore(context.Background(), tree, before, func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}))
	if diff := snapshot.Compare(before, scan(t, tree)); len(diff) > 0 {
		t.Error(diff)
	}
}

func TestSkippedIsNeitherKeptNorRemoved(t *testing.T) {
	dir := grow(t)
	tree := snapshot.Tree{Roots: []string{dir}, Skip: func(path string) bool { return path == filepath.Join(dir, "b") }}
	var archive bytes.Buffer
	before, err := snapshot.Pack(context.Background(), tree, &archive)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "b", "new"), nil, 0o600))
	must(t, snapshot.Restore(context.Background(), tree, before, nil))
	if _, err := os.Stat(filepath.Join(dir, "b", "new")); err != nil {
		t.Error(err)
	}
}

func TestRootThatIsALinkStandsForItsTarget(t *testing.T) {
	dir := grow(t)
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(dir, link))
	m := scan(t, snapshot.Tree{Roots: []string{link, filepath.Join(dir, "a"), "/does/not/exist"}})
	if _, ok := m[filepath.Join(dir, "a", "ENV")]; !ok || len(m) != len(scan(t, snapshot.Tree{Roots: []string{dir}})) {
		t.Errorf("got %v", m)
	}
}

func TestTarUnpacksIt(t *testing.T) {
	dir := grow(t)
	tree := snapshot.Tree{Roots: []string{dir}}
	path := filepath.Join(t.TempDir(), "a.tar.gz")
	file, err := os.Create(path)
	must(t, err)
	before, err := snapshot.Pack(context.Background(), tree, file)
	must(t, errors.Join(err, file.Close()))
	to := t.TempDir()
	untar(t, path, to)
	after := scan(t, snapshot.Tree{Roots: []string{filepath.Join(to, dir)}})
	if len(after) != len(before) {
		t.Errorf("%d of %d entries", len(after), len(before))
	}
	for p, e := range before {
		got := after[filepath.Join(to, p)]
		if got.Mode != e.Mode || got.SHA256 != e.SHA256 || got.Target != e.Target || got.UID != e.UID {
			t.Errorf("%s: %+v, want %+v", p, got, e)
		}
	}
}

func untar(t *testing.T, archive, to string) {
	t.Helper()
	if out, err := exec.Command("tar", "-xpzf", archive, "-C", to).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
}
