package git

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

func TestPushCreatesAppDeploysAndStreams(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"index.html": "hi", "sub/.keep": ""})
	rev := c.ok("rev-parse", "HEAD")
	r := c.push("blog", "master")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	contains(t, r.stderr, "remote: -----> Deploying blog", "remote: =====> Application deployed:", "master -> master")
	done := h.deployer.deploys()
	if len(done) != 1 {
		t.Fatalf("%d deploys", len(done))
	}
	if d := done[0]; d.App != "blog" || d.Actor != "ann" || d.Source != "git-push" || d.Rev != rev || d.Metadata != rev {
		t.Errorf("deployed %+v", d.Request)
	}
	if diff := cmp.Diff(map[string]string{"index.html": "hi", "sub/.keep": ""}, done[0].files); diff != "" {
		t.Error(diff)
	}
	source, err := h.host.Store.ReadLines(h.host.Store.LibPath("source-blog"))
	must(t, err)
	if diff := cmp.Diff([]string{"git-push", rev}, source); diff != "" {
		t.Error(diff)
	}
	if head, _ := h.service().repository("blog").head("master"); head != rev {
		t.Errorf("the branch is at %q, not %s", head, rev)
	}
}

// service is the plugin's inside.
func (h *harness) service() *service { return h.inside }

func TestPushNamesOfTheRepository(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	for _, url := range []string{"blog", "/blog", "~/blog", "blog.git"} {
		c.commit("more", nil)
		if r := c.push(url, "master"); r.code != 0 {
			t.Errorf("%s: %s", url, r.stderr)
		}
	}
	apps, err := h.host.Store.Apps()
	must(t, err)
	if diff := cmp.Diff([]string{"blog"}, apps); diff != "" {
		t.Error(diff)
	}
	for _, url := range []string{"Bad", "../x", "a/b", ".ssh", "x;y", strings.Repeat("a", 300)} {
		if r := c.push(url, "master"); r.code == 0 || !strings.Contains(r.stderr, " !     ") {
			t.Errorf("%s: exit %d, %s", url, r.code, r.stderr)
		}
	}
}

func TestNamesThatLookLikeFlags(t *testing.T) {
	h := newHarness(t)
	for _, argv := range [][]string{{"git-receive-pack", "-rf"}, {"git-receive-pack", "--", "-rf"}, {"git-upload-pack", "--", "--upload-pack=x"}, {"git-upload-pack", ""}} {
		if r := h.dokku(argv...); r.code == 0 {
			t.Errorf("%v: %+v", argv, r)
		}
	}
	if apps, _ := h.host.Store.Apps(); len(apps) > 0 {
		t.Errorf("apps: %v", apps)
	}
}

func TestPushWithoutAutocreation(t *testing.T) {
	h := newHarness(t)
	must(t, h.host.Store.Set(state.Property{Plugin: "apps", Name: "disable-autocreation"}, state.Global, "true"))
	r := h.newClone(map[string]string{"a": "1"}).push("blog", "master")
	if r.code == 0 || h.host.Store.AppExists("blog") {
		t.Errorf("exit %d, %s", r.code, r.stderr)
	}
	contains(t, r.stderr, "App auto-creation disabled")
}

func TestFailedDeployRefusesThePush(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	first := c.ok("rev-parse", "HEAD")
	if r := c.push("blog", "master"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	c.commit("bad", map[string]string{"a": "2"})
	h.deployer.act = func(_ context.Context, out *command.Output, _ string) error {
		out.Text("step 3 failed")
		return command.Fail("The build failed")
	}
	r := c.push("blog", "master")
	if r.code == 0 {
		t.Fatal("the push succeeded")
	}
	contains(t, r.stderr, "remote:        step 3 failed", "remote:  !     The build failed", "pre-receive hook declined")
	if head, _ := h.service().repository("blog").head("master"); head != first {
		t.Errorf("the branch moved to %s", head)
	}
}

func TestFirstPushOfAnotherBranchIsAdopted(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	c.ok("checkout", "-q", "-b", "main")

	// A failed first push leaves the app, and no deploy branch.
	h.deployer.act = func(context.Context, *command.Output, string) error { return errors.New("no") }
	if r := c.push("blog", "main"); r.code == 0 || !h.host.Store.AppExists("blog") {
		t.Fatalf("exit %d: %s", r.code, r.stderr)
	}
	if branch, _ := h.service().configuredBranch("blog"); branch != "" {
		t.Errorf("the deploy branch is %q", branch)
	}
	h.deployer.act = nil

	r := c.push("blog", "main", "master:other")
	contains(t, r.stderr, "remote: -----> Set main as deploy-branch", "Application deployed",
		"WARNING: deploy did not complete, you must push to main.", "git push <dokku> other:main")
	if branch, _ := h.service().branch("blog"); branch != "main" {
		t.Errorf("the deploy branch is %q", branch)
	}
	r = c.push("blog", "master:feature")
	contains(t, r.stderr, "WARNING: deploy did not complete, you must push to main.", "git push <dokku> feature:main")
	if r.code != 0 || len(h.deployer.deploys()) != 1 {
		t.Errorf("exit %d, %d deploys", r.code, len(h.deployer.deploys()))
	}

	// A clone checks out what is deployed.
	into := filepath.Join(h.dir, "again")
	c.ok("clone", "-q", "dokku@slipway.test:blog", into)
	if got := (clone{h, into}).ok("symbolic-ref", "--short", "HEAD"); got != "main" {
		t.Errorf("the clone is on %s", got)
	}
}

func TestDeletingBranches(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	c.push("blog", "master")
	must(t, h.host.Store.Set(deployBranch, "blog", "master"))
	c.push("blog", "master:other")
	if r := c.push("blog", ":other"); r.code != 0 {
		t.Error(r.stderr)
	}
	r := c.push("blog", ":master")
	if r.code == 0 {
		t.Error("the deploy branch is gone")
	}
	contains(t, r.stderr, "The branch master is the deploy branch of blog and cannot be deleted")
	if n := len(h.deployer.deploys()); n != 1 {
		t.Errorf("%d deploys", n)
	}
}

func TestTagsAndEmptyCommitsAndForce(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	c.push("blog", "master")
	c.commit("again", nil)
	c.push("blog", "master")
	c.ok("commit", "-q", "--amend", "--allow-empty", "-m", "rewritten")
	if r := c.push("blog", "+master"); r.code != 0 {
		t.Error(r.stderr)
	}
	if n := len(h.deployer.deploys()); n != 3 {
		t.Errorf("%d deploys", n)
	}
	// A tag of the deploy branch's name is deployed, as the commit it names.
	must(t, h.host.Store.Set(deployBranch, "blog", "v1"))
	c.commit("tagged", nil)
	c.ok("tag", "-a", "v1", "-m", "v1")
	if r := c.push("blog", "refs/tags/v1"); r.code != 0 {
		t.Error(r.stderr)
	}
	done := h.deployer.deploys()
	if got, want := done[len(done)-1].Rev, c.ok("rev-parse", "HEAD"); len(done) != 4 || got != want {
		t.Errorf("%d deploys, the last of %s, not %s", len(done), got, want)
	}
	// What is no commit is refused.
	must(t, h.host.Store.Set(deployBranch, "blog", "v2"))
	c.ok("tag", "v2", "HEAD^{tree}")
	r := c.push("blog", "refs/tags/v2")
	contains(t, r.stderr, "What was pushed is not a commit")
	if r.code == 0 {
		t.Error("the push succeeded")
	}
}

func TestSecondPushMeetsTheLock(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	started, goOn := make(chan struct{}), make(chan struct{})
	h.deployer.act = func(context.Context, *command.Output, string) error {
		close(started)
		<-goOn
		return nil
	}
	first := make(chan result)
	go func() { first <- c.push("blog", "master") }()
	<-started
	second := c.push("blog", "master")
	if second.code == 0 {
		t.Error("the second push succeeded")
	}
	contains(t, second.stderr, "blog currently has a deploy lock in place. Exiting...")
	close(goOn)
	if r := <-first; r.code != 0 {
		t.Error(r.stderr)
	}
}

func TestInterruptedPushCancelsTheDeploy(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	var started, ended atomic.Bool
	h.deployer.act = func(ctx context.Context, _ *command.Output, _ string) error {
		started.Store(true)
		<-ctx.Done()
		ended.Store(true)
		return ctx.Err()
	}
	cmd := exec.Command("git", "push", "dokku@slipway.test:blog", "master")
	cmd.Dir, cmd.Env = c.dir, h.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, cmd.Start())
	eventually(t, "the deploy begins", started.Load)
	must(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
	if err := cmd.Wait(); err == nil {
		t.Error("the push succeeded")
	}
	eventually(t, "the deploy ends", ended.Load)
	r := h.service().repository("blog")
	if head, _ := r.head("master"); head != "" {
		t.Errorf("the branch is at %s", head)
	}
	eventually(t, "git tidies up", func() bool {
		left, _ := filepath.Glob(filepath.Join(r.dir, "objects", "*incoming*"))
		return len(left) == 0
	})
}

func TestHookIsNotForOthers(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	line := strings.Repeat("0", 40) + " " + strings.Repeat("1", 40) + " refs/heads/master\n"
	remote := h.dokkuWith(command.Call{In: strings.NewReader(line), Actor: command.Actor{User: "dokku", Remote: "192.0.2.1:1"}}, "git-hook", "blog")
	if remote.code == 0 {
		t.Error("security: a remote caller may call git-hook")
	}
	idle := h.dokkuWith(command.Call{In: strings.NewReader(line)}, "git-hook", "blog")
	contains(t, idle.stderr, "git-hook is called by git itself, when something is pushed")
	defer h.inside.pushes.begin(h.service().repository("blog"))()
	for _, dir := range []string{"/", h.dir, h.host.Store.AppDir("blog") + "/objects/../../..", "nowhere"} {
		for _, name := range []string{incomingObjects, incomingAlternates} {
			r := h.dokkuWith(command.Call{In: strings.NewReader(line), Env: map[string]string{name: dir}}, "git-hook", "blog")
			if r.code == 0 || !strings.Contains(r.stderr, "are not in the repository of blog") {
				t.Errorf("security: %s=%s: exit %d, %s", name, dir, r.code, r.stderr)
			}
		}
	}
	for _, in := range []string{"x\n", "a b c\n", line[:60] + "\n"} {
		if r := h.dokkuWith(command.Call{In: strings.NewReader(in)}, "git-hook", "blog"); r.code != 1 {
			t.Errorf("%q: exit %d", in, r.code)
		}
	}
}

func TestHookIsDokkus(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	got, err := os.ReadFile(filepath.Join(h.host.Store.AppDir("blog"), "hooks", "pre-receive"))
	must(t, err)
	want := "#!/usr/bin/env bash\nset -e\nset -o pipefail\n\ncat | DOKKU_ROOT=\"" + h.host.Store.Root() + "\" dokku git-hook \"blog\"\n"
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestFetchFromMissingApp(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	r := c.git("ls-remote", "dokku@slipway.test:nothere")
	contains(t, r.stderr, "App nothere does not exist")
	if h.host.Store.AppExists("nothere") {
		t.Error("reading created the app")
	}
}

func TestArchiveFromApp(t *testing.T) {
	h := newHarness(t)
	c := h.newClone(map[string]string{"a": "1"})
	c.push("blog", "master")
	if out := c.ok("archive", "--remote=dokku@slipway.test:blog", "master", "a"); !strings.Contains(out, "a\x00") {
		t.Error("no archive")
	}
}
