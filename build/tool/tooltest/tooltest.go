// Package tooltest tests a builder that runs a program of the host, with a
// program in its place that writes down its arguments and makes an image as a
// real one does.
package tooltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildtest"
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
)

// Subject is the builder under test.
type Subject struct {
	New     func(h *plugin.Host) build.Builder
	Feature tool.Feature
	Program string
	Named   string   // the option before the image's name; "" when it is the second word
	Options []string // of docker-options
	Wanted  []string // the argument vector that they and the config make: $IMAGE and $DIR stand for what they are
	Files   buildtest.Files
	Script  string // what the program does besides
	Check   func(t *testing.T, h *plugin.Host, image string)
}

// Run builds a source with the file of the feature and a Procfile.
func Run(t *testing.T, s Subject) {
	t.Helper()
	h := buildtest.Host(t)
	if err := h.Register(s.Feature.Plugin(h)); err != nil {
		t.Fatal(err)
	}
	bin, said := t.TempDir(), filepath.Join(t.TempDir(), "said")
	base := dockertest.BusyBox(t, h.Docker)
	script := "#!/bin/sh\nset -e\nprintf '%s\\n' \"$@\" >" + said + "\ncat Procfile >>" + said + "\nname=$2\n"
	script += "while [ $# -gt 0 ]; do if [ \"$1\" = '" + s.Named + "' ]; then name=$2; fi; shift; done\n"
	script += "echo '-----> made by a stand-in'\ndocker tag " + base + " \"$name\"\n" + s.Script
	if err := os.WriteFile(filepath.Join(bin, s.Program), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	files := buildtest.Files{s.Feature.File: "", "Procfile": "web: serve\nrelease: migrate\n"}
	for name, content := range s.Files {
		files[name] = content
	}
	b := s.New(h)
	req := build.Request{
		Image: buildtest.Image(t), Dir: buildtest.Source(t, files), Args: s.Options,
		Env: map[string]string{"API_KEY": "hunter2hunter2", "LD_PRELOAD": "/x.so"}, Labels: map[string]string{"com.dokku.image-stage": "release"},
	}
	if found, err := b.Detect(t.Context(), buildtest.App, req.Dir); !found || err != nil {
		t.Errorf("its file is not detected: %v", err)
	}
	if answer, err := h.Bus.Query(t.Context(), "builder-detect", buildtest.App, req.Dir); answer != b.Name() || err != nil {
		t.Errorf("builder-detect answers %q, %v", answer, err)
	}
	h.Exec.Env = []string{"PATH=" + t.TempDir()}
	r := buildtest.Build(t.Context(), t, h, b, req)
	if r.Err == nil || !strings.HasPrefix(r.Err.Error(), "Missing "+s.Program+", install it\nIt is to be had at https://") {
		t.Errorf("without the program: %v", r.Err)
	}
	h.Exec.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	if r = buildtest.Build(t.Context(), t, h, b, req); r.Err != nil {
		t.Fatalf("%v\n%s\n%s", r.Err, r.Out, r.Log)
	}
	if !strings.Contains(r.Out, "-----> made by a stand-in\n") {
		t.Errorf("what the program said is not shown: %s", r.Out)
	}
	got, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "hunter2") {
		t.Error("the value of a config var is among the arguments")
	}
	text := strings.NewReplacer(req.Image, "$IMAGE", req.Dir, "$DIR").Replace(string(got))
	if diff := cmp.Diff(strings.Join(s.Wanted, "\n")+"\n", text); diff != "" {
		t.Error(diff)
	}
	in, err := h.Docker.ImageInspect(t.Context(), req.Image)
	if err != nil || in.Labels["com.dokku.image-stage"] != "release" {
		t.Errorf("the image has the labels %v, %v", in.Labels, err)
	}
	if procfile, err := os.ReadFile(filepath.Join(req.Dir, "Procfile")); string(procfile) != files["Procfile"] || err != nil {
		t.Errorf("the Procfile is now %q, %v", procfile, err)
	}
	if s.Check != nil {
		s.Check(t, h, req.Image)
	}
}
