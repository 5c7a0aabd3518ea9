package git

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
)

func (h *harness) head(app, branch string) string {
	h.t.Helper()
	head, err := h.service().repository(app).head(branch)
	must(h.t, err)
	return head
}

func TestSync(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	c := h.newClone(map[string]string{"a": "1"})
	first := c.ok("rev-parse", "HEAD")
	url := "file://" + c.dir

	// Without a flag it only fetches.
	r := h.dokku("git:sync", "blog", url)
	contains(t, r.stdout, "-----> Cloning blog from "+url+"#", "       Detected branch, setting deploy-branch to master")
	if r.code != 0 || h.head("blog", "master") != first || len(h.deployer.deploys()) != 0 {
		t.Fatalf("%+v", r)
	}
	r = h.dokku("git:sync", "--build-if-changes", "blog", url)
	contains(t, r.stdout, "       Fetching remote code for blog from "+url+"#", "       Skipping build as no changes were detected")

	second := c.commit("second", map[string]string{"a": "2"})
	r = h.dokku("git:sync", "--build-if-changes", "blog", url)
	done := h.deployer.deploys()
	if r.code != 0 || len(done) != 1 || done[0].Rev != second || done[0].Source != "git:sync" || done[0].files["a"] != "2" {
		t.Fatalf("%+v %+v", r, done)
	}
	source, err := h.host.Store.ReadLines(h.host.Store.LibPath("source-blog"))
	must(t, err)
	if strings.Join(source, " ") != "git-sync "+url+"#"+second {
		t.Errorf("source %v", source)
	}
	if r = h.dokku("git:sync", "--build", "blog", url); r.code != 0 || len(h.deployer.deploys()) != 2 {
		t.Errorf("%+v", r)
	}

	// A failed deploy leaves the branch, so that the next one tries again.
	third := c.commit("third", map[string]string{"a": "3"})
	h.deployer.act = func(context.Context, *command.Output, string) error { return errors.New("no") }
	if r = h.dokku("git:sync", "--build-if-changes", "blog", url); r.code != 1 || h.head("blog", "master") != second {
		t.Errorf("%+v", r)
	}
	h.deployer.act = nil
	if r = h.dokku("git:sync", "--build-if-changes", "blog", url); r.code != 0 || h.head("blog", "master") != third {
		t.Errorf("%+v", r)
	}

	// History that was rewritten, tags and single commits.
	c.ok("reset", "-q", "--hard", first)
	if r = h.dokku("git:sync", "blog", url); r.code != 0 || h.head("blog", "master") != first {
		t.Errorf("%+v", r)
	}
	c.ok("tag", "-a", "v3", third, "-m", "v3")
	for _, ref := range []string{"v3", "refs/tags/v3", third, third[:10], "master", "refs/heads/master"} {
		want := third
		if strings.HasSuffix(ref, "master") {
			want = first
		}
		if r = h.dokku("git:sync", "blog", url, ref); r.code != 0 || h.head("blog", "master") != want {
			t.Errorf("%s: %+v", ref, r)
		}
	}

	// A branch that was asked for has its own name here too.
	c.ok("branch", "feature", third)
	if r = h.dokku("git:sync", "blog", url, "feature"); r.code != 0 || h.head("blog", "master") != third || h.head("blog", "feature") != third {
		t.Errorf("%+v", r)
	}

	// What it fetched is not shown to those who fetch from the app.
	if refs := c.ok("ls-remote", "dokku@slipway.test:blog"); strings.Contains(refs, "slipway") {
		t.Error(refs)
	}
}

func TestSyncAdoptsBranches(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	c.ok("branch", "-m", "trunk")
	c.ok("branch", "other")
	url := "file://" + c.dir

	// No branch named, and no master there: the other side's own choice.
	h.create("one")
	r := h.dokku("git:sync", "one", url)
	contains(t, r.stdout, "Detected branch, setting deploy-branch to trunk")
	h.create("two")
	r = h.dokku("git:sync", "two", url, "other")
	contains(t, r.stdout, "Cloning two from "+url+"#other", "Detected branch, setting deploy-branch to other")
	h.create("three")
	r = h.dokku("git:sync", "--skip-deploy-branch", "--build", "three", url, "other")
	contains(t, r.stdout, "Detected branch other, skipping deploy-branch setting")
	for app, branch := range map[string]string{"one": "trunk", "two": "other", "three": "master"} {
		got, err := h.service().branch(app)
		must(t, err)
		if got != branch || h.head(app, branch) == "" {
			t.Errorf("%s: deploy branch %s at %q", app, got, h.head(app, branch))
		}
	}
}

func TestSyncRefuses(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	c := h.newClone(map[string]string{"a": "1"})
	url := "file://" + c.dir
	for _, x := range []struct {
		argv []string
		code int
		want string
	}{
		{[]string{"blog"}, 1, "Missing GIT_REMOTE parameter"},
		{[]string{"blog", "/nope"}, 128, "'/nope' does not"},
		{[]string{"blog", url, "nothere"}, 1, "There is no branch, tag or commit nothere at " + url},
		{[]string{"blog", url, strings.Repeat("1", 40)}, 128, "not our ref"},
		{[]string{"blog", url, "master^{/x}"}, 1, "Invalid git reference"},
		{[]string{"blog", "--", url, "--upload-pack=touch"}, 1, "Invalid git reference"},
		{[]string{"blog", "--", "--upload-pack=touch", "x"}, 1, "Invalid repository"},
		{[]string{"blog", "ext::sh -c touch% " + h.dir + "/evil"}, 128, "transport 'ext' not allowed"},
	} {
		r := h.dokku(append([]string{"git:sync"}, x.argv...)...)
		if r.code != x.code || !strings.Contains(r.stdout+r.stderr, x.want) {
			t.Errorf("%v: %+v", x.argv, r)
		}
	}
	if _, err := os.Stat(h.dir + "/evil"); err == nil {
		t.Error("security: a command was run")
	}
}

func TestSyncedTagsAreInKeptGitDir(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	must(t, h.host.Store.Set(keepGitDir, "blog", "true"))
	c := h.newClone(map[string]string{"a": "1"})
	c.ok("tag", "v1")
	kept := h.dir + "/kept"
	h.deployer.act = keepCopy(kept)
	if r := h.dokku("git:sync", "--build", "blog", "file://"+c.dir, "master"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if got := (clone{h, kept}).ok("describe", "--tags"); got != "v1" {
		t.Error(got)
	}
}

func TestRelativeSubmodulesStartAtTheSyncedURL(t *testing.T) {
	h := newHarness(t)
	must(t, os.WriteFile(h.host.Store.RootPath(".gitconfig"), []byte("[protocol \"file\"]\n\tallow = always\n"), 0o644))
	h.create("blog")
	lib := h.newClone(map[string]string{"lib.txt": "lib"})
	c := h.newClone(map[string]string{"a": "1"})
	c.ok("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", lib.dir, "lib")
	c.ok("config", "-f", ".gitmodules", "submodule.lib.url", "../"+lib.dir[strings.LastIndex(lib.dir, "/")+1:])
	c.commit("lib", nil)
	r := h.dokku("git:sync", "--build", "blog", c.dir)
	done := h.deployer.deploys()
	if r.code != 0 || len(done) != 1 || done[0].files["lib/lib.txt"] != "lib" {
		t.Errorf("%+v %+v", r, done)
	}
}
