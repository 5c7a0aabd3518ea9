package repo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storytest"
)

func TestStories(t *testing.T) { storytest.Run(t) }

// Bash plugins read refs/heads/BRANCH as a file.
func TestGcKeepsBranchesAsFiles(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
	w.Host.Exec.Env = append(os.Environ(), "HOME="+t.TempDir())
	dir := w.Host.Store.AppDir(storytest.App)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"--git-dir=" + dir, "-c", "user.name=a", "-c", "user.email=a@b.c"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	git("init", "-q", "--bare", "--initial-branch=master")
	git("fast-import", "--quiet") // nothing on stdin
	tree := exec.Command("git", "--git-dir="+dir, "mktree")
	out, err := tree.Output()
	if err != nil {
		t.Fatal(err)
	}
	commit := exec.Command("git", "--git-dir="+dir, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit-tree", "-m", "x", string(out[:len(out)-1]))
	id, err := commit.Output()
	if err != nil {
		t.Fatal(err)
	}
	git("update-ref", "refs/heads/master", string(id[:len(id)-1]))
	if r := w.Dokku("repo:gc", storytest.App); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "refs", "heads", "master")); err != nil || string(got) != string(id) {
		t.Errorf("refs/heads/master is %q (%v), want %q", got, err, id)
	}
}
