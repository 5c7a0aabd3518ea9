package builderdockerfile

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildtest"
	"github.com/slipwayhq/slipway/docker/dockertest"
)

// base is the image that hack/bootstrap provides.
const base = "busybox:stable"

// slow is a command that no other process on this machine runs.
const slow = "sleep 61.2345"

func TestConformance(t *testing.T) {
	buildtest.Run(t, buildtest.Subject{
		New:     New,
		Source:  buildtest.Files{"Dockerfile": "FROM scratch\nCOPY . /app/\nCMD [\"/app/none\"]\n"},
		Foreign: buildtest.Files{"index.html": "hello", "Dockerfile/x": "a folder"},
		Folder:  "/app",
		Failing: buildtest.Files{"Dockerfile": "FROM " + base + "\n\nRUN echo working; \\\n    echo complaint >&2; exit 42\n"},
		Says:    []string{"Dockerfile:3", "RUN echo working", "42"},
		Shows:   []string{"complaint", "working"},
		Slow:    buildtest.Files{"Dockerfile": "FROM " + base + "\nRUN echo $((40+2)) begun; " + slow + "\n"},
		Started: "42 begun",
	})
	dockertest.Eventually(t, "the cancelled step has ended", func() bool { return !processRuns(t, slow) })
}

// processRuns looks for a command line among all processes of this machine,
// those in containers included.
func processRuns(t *testing.T, command string) bool {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		line, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")) == command {
			return true
		}
	}
	return false
}

func TestConfigVarsReachOnlyWhatAsksForThem(t *testing.T) {
	h := buildtest.Host(t)
	files := buildtest.Files{"Dockerfile": "FROM " + base + "\nARG COLOUR=none\nARG SIZE=small\nARG GIVEN\n" +
		"RUN --mount=type=secret,id=TOKEN wc -c < /run/secrets/TOKEN > /length && echo $COLOUR $SIZE $GIVEN ${TOKEN:-unset} > /args\n" +
		"RUN mkdir /out && mv /length /args /out/\n"}
	req := build.Request{
		Env:  map[string]string{"COLOUR": "red; echo $(id)", "TOKEN": "hunter2", "GIVEN": "config"},
		Args: []string{"--build-arg", "GIVEN=option", "--label=team=a b"},
	}
	image, r := buildtest.MustBuild(t, h, New(h), files, req)
	got := buildtest.Content(t, h.Docker, image, "/out")
	if got["args"] != "red; echo $(id) small option unset\n" || strings.TrimSpace(got["length"]) != strconv.Itoa(len("hunter2")) {
		t.Errorf("the build saw %q", got)
	}
	if strings.Contains(r.Out+r.Log, "hunter2") || strings.Contains(r.Out+r.Log, "red; echo") {
		t.Errorf("values of config vars are in the output:\n%s\n%s", r.Out, r.Log)
	}
	in, err := h.Docker.ImageInspect(t.Context(), image)
	if err != nil || in.Labels["team"] != "a b" {
		t.Errorf("labels %v, %v", in.Labels, err)
	}
}

func TestDockerfilePath(t *testing.T) {
	h := buildtest.Host(t)
	if err := h.Register(Plugin(h)); err != nil {
		t.Fatal(err)
	}
	b := New(h)
	files := buildtest.Files{
		"docker/Dockerfile.prod":              "FROM scratch\nCOPY . /app/\n",
		"docker/Dockerfile.prod.dockerignore": "notes\n",
		"Dockerfile":                          "FROM nosuch\n", ".dockerignore": "kept\n", "kept": "x", "notes": "x",
	}
	if err := h.Store.Set(dockerfilePath, buildtest.App, "docker/Dockerfile.prod"); err != nil {
		t.Fatal(err)
	}
	req := build.Request{Image: buildtest.Image(t), Dir: buildtest.Source(t, files)}
	if err := h.Bus.Event(t.Context(), "core-post-extract", buildtest.App, req.Dir, ""); err != nil {
		t.Fatal(err)
	}
	if r := buildtest.Build(t.Context(), t, h, b, req); r.Err != nil {
		t.Fatalf("%v\n%s", r.Err, r.Log)
	}
	got := buildtest.Content(t, h.Docker, req.Image, "/app")
	if _, old := got["docker/Dockerfile.prod"]; old || got["Dockerfile"] != files["docker/Dockerfile.prod"] {
		t.Errorf("the Dockerfile was not renamed: %v", got)
	}
	if _, notes := got["notes"]; notes || got["kept"] != "x" {
		t.Errorf("the image has %v", got)
	}
	if err := h.Store.Set(dockerfilePath, buildtest.App, "Dockerfile.gone"); err != nil {
		t.Fatal(err)
	}
	err := h.Bus.Event(t.Context(), "core-post-extract", buildtest.App, buildtest.Source(t, files), "")
	if err == nil || !strings.Contains(err.Error(), "Invalid dockerfile-path specified: Dockerfile.gone") {
		t.Errorf("a Dockerfile that is not there: %v", err)
	}
}

func TestMessages(t *testing.T) {
	h := buildtest.Host(t)
	for dockerfile, want := range map[string]string{
		"":                                "empty",
		"FROM " + base + "\nBOGUS x\n":    "Dockerfile:2: unknown instruction: BOGUS",
		"FROM " + base + "\nCOPY nix /\n": "The build failed at Dockerfile:2: nix is not in the source",
		"FROM nosuch.invalid/none:1\n":    "Cannot pull the image nosuch.invalid/none:1 (Dockerfile:1): its registry cannot be found",
		"# syntax=nosuch.invalid/front:1\n" + "FROM scratch\n":                         "Remove that line",
		"FROM " + base + "\nRUN --mount=type=secret,id=NPM_TOKEN,required=true true\n": "dokku config:set --no-restart blog NPM_TOKEN=",
		"FROM " + base + " AS a\nRUN true\nFROM a\nRUN false\n":                        "Dockerfile:4",
	} {
		req := build.Request{Image: buildtest.Image(t), Dir: buildtest.Source(t, buildtest.Files{"Dockerfile": dockerfile})}
		r := buildtest.Build(t.Context(), t, h, New(h), req)
		if r.Err == nil || !strings.Contains(r.Err.Error(), want) {
			t.Errorf("%q: %v", dockerfile, r.Err)
		}
	}
	r := buildtest.Build(t.Context(), t, h, New(h), build.Request{Image: buildtest.Image(t), Dir: t.TempDir()})
	if r.Err == nil || !strings.Contains(r.Err.Error(), "There is no Dockerfile in the source") {
		t.Errorf("no Dockerfile: %v", r.Err)
	}
}

// Security: the message about a Dockerfile quotes it.
func TestDockerfileIsNotReadThroughALink(t *testing.T) {
	h := buildtest.Host(t)
	secret := buildtest.Source(t, buildtest.Files{"shadow": "root:hash\n"})
	dir := buildtest.Source(t, buildtest.Files{"Dockerfile": buildtest.Link + filepath.Join(secret, "shadow")})
	r := buildtest.Build(t.Context(), t, h, New(h), build.Request{Image: buildtest.Image(t), Dir: dir})
	if r.Err == nil || strings.Contains(r.Err.Error()+r.Out+r.Log, "hash") {
		t.Errorf("%v\n%s\n%s", r.Err, r.Out, r.Log)
	}
}

// Security: a COPY through a link must not read the server's files.
func TestCopyThroughALinkStaysInTheSource(t *testing.T) {
	h := buildtest.Host(t)
	outside := buildtest.Source(t, buildtest.Files{"shadow": "root:hash\n", "deep/shadow": "root:hash\n"})
	for _, path := range []string{"folder/shadow", "folder/", "folder/*", "folder/deep/shadow", "file", "in/folder/deep"} {
		req := build.Request{Image: buildtest.Image(t), Dir: buildtest.Source(t, buildtest.Files{
			"Dockerfile": "FROM scratch\nCOPY kept /app/\nCOPY " + path + " /app/\n", "kept": "x",
			"folder": buildtest.Link + outside, "file": buildtest.Link + outside + "/shadow", "in/folder": buildtest.Link + outside,
			".dockerignore": buildtest.Link + outside + "/shadow",
		})}
		r := buildtest.Build(t.Context(), t, h, New(h), req)
		if r.Err == nil {
			for name, content := range buildtest.Content(t, h.Docker, req.Image, "/app") {
				if strings.Contains(content, "hash") {
					t.Errorf("COPY %s brought %s into the image", path, name)
				}
			}
		} else if strings.Contains(r.Err.Error(), "hash") {
			t.Error(r.Err)
		}
	}
}

func TestLoginsOfTheApp(t *testing.T) {
	h := buildtest.Host(t)
	ref := dockertest.Registry(t, "base", dockertest.Spec{Files: dockertest.BusyBoxFiles(t)}, "user", "word")
	files := buildtest.Files{"Dockerfile": "FROM " + ref + "\nRUN true\n"}
	req := build.Request{Image: buildtest.Image(t), Dir: buildtest.Source(t, files)}
	r := buildtest.Build(t.Context(), t, h, New(h), req)
	if r.Err == nil || !strings.Contains(r.Err.Error(), "needs a login") {
		t.Fatalf("without a login: %v", r.Err)
	}
	host, _, _ := strings.Cut(ref, "/")
	config := `{"auths":{"` + host + `":{"username":"user","password":"word"}}}`
	if err := h.Store.WriteFile(h.Store.LibPath("config", "registry", buildtest.App, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := buildtest.Build(t.Context(), t, h, New(h), req); r.Err != nil {
		t.Fatalf("with the app's login: %v\n%s", r.Err, r.Log)
	}
}

func TestDockerfilePathStaysInTheSource(t *testing.T) {
	for _, path := range []string{"/etc/passwd", "../Dockerfile", "a/../../b"} {
		if inSource(path) == nil {
			t.Errorf("%s was accepted", path)
		}
	}
}
