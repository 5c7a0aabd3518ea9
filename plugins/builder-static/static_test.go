package builderstatic

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildtest"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
)

// server compiles a program that stands in for the client.
func server(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "slipway")
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/server")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func TestConformance(t *testing.T) {
	program := server(t)
	buildtest.Run(t, buildtest.Subject{
		New:     func(h *plugin.Host) build.Builder { return New(h, program) },
		Source:  buildtest.Files{"index.html": "<h1>hello</h1>"},
		Foreign: buildtest.Files{"index.html": "<div id=app>", "package.json": "{}"},
		Folder:  "/app/public",
	})
}

func TestImageRuns(t *testing.T) {
	h := buildtest.Host(t)
	image, _ := buildtest.MustBuild(t, h, New(h, server(t)), buildtest.Files{"index.html": "hello"}, build.Request{})
	id := dockertest.Create(t, h.Docker, image)
	if err := h.Docker.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Docker.Wait(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := h.Docker.Logs(t.Context(), id, docker.LogOptions{Tail: -1}, &out, &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "/static-server 65534 hello <nil>\n" {
		t.Errorf("it said %q", got)
	}
	in, err := h.Docker.ImageInspect(t.Context(), image)
	if err != nil || len(in.ExposedPorts) > 0 || len(in.Entrypoint) > 0 || !slices.Equal(in.Cmd, []string{"/static-server"}) {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestWhatVisitorsDoNotSee(t *testing.T) {
	h := buildtest.Host(t)
	image, _ := buildtest.MustBuild(t, h, New(h, server(t)), buildtest.Files{
		"index.html": "hello", ".env": "SECRET=1", ".git/config": "x", "sub/.htpasswd": "x", "sub/page.html": "x",
		".well-known/security.txt": "x", ".well-known/.hidden": "x", "Procfile": "web: x", "app.json": "{}", "sub/app.json": "{}",
		"inside": buildtest.Link + "sub/page.html", "outside": buildtest.Link + "/etc/passwd", "up": buildtest.Link + "../../proc",
		"loop": buildtest.Link + "loop", "twice": buildtest.Link + "up", ".dockerignore": "sub\n",
	}, build.Request{})
	want := buildtest.Files{
		"index.html": "hello", "sub/page.html": "x", ".well-known/security.txt": "x", "sub/app.json": "{}",
		"inside": buildtest.Link + "sub/page.html",
	}
	if diff := cmp.Diff(want, buildtest.Content(t, h.Docker, image, "/app/public")); diff != "" {
		t.Error(diff)
	}
}

func TestRoot(t *testing.T) {
	h := buildtest.Host(t)
	b := New(h, server(t))
	files := buildtest.Files{"dist/index.html": "hello", "dist/app.json": "{}", "package.json": "{}", "other": "x"}
	dir := buildtest.Source(t, files)
	for _, c := range []struct {
		root string
		want bool
	}{{"", false}, {"dist", true}, {"gone", false}} {
		if err := h.Store.Set(rootProperty, buildtest.App, c.root); err != nil {
			t.Fatal(err)
		}
		if found, err := b.Detect(t.Context(), buildtest.App, dir); found != c.want || err != nil {
			t.Errorf("root %q: %v, %v", c.root, found, err)
		}
	}
	r := buildtest.Build(t.Context(), t, h, b, build.Request{Image: buildtest.Image(t), Dir: dir})
	if r.Err == nil || !strings.Contains(r.Err.Error(), "The source has no folder gone") {
		t.Errorf("a folder that is not there: %v", r.Err)
	}
	if err := h.Store.Set(rootProperty, buildtest.App, "dist"); err != nil {
		t.Fatal(err)
	}
	image, _ := buildtest.MustBuild(t, h, b, files, build.Request{})
	if diff := cmp.Diff(buildtest.Files{"index.html": "hello", "app.json": "{}"}, buildtest.Content(t, h.Docker, image, "/app/public")); diff != "" {
		t.Error(diff)
	}
}

// Archives may have hard links; the first of two names may be one that is left
// out.
func TestHardLinks(t *testing.T) {
	h := buildtest.Host(t)
	dir := buildtest.Source(t, buildtest.Files{"index.html": "hello", ".hidden": "page"})
	for _, name := range []string{"a.html", "b.html"} {
		if err := os.Link(filepath.Join(dir, ".hidden"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	req := build.Request{Image: buildtest.Image(t), Dir: dir}
	if r := buildtest.Build(t.Context(), t, h, New(h, server(t)), req); r.Err != nil {
		t.Fatalf("%v\n%s", r.Err, r.Log)
	}
	want := buildtest.Files{"index.html": "hello", "a.html": "page", "b.html": "page"}
	if diff := cmp.Diff(want, buildtest.Content(t, h.Docker, req.Image, "/app/public")); diff != "" {
		t.Error(diff)
	}
}

// Security: a root that is a link must not publish a folder of the server.
func TestRootDoesNotLeaveTheSource(t *testing.T) {
	outside := buildtest.Source(t, buildtest.Files{"index.html": "secret"})
	dir := buildtest.Source(t, buildtest.Files{"public": buildtest.Link + outside, "x/y": buildtest.Link + "../../"})
	for _, root := range []string{"public", "x/y", "../..", outside} {
		if folder, ok := siteFolder(dir, root); ok {
			t.Errorf("%s led to %s", root, folder)
		}
	}
}

func TestServerWithSharedLibrariesIsRefused(t *testing.T) {
	path, err := exec.LookPath("ls")
	if err != nil {
		t.Skip(err)
	}
	if err := standsAlone(path); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("%s: %v", path, err)
	}
}

func TestOnlyFilesFoldersAndLinksAreSent(t *testing.T) {
	dir := t.TempDir()
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	info, err := os.Lstat(filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	if _, keep := visitors(dir, true)("socket", info.Mode()); keep {
		t.Error("a socket is sent")
	}
}
