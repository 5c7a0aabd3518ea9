package git

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/state"
)

// archiveOf packs files in a format of git:from-archive.
func archiveOf(t *testing.T, kind string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if kind == "zip" {
		w := zip.NewWriter(&b)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			f, err := w.Create(name)
			must(t, err)
			_, err = f.Write([]byte(files[name]))
			must(t, err)
		}
		must(t, w.Close())
		return b.Bytes()
	}
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}))
		_, err := w.Write([]byte(files[name]))
		must(t, err)
	}
	must(t, w.Close())
	if kind == "tar" {
		return b.Bytes()
	}
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	_, err := g.Write(b.Bytes())
	must(t, err)
	must(t, g.Close())
	return z.Bytes()
}

// feed runs a command with standard input.
func (h *harness) feed(stdin []byte, argv ...string) result {
	return h.dokkuWith(command.Call{In: bytes.NewReader(stdin), Actor: command.Actor{User: "root", Root: true}}, argv...)
}

func TestFromArchive(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	bodies := map[string][]byte{}
	for _, kind := range []string{"tar", "tar.gz", "zip"} {
		bodies[kind] = archiveOf(t, kind, map[string]string{"top/kind": kind, "top/.git/config": "[core]\n\tfsmonitor = touch /tmp/slipway-evil\n", "top/sub/.git": "gitdir: /"})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "secret" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		w.Write(bodies[strings.TrimPrefix(r.URL.Path, "/")])
	}))
	defer server.Close()
	base := strings.Replace(server.URL, "http://", "http://ann:secret@", 1)

	for i, kind := range []string{"tar", "tar.gz", "zip"} {
		r := h.dokku("git:from-archive", "--archive-type", kind, "blog", base+"/"+kind, "Ann", "ann@example.com")
		if r.code != 0 {
			t.Fatalf("%s: %+v", kind, r)
		}
		contains(t, r.stdout, "-----> Downloading "+kind+" file from http://ann@", "-----> Generating build context",
			"Stripping top-level archive folder components", "-----> Updating git repository with specified build context", "Application deployed")
		if strings.Contains(r.stdout, "secret") {
			t.Error("security: the password was shown")
		}
		done := h.deployer.deploys()
		d := done[len(done)-1]
		if diff := cmp.Diff(map[string]string{"kind": kind}, d.files); diff != "" || d.Source != "git:from-archive" || len(done) != i+1 {
			t.Errorf("%s: %s %+v", kind, diff, d.Request)
		}
		head, _ := h.service().repository("blog").head("master")
		if head != d.Rev {
			t.Errorf("%s: the branch is at %q, deployed was %s", kind, head, d.Rev)
		}
	}
	log, err := h.service().repository("blog").git(t.Context(), "log", "--format=%an <%ae> %s", "master")
	must(t, err)
	contains(t, log, "Ann <ann@example.com> Automated commit @ ", "Ann <ann@example.com> Initial commit")
	source, err := h.host.Store.ReadFile(h.host.Store.LibPath("source-blog"))
	must(t, err)
	if strings.Contains(source, "secret") || !strings.HasPrefix(source, "zip\nhttp://ann@") {
		t.Errorf("security: the source is kept as %q", source)
	}

	// The same again: it says so and stops.
	r := h.dokku("git:from-archive", "blog", base+"/zip", "--archive-type=zip")
	contains(t, r.stdout, " !     No changes detected, skipping git commit", " !     Call 'ps:rebuild' on app to rebuild the app from existing source")
	if r.code != 1 || len(h.deployer.deploys()) != 3 {
		t.Errorf("exit %d, %d deploys", r.code, len(h.deployer.deploys()))
	}
}

func TestFromArchiveOnStdin(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	for i, argv := range [][]string{
		{"git:from-archive", "blog", "--"},
		{"git:from-archive", "--archive-type", "tar.gz", "blog", "--", "Ann", "ann@example.com"},
		{"--app", "blog", "git:from-archive", "--archive-type", "zip", "--"},
	} {
		kind := []string{"tar", "tar.gz", "zip"}[i]
		r := h.feed(archiveOf(t, kind, map[string]string{"a": kind}), argv...)
		if r.code != 0 || len(h.deployer.deploys()) != i+1 {
			t.Errorf("%v: %+v", argv, r)
		}
		contains(t, r.stdout, "-----> Fetching "+kind+" file from stdin")
	}
}

func TestFromArchiveRefuses(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	good := archiveOf(t, "tar", map[string]string{"a": "1", "b": "2"})
	must(t, os.WriteFile(filepath.Join(h.dir, "good.tar"), good, 0o600))
	must(t, h.host.Store.Set(archiveMaxFiles, state.Global, "1"))
	for _, c := range []struct {
		stdin []byte
		argv  []string
		want  string
	}{
		{good, []string{"--"}, "Archive contains more than 1 entries which exceeds the maximum of 1. Raise the limit with: dokku git:set --global archive-max-files <number>"},
		{[]byte("hello"), []string{"--"}, "The archive cannot be read as tar"},
		{archiveOf(t, "tar", map[string]string{"../a": ""}), []string{"--"}, "Archive contains entries with parent directory traversal: \"../a\""},
		{nil, []string{}, "Please specify an archive url or -- to fetch the archive from stdin"},
		{nil, []string{"--", "--archive-type", "rar"}, "Invalid archive type"},
		{nil, []string{"--archive-type", "rar", "--"}, "Invalid archive type specified, valid archive types include: tar, tar.gz, zip"},
		{nil, []string{"file:///nope.tar"}, "Cannot fetch the archive file:///nope.tar"},
		{nil, []string{"ftp://x/y"}, "must begin with https://"},
		{nil, []string{"http://127.0.0.1:1/x"}, "Cannot fetch the archive http://127.0.0.1:1/x"},
		{nil, []string{"--frobnicate", "http://x"}, "unknown flag: --frobnicate"},
		{nil, []string{"file://" + h.dir + "/good.tar", "a", "b", "c"}, "unexpected argument"},
	} {
		r := h.feed(c.stdin, append([]string{"git:from-archive", "blog"}, c.argv...)...)
		if r.code != 1 || !strings.Contains(r.stdout+r.stderr, c.want) {
			t.Errorf("%v: exit %d, %s", c.argv, r.code, r.stderr)
		}
	}
	if n := len(h.deployer.deploys()); n > 0 {
		t.Errorf("%d deploys", n)
	}
}

func TestFailedArchiveDeployLeavesTheBranch(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	h.deployer.act = func(context.Context, *command.Output, string) error { return errors.New("no") }
	body := archiveOf(t, "tar", map[string]string{"a": "1"})
	if r := h.feed(body, "git:from-archive", "blog", "--"); r.code != 1 {
		t.Errorf("exit %d", r.code)
	}
	if head, _ := h.service().repository("blog").head("master"); head != "" {
		t.Errorf("the branch is at %s", head)
	}
	h.deployer.act = nil
	if r := h.feed(body, "git:from-archive", "blog", "--"); r.code != 0 { // not "no changes"
		t.Error(r.stderr)
	}
}

func TestFromImage(t *testing.T) {
	h := newHarness(t)
	engine := fake.New()
	h.host.Docker = engine
	h.create("blog")
	engine.Publish(docker.Image{Tags: []string{"me/blog:1"}})

	r := h.dokku("git:from-image", "blog", "me/blog:1")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	contains(t, r.stdout, "-----> Generating build context", "-----> Pulling image", "-----> Updating git repository")
	want := map[string]string{"Dockerfile": "FROM me/blog:1\nLABEL com.dokku.docker-image-labeler/alternate-tags=[\\\"me/blog:1\\\"]\n"}
	done := h.deployer.deploys()
	if diff := cmp.Diff(want, done[0].files); diff != "" || done[0].Metadata != "me/blog:1" || done[0].Source != "git:from-image" {
		t.Error(diff, done[0].Request)
	}
	if got, _ := h.host.Bus.Query(t.Context(), "git-get-property", "blog", "source-image"); got != "me/blog:1" {
		t.Errorf("source-image is %q", got)
	}
	r = h.dokku("git:from-image", "blog", "me/blog:1")
	contains(t, r.stdout, "-----> Image exists on host, skipping pull")
	contains(t, r.stdout, "No changes detected, skipping git commit")
	if r.code != 1 {
		t.Errorf("exit %d", r.code)
	}
	contains(t, h.dokku("git:from-image", "--force", "blog", "me/blog:1").stdout, "-----> Force pulling image")

	// What is beside the Dockerfile.
	extra := filepath.Join(h.dir, "extra")
	must(t, os.Mkdir(extra, 0o755))
	must(t, os.WriteFile(filepath.Join(extra, "Procfile"), []byte("web: x\n"), 0o644))
	r = h.dokku("git:from-image", "--build-dir", extra, "blog", "me/blog:1")
	contains(t, r.stdout, "       Syncing build directory context")
	done = h.deployer.deploys()
	if last := done[len(done)-1].files; last["Procfile"] != "web: x\n" || len(last) != 2 {
		t.Errorf("%v; %s", last, r.stderr)
	}

	r = h.dokku("git:from-image", "blog", "me/missing:1")
	contains(t, r.stdout, "-----> Pulling image")
	contains(t, r.stdout, "Error response from daemon: manifest for me/missing:1 not found", " !     Failed to pull image: me/missing:1")
	for _, bad := range []string{"me/blog:1\nRUN evil", "A B", "-x", "", "me/Blog"} {
		if r := h.dokku("git:from-image", "blog", "--", bad); r.code == 0 {
			t.Errorf("security: %q was deployed", bad)
		}
	}
	if r := h.dokku("git:from-image", "--build-dir", "/nowhere", "blog", "me/blog:1"); r.code != 1 || !strings.Contains(r.stdout, "Invalid BUILD_DIR") {
		t.Errorf("%+v", r)
	}

	// A failed deploy leaves the property as it was; another source clears it.
	engine.Publish(docker.Image{Tags: []string{"me/blog:2"}})
	h.deployer.act = func(context.Context, *command.Output, string) error { return errors.New("no") }
	h.dokku("git:from-image", "blog", "me/blog:2")
	if got, _ := h.host.Store.Get(sourceImage, "blog"); got != "me/blog:1" {
		t.Errorf("source-image is %q", got)
	}
	h.deployer.act = nil
	h.feed(archiveOf(t, "tar", map[string]string{"a": "1"}), "git:from-archive", "blog", "--")
	if got, _ := h.host.Store.Get(sourceImage, "blog"); got != "" {
		t.Errorf("source-image is %q", got)
	}
}

func TestLoadImage(t *testing.T) {
	h := newHarness(t)
	engine := fake.New()
	h.host.Docker = engine
	h.create("blog")
	saved := archiveOf(t, "tar", map[string]string{"manifest.json": `[{"RepoTags":["me/saved:1"],"Config":"c.json","Layers":[]}]`, "c.json": "{}"})
	r := h.feed(saved, "git:load-image", "blog", "me/other:1")
	contains(t, r.stdout, "Loaded image tarball but the specified docker image was not found: me/other:1")
	r = h.feed(saved, "git:load-image", "blog", "me/saved:1")
	if r.code != 0 || len(h.deployer.deploys()) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestTriggersDeploy(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	dir := filepath.Join(h.dir, "from")
	must(t, os.MkdirAll(filepath.Join(dir, ".git"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "a"), []byte("1"), 0o644))
	must(t, h.host.Bus.Event(t.Context(), "git-from-directory", "blog", dir, "Ann", "a@example.com"))
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		t.Error("the plugin's folder was changed")
	}
	must(t, os.WriteFile(filepath.Join(h.dir, "x.zip"), archiveOf(t, "zip", map[string]string{"b": "2"}), 0o644))
	must(t, h.host.Bus.Event(t.Context(), "git-from-archive", "blog", "file://"+h.dir+"/x.zip", "zip"))
	ann := command.WithCall(t.Context(), &command.Call{Actor: command.Actor{KeyName: "ann"}})
	must(t, h.host.Bus.Event(ann, "receive-app", "blog"))
	must(t, h.host.Bus.Event(t.Context(), "receive-app", "blog", h.deployer.deploys()[0].Rev))
	var got []string
	for _, d := range h.deployer.deploys() {
		got = append(got, d.Source+" "+strings.Join(slices.Sorted(maps.Keys(d.files)), ","))
	}
	want := []string{"git:from-directory a", "git:from-archive b", "ps:rebuild b", "ps:rebuild a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a := h.deployer.deploys()[2].Actor; a != "ann" {
		t.Errorf("rebuilt by %s", a)
	}
}

func TestRebuildOfNothing(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	var out bytes.Buffer
	o := command.NewOutput(&out, &out)
	err := h.service().rebuild(t.Context(), o, "blog", "", "ann")
	if command.ExitCode(err) != 1 || !errors.As(err, new(command.Exit)) {
		t.Error(err)
	}
	if got := out.String(); got != "-----> WARNING: Cannot build from 'master' as there are no commits stored at that branch.\n" {
		t.Error(got)
	}
}
