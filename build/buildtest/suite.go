package buildtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
)

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	tests := map[string]func(*testing.T, Subject){"Name": testName, "Detect": testDetect, "CancelledBefore": testCancelledBefore}
	if s.Source != nil {
		maps.Copy(tests, map[string]func(*testing.T, Subject){
			"TagsAndLabels": testTagsAndLabels, "Files": testFiles, "LinksAreNotFollowed": testLinks,
			"ChangedFileOfSameSizeAndTime": testSameSizeAndTime, "ConfigStaysOut": testConfigStaysOut,
			"SeveralAtOnce": testSeveral, "UnknownOption": testUnknownOption,
		})
	}
	if s.Failing != nil {
		tests["Failing"] = testFailing
	}
	if s.Slow != nil {
		tests["CancelledDuring"] = testCancelledDuring
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

func testName(t *testing.T, s Subject) {
	if name := s.New(Host(t)).Name(); !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(name) {
		t.Errorf("%q cannot be typed in builder:set", name)
	}
}

func testDetect(t *testing.T, s Subject) {
	b := s.New(Host(t))
	for _, c := range []struct {
		what  string
		files Files
		want  bool
	}{
		{"its source", s.Source, s.Source != nil}, {"nothing", Files{}, false}, {"another's source", s.Foreign, false},
	} {
		got, err := b.Detect(t.Context(), App, Source(t, c.files))
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.what, got, err)
		}
	}
}

func testTagsAndLabels(t *testing.T, s Subject) {
	h := Host(t)
	labels := map[string]string{"dokku": "", "com.dokku.app-name": App, "odd": `ä "quoted" $HOME 'x' a=b, c\d`}
	image, r := MustBuild(t, h, s.New(h), s.Source, build.Request{Labels: labels})
	in, err := h.Docker.ImageInspect(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range labels {
		if got, ok := in.Labels[name]; !ok || got != want {
			t.Errorf("label %s is %q, %v", name, got, ok)
		}
	}
	if r.Log == "" {
		t.Error("nothing is in the log")
	}
	for line := range strings.Lines(r.Out) {
		if !strings.HasPrefix(line, "       ") && !strings.HasPrefix(line, "----->") {
			t.Errorf("not one of the kinds of line: %q", line)
		}
	}
}

func testFiles(t *testing.T, s Subject) {
	h := Host(t)
	files := maps.Clone(s.Source)
	want := Files{
		"größe/日本語.txt": "unicode", "with space.txt": "spaces", "a'b\"c$d.txt": "quotes", "deep/er/and/deeper.txt": "deep",
		"empty.txt": "", "-rf": "a dash", "link.txt": Link + "with space.txt", "folder": Link + "deep/er",
	}
	maps.Copy(files, want)
	image, _ := MustBuild(t, h, s.New(h), files, build.Request{})
	got := Content(t, h.Docker, image, s.Folder)
	for name, content := range want {
		if has, ok := got[name]; !ok || has != content {
			t.Errorf("%s is %q, %v, want %q", name, has, ok, content)
		}
	}
}

// A link in a source must not bring files of the server into the image.
func testLinks(t *testing.T, s Subject) {
	h := Host(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("the server's secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(s.Source)
	files["absolute"] = Link + secret
	files["folder"] = Link + filepath.Dir(secret)
	files["upwards"] = Link + strings.Repeat("../", 20) + secret[1:]
	image, _ := MustBuild(t, h, s.New(h), files, build.Request{})
	for name, content := range Content(t, h.Docker, image, s.Folder) {
		if strings.Contains(content, "the server's secret") {
			t.Errorf("%s brought the secret into the image", name)
		}
	}
}

// Archives and git make files with the same times; a stale image would be
// deployed if size and time were all that counted.
func testSameSizeAndTime(t *testing.T, s Subject) {
	h := Host(t)
	b := s.New(h)
	repository := dockertest.Name(t) + "/app"
	for tag, content := range []string{"first.", "second"} {
		req := build.Request{Image: fmt.Sprintf("%s:%d", repository, tag)}
		files := maps.Clone(s.Source)
		files["page.txt"] = content
		req.Dir = Source(t, files)
		long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(req.Dir, "page.txt"), long, long); err != nil {
			t.Fatal(err)
		}
		if r := Build(t.Context(), t, h, b, req); r.Err != nil {
			t.Fatalf("%v\n%s", r.Err, r.Log)
		}
		if got := Content(t, h.Docker, req.Image, s.Folder)["page.txt"]; got != content {
			t.Errorf("the image has %q, want %q", got, content)
		}
	}
}

func testConfigStaysOut(t *testing.T, s Subject) {
	h := Host(t)
	image, r := MustBuild(t, h, s.New(h), s.Source, build.Request{Env: map[string]string{"API_KEY": "hunter2hunter2"}})
	in, err := h.Docker.ImageInspect(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"environment": strings.Join(in.Env, "\n"), "output": r.Out, "log": r.Log} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("a config var that nothing asks for is in the %s", what)
		}
	}
}

func testSeveral(t *testing.T, s Subject) {
	h := Host(t)
	b := s.New(h)
	var wg sync.WaitGroup
	for _, content := range []string{"one", "two", "three"} {
		files := maps.Clone(s.Source)
		files["page.txt"] = content
		req := build.Request{Image: Image(t), Dir: Source(t, files)}
		wg.Go(func() {
			if r := Build(t.Context(), t, h, b, req); r.Err != nil {
				t.Errorf("%v\n%s", r.Err, r.Log)
			}
		})
		defer func() {
			if got := Content(t, h.Docker, req.Image, s.Folder)["page.txt"]; got != content {
				t.Errorf("the image of %s has %q", content, got)
			}
		}()
	}
	wg.Wait()
}

func testUnknownOption(t *testing.T, s Subject) {
	h := Host(t)
	r := Build(t.Context(), t, h, s.New(h), build.Request{Image: Image(t), Dir: Source(t, s.Source), Args: []string{"--no-such-option=1"}})
	if e := (*command.Error)(nil); !errors.As(r.Err, &e) || !strings.Contains(e.Message, "--no-such-option") {
		t.Errorf("the error does not name the option: %v", r.Err)
	}
}

func testFailing(t *testing.T, s Subject) {
	h := Host(t)
	b := s.New(h)
	req := build.Request{Image: Image(t)}
	if s.Source != nil {
		MustBuild(t, h, b, s.Source, req)
	}
	before, _ := h.Docker.ImageInspect(t.Context(), req.Image)
	req.Dir = Source(t, s.Failing)
	r := Build(t.Context(), t, h, b, req)
	e := (*command.Error)(nil)
	if !errors.As(r.Err, &e) {
		t.Fatalf("not an error for users: %v", r.Err)
	}
	for _, want := range s.Says {
		if !strings.Contains(e.Message, want) {
			t.Errorf("the error does not say %q: %s", want, e.Message)
		}
	}
	for _, want := range s.Shows {
		if !strings.Contains(r.Out, want) {
			t.Errorf("%q was not shown:\n%s\n%s", want, r.Out, r.Log)
		}
	}
	if after, _ := h.Docker.ImageInspect(t.Context(), req.Image); after.ID != before.ID {
		t.Errorf("the image before is gone: %q, now %q", before.ID, after.ID)
	}
}

func testCancelledBefore(t *testing.T, s Subject) {
	h := Host(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req := build.Request{Image: Image(t), Dir: Source(t, s.Source)}
	if r := Build(ctx, t, h, s.New(h), req); !errors.Is(r.Err, context.Canceled) {
		t.Errorf("the error is %v", r.Err)
	}
	if _, err := h.Docker.ImageInspect(t.Context(), req.Image); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("there is an image all the same: %v", err)
	}
}

// promptly is how long a cancelled build may take to return.
const promptly = 3 * time.Second

func testCancelledDuring(t *testing.T, s Subject) {
	h := Host(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var cancelled time.Time
	var once sync.Once
	log := &watched{text: s.Started, found: func() { once.Do(func() { cancelled = time.Now(); cancel() }) }}
	timer := time.AfterFunc(dockertest.Patience, cancel)
	defer timer.Stop()
	req := build.Request{Image: Image(t), Dir: Source(t, s.Slow), Log: log}
	r := buildShowing(ctx, t, h, s.New(h), req, log)
	took := time.Since(cancelled)
	if cancelled.IsZero() {
		t.Fatalf("%q is not in the output: %v\n%s\n%s", s.Started, r.Err, r.Out, r.Log)
	}
	if !errors.Is(r.Err, context.Canceled) {
		t.Errorf("the error is %v", r.Err)
	}
	if took > promptly {
		t.Errorf("it went on for %v", took)
	}
	if _, err := h.Docker.ImageInspect(t.Context(), req.Image); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("there is an image all the same: %v", err)
	}
}

// watched calls found when text was written.
type watched struct {
	mu    sync.Mutex
	text  string
	found func()
	all   bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.all.Write(p)
	if bytes.Contains(w.all.Bytes(), []byte(w.text)) {
		w.found()
	}
	return n, err
}
