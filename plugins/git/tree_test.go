package git

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/state"
)

// pushed pushes a clone to blog and returns the tree that was deployed.
func pushed(t *testing.T, h *harness, c clone) map[string]string {
	t.Helper()
	if r := c.push("blog", "master"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	done := h.deployer.deploys()
	return done[len(done)-1].files
}

func TestTreeIsWhole(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{".gitattributes": "secret.txt export-ignore\n", "secret.txt": "s", ".gitignore": "*.log\n"})
	must(t, os.Symlink("/etc/passwd", filepath.Join(c.dir, "outside")))
	must(t, os.Symlink("secret.txt", filepath.Join(c.dir, "inside")))
	must(t, os.WriteFile(filepath.Join(c.dir, "run"), []byte("#!/bin/sh\n"), 0o755))
	must(t, os.WriteFile(filepath.Join(c.dir, "ümlaut \"quoted\"\nline"), []byte("x"), 0o644))
	c.commit("links", nil)
	want := map[string]string{
		".gitattributes": "secret.txt export-ignore\n", ".gitignore": "*.log\n", "secret.txt": "s",
		"outside": "-> /etc/passwd", "inside": "-> secret.txt", "run": "#!/bin/sh\n", "ümlaut \"quoted\"\nline": "x",
	}
	if diff := cmp.Diff(want, pushed(t, h, c)); diff != "" {
		t.Error(diff)
	}
}

func TestTreeLimits(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	c := h.newClone(map[string]string{"a": "12345", "b": "67890", "c": "x"})
	store := h.host.Store
	must(t, store.Set(pushMaxFiles, "blog", "2"))
	r := c.push("blog", "master")
	contains(t, r.stderr, "The source of blog has more than 2 files. Raise the limit with: dokku git:set blog push-max-files <number>")
	must(t, store.Unset(pushMaxFiles, "blog"))
	must(t, store.Set(pushMaxSize, state.Global, "9"))
	r = c.push("blog", "master")
	contains(t, r.stderr, "The source of blog has more than 9 bytes", "push-max-size")
	must(t, store.Set(pushMaxSize, "blog", "11"))
	if r = c.push("blog", "master"); r.code != 0 {
		t.Error(r.stderr)
	}
}

func TestPushOfNoFiles(t *testing.T) {
	h := newHarness(t)
	r := h.newClone(nil).push("blog", "master")
	if r.code == 0 {
		t.Error("the push succeeded")
	}
	contains(t, r.stderr, "There are no files in the revision")
}

func TestKeepGitDir(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	must(t, h.host.Store.Set(keepGitDir, "blog", "true"))
	c := h.newClone(map[string]string{"a": "1"})
	c.ok("tag", "v1")
	c.push("blog", "master", "v1")
	rev := c.commit("second", map[string]string{"a": "2"})

	kept := filepath.Join(h.dir, "kept")
	h.deployer.act = keepCopy(kept)
	files := pushed(t, h, c)
	if files[".git/HEAD"] != "ref: refs/heads/master\n" || files["a"] != "2" {
		t.Errorf("HEAD %q, a %q", files[".git/HEAD"], files["a"])
	}
	copied := clone{h, kept}
	if got := copied.ok("rev-parse", "master"); got != rev {
		t.Errorf("master is at %s, not %s", got, rev)
	}
	if got := copied.ok("describe", "--tags"); !strings.HasPrefix(got, "v1-1-g") {
		t.Error(got)
	}
	if got := copied.ok("status", "--porcelain"); got != "" {
		t.Errorf("the tree is dirty: %s", got)
	}
	copied.ok("fsck", "--full")
	for _, name := range []string{"config", "description", "HEAD", "hooks", "index", "info", "logs", "objects", "refs"} { // as in a Dokku build
		if _, err := os.Stat(filepath.Join(kept, ".git", name)); err != nil && name != "hooks" { // the copy leaves empty folders out
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(kept, alternates)); err == nil {
		t.Error("the kept repository still borrows objects")
	}
}

func TestSubmodules(t *testing.T) {
	h := newHarness(t)
	inner := h.newClone(map[string]string{"inner.txt": "inner"})
	lib := h.newClone(map[string]string{"lib.txt": "lib"})
	lib.ok("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "inner")
	lib.commit("inner", nil)
	c := h.newClone(map[string]string{"a": "1"})
	c.ok("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", lib.dir, "vendor/lib")
	c.commit("lib", nil)

	// A path of this machine is not allowed: it could be another app's code.
	r := c.push("blog", "master")
	if r.code == 0 {
		t.Fatal("security: a submodule read a local path")
	}
	contains(t, r.stderr, "Cannot fetch the submodules of blog", "transport 'file' not allowed")

	// ~dokku/.gitconfig is git's way to allow more.
	must(t, os.WriteFile(h.host.Store.RootPath(".gitconfig"), []byte("[protocol \"file\"]\n\tallow = always\n"), 0o644))
	files := pushed(t, h, c)
	if files["vendor/lib/lib.txt"] != "lib" || files["vendor/lib/inner/inner.txt"] != "inner" {
		t.Errorf("got %v", files)
	}
	for name := range files {
		if strings.Contains(name, ".git/") || filepath.Base(name) == ".git" {
			t.Errorf("%s is left", name)
		}
	}
	must(t, h.host.Store.Set(pushMaxFiles, "blog", "4"))
	c.commit("again", nil)
	contains(t, c.push("blog", "master").stderr, "has more than 4 files")
}

// TestSecurityTreeWithGitFolder pushes trees that git itself would never make.
func TestSecurityTreeWithGitFolder(t *testing.T) {
	h := newHarness(t)
	for _, path := range []string{".git/hooks/post-checkout", "..", ".GIT", "git~1", "x/../../escape"} {
		c := h.newClone(map[string]string{"a": "1"})
		blob := c.ok("hash-object", "-w", "a")
		parts := strings.Split(path, "/")
		object := "100755 blob " + blob
		for i := len(parts) - 1; i >= 0; i-- {
			object = "040000 tree " + mktree(t, c, object, parts[i])
		}
		tree := strings.TrimPrefix(object, "040000 tree ")
		commit := c.ok("commit-tree", tree, "-m", "evil")
		r := c.push("evil", commit+":refs/heads/master")
		if r.code == 0 && path != ".GIT" && path != "git~1" {
			t.Errorf("security: %s was deployed", path)
		}
	}
	for _, d := range h.deployer.deploys() {
		for name := range d.files {
			if strings.Contains(name, "hooks") {
				t.Errorf("security: %s was written", name)
			}
		}
	}
}

// mktree writes a tree of one entry, whatever its name.
func mktree(t *testing.T, c clone, object, name string) string {
	t.Helper()
	fields := strings.Fields(object)
	mode := strings.TrimPrefix(fields[0], "0")
	raw := mode + " " + name + "\x00" + unhex(t, fields[2])
	cmd := exec.CommandContext(t.Context(), "git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, c.h.env, strings.NewReader(raw)
	out, err := cmd.Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}
