package git

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/slipwayhq/slipway/internal/atomicfile"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// nobody is a user without rights; Debian has it.
const nobody = 65534

// TestSystemUserOwnsWhatGitWrites runs as root with git as somebody else, as an
// installed Slipway does.
func TestSystemUserOwnsWhatGitWrites(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can start processes as another user")
	}
	h := newHarness(t)
	for dir := h.dir; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) { // t.TempDir() is ours alone
		must(t, os.Chmod(dir, 0o755))
	}
	// go test's own folders are ours alone too.
	self, err := os.Executable()
	must(t, err)
	program, err := os.ReadFile(self)
	must(t, err)
	for _, name := range []string{"ssh", "dokku"} {
		path := filepath.Join(h.dir, "bin", name)
		must(t, os.Remove(path))
		must(t, os.WriteFile(path, program, 0o755))
	}
	root := h.host.Store.Root()
	store, err := state.Open(state.Config{Root: root, Lib: h.host.Store.Lib(), Owner: &atomicfile.Owner{UID: nobody, GID: nobody}})
	must(t, err)
	must(t, os.Chown(root, nobody, nobody))
	must(t, os.Chmod(filepath.Join(h.dir, "socket"), 0o777))
	h.host.Store, h.deployer.store = store, store
	h.host.Exec.User = &plugin.Credential{UID: nobody, GID: nobody}

	c := h.newClone(map[string]string{"a": "1", "sub/b": "2"})
	if r := c.push("blog", "master"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	r := h.feed(archiveOf(t, "zip", map[string]string{"c": "3"}), "git:from-archive", "--archive-type", "zip", "blog", "--")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	must(t, filepath.WalkDir(filepath.Join(root, "blog"), func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := e.Info()
		if err == nil && st.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Errorf("%s belongs to %d", path, st.Sys().(*syscall.Stat_t).Uid)
		}
		return err
	}))

	// Files are read with that user's rights.
	secret := filepath.Join(h.dir, "secret.tar")
	must(t, os.WriteFile(secret, archiveOf(t, "tar", map[string]string{"s": "s"}), 0o600))
	r = h.dokku("git:from-archive", "blog", "file://"+secret)
	if r.code == 0 {
		t.Error("security: a file of root was read")
	}
	contains(t, r.stdout, "Permission denied")
	must(t, os.Chown(secret, nobody, nobody))
	if r = h.dokku("git:from-archive", "blog", "file://"+secret); r.code != 0 {
		t.Error(r.stderr)
	}
}
