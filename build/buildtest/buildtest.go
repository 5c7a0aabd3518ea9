// Package buildtest is the conformance suite that every build.Builder passes,
// against the real engine.
//
//	func TestConformance(t *testing.T) {
//		buildtest.Run(t, buildtest.Subject{
//			New:     builderdockerfile.New,
//			Source:  buildtest.Files{"Dockerfile": "FROM scratch\nCOPY . /app\n"},
//			Foreign: buildtest.Files{"main.go": "package main"},
//			Folder:  "/app",
//		})
//	}
package buildtest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// App is the app of every build in the suite.
const App = "blog"

// Files are the files of a source: path to content. A content that begins with
// Link makes a symbolic link to the rest.
type Files map[string]string

// Link marks a symbolic link: Files{"current": Link + "releases/1"}.
const Link = "\x00link:"

// Subject is the builder under test. Fields that are zero leave out what they
// are for.
type Subject struct {
	New     func(h *plugin.Host) build.Builder
	Source  Files    // what the builder detects and builds; nil: it detects nothing and builds nothing
	Foreign Files    // what it does not detect
	Folder  string   // where the image has the files of the source
	Failing Files    // a source whose build fails
	Says    []string // what the error of Failing contains
	Shows   []string // what was shown by then
	Slow    Files    // a source whose build takes a minute
	Started string   // what is shown or in the log of Slow once that began
}

// Host is what a builder works with: the real engine, and state in a folder of
// its own. The test is skipped where no engine runs.
func Host(t testing.TB) *plugin.Host {
	t.Helper()
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.MkdirAll(store.AppDir(App), 0o755); err != nil {
		t.Fatal(err)
	}
	return &plugin.Host{
		Names: docker.Names{Instance: "slipway-test"},
		Store: store, Bus: trigger.NewBus(nil), Docker: dockertest.Connect(t), Log: slog.New(slog.DiscardHandler),
	}
}

// Source writes the files to a new folder and returns its path.
func Source(t testing.TB, files Files) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, isLink := strings.CutPrefix(content, Link); isLink {
			err = os.Symlink(target, file)
		} else {
			err = os.WriteFile(file, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Result is what came of one build.
type Result struct {
	Err      error
	Out, Log string
}

// Build builds the request, with App and a log, and removes its image after the
// test.
func Build(ctx context.Context, t testing.TB, h *plugin.Host, b build.Builder, req build.Request) Result {
	t.Helper()
	return buildShowing(ctx, t, h, b, req, io.Discard)
}

// buildShowing is Build whose output goes to shown as well.
func buildShowing(ctx context.Context, t testing.TB, h *plugin.Host, b build.Builder, req build.Request, shown io.Writer) Result {
	t.Helper()
	t.Cleanup(func() { _ = h.Docker.ImageRemove(context.Background(), req.Image, true) })
	var out, log bytes.Buffer
	req.App = App
	if req.Log == nil {
		req.Log = &log
	} else {
		req.Log = io.MultiWriter(req.Log, &log)
	}
	err := b.Build(ctx, req, command.NewOutput(&out, &out).Merged(shown))
	if in, err := h.Docker.ImageInspect(context.WithoutCancel(ctx), req.Image); err == nil {
		// The next build may take its name from it.
		t.Cleanup(func() { _ = h.Docker.ImageRemove(context.Background(), in.ID, false) })
	}
	return Result{err, out.String(), log.String()}
}

// MustBuild builds files as an image with a name of its own, and fails the test
// when that fails.
func MustBuild(t testing.TB, h *plugin.Host, b build.Builder, files Files, req build.Request) (image string, r Result) {
	t.Helper()
	if req.Image == "" {
		req.Image = Image(t)
	}
	req.Dir = Source(t, files)
	r = Build(t.Context(), t, h, b, req)
	if r.Err != nil {
		t.Fatalf("%v\n%s\n%s", r.Err, r.Out, r.Log)
	}
	return req.Image, r
}

// Image is a name for an image that nothing else on the engine has.
func Image(t testing.TB) string { return dockertest.Name(t) + "/app:latest" }

// Content is what an image has below a folder: path relative to it, to content,
// or Link and the target. Folders are left out.
func Content(t testing.TB, engine docker.Engine, image, folder string) Files {
	t.Helper()
	id := dockertest.Create(t, engine, image, "/nothing")
	archive, err := engine.CopyFrom(t.Context(), id, folder)
	if errors.Is(err, docker.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files := Files{}
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(header.Name, path.Base(folder)+"/")
		switch header.Typeflag {
		case tar.TypeReg:
			content, err := io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(content)
		case tar.TypeSymlink:
			files[name] = Link + header.Linkname
		}
	}
}
