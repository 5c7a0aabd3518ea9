package tool

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// fakeProgram is a folder for PATH with a program of that name.
func fakeProgram(t *testing.T, name, script string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func host(t *testing.T, path string) *plugin.Host {
	t.Helper()
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return &plugin.Host{Store: store, CLI: docker.CLI{Host: "unix:///own.sock"}, Exec: plugin.Exec{Env: []string{"PATH=" + path + ":" + os.Getenv("PATH")}}}
}

func TestTheProgramRunsInTheSourceWithTheConfig(t *testing.T) {
	h := host(t, fakeProgram(t, "pack", `echo "$PWD: $*"; env | grep -E '^(A|B|LD_PRELOAD|DOCKER_HOST|GIT_REV|GOOGLE)=' | sort; echo complaint >&2`))
	var out bytes.Buffer
	req := build.Request{App: "blog", Dir: t.TempDir(), Env: map[string]string{
		"A": "1; id", "B": "two\nlines", "PATH": "/evil", "LD_PRELOAD": "/evil.so", "DOCKER_HOST": "tcp://evil", "GIT_REV": "abc", "GOOGLE": "x",
	}}
	if err := (Tool{Program: "pack"}).Run(t.Context(), h, req, command.NewOutput(&out, &out), "build", "a b"); err != nil {
		t.Fatal(err)
	}
	want := req.Dir + ": build a b\nA=1; id\nB=two\nDOCKER_HOST=unix:///own.sock\nGIT_REV=abc\nGOOGLE=x\ncomplaint\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestAProgramThatIsMissingOrFails(t *testing.T) {
	h := host(t, fakeProgram(t, "other", "exit 7"))
	out := command.NewOutput(&bytes.Buffer{}, &bytes.Buffer{})
	for program, want := range map[string]string{
		"nosuchprogram": "Missing nosuchprogram, install it\nIt is to be had at https://example.com; then deploy again",
		"other":         "Failure building image: other ended with exit code 7",
	} {
		err := Tool{Program: program, Install: "https://example.com"}.Run(t.Context(), h, build.Request{Dir: t.TempDir()}, out)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestPick(t *testing.T) {
	options := Values("--env,-e", "--pkgs,-p").With("--no-cache")
	for args, want := range map[string]string{
		"--env A --build-arg B -e=C --pkgs=ffmpeg --no-cache": "--env A --env C --pkgs ffmpeg --no-cache",
		"-e A=b --memory 1g": "--env A=b",
		"--no-cache=true -p": "--no-cache",
		"":                   "",
	} {
		if got := strings.Join(options.Pick(strings.Fields(args)), " "); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}

func FuzzPick(f *testing.F) {
	f.Add("--env A -e=B --x y --no-cache")
	options := Values("--env,-e").With("--no-cache")
	f.Fuzz(func(t *testing.T, line string) {
		picked := options.Pick(strings.Fields(line))
		for i := 0; i < len(picked); i++ {
			switch picked[i] {
			case "--env":
				i++
			case "--no-cache":
			default:
				t.Errorf("%q: %q", line, picked)
			}
		}
	})
}

func TestRename(t *testing.T) {
	for _, c := range []struct {
		what, path string
		files      []string
		want       string
	}{
		{"its own name", "a.toml", []string{"a.toml"}, "a.toml"},
		{"another file", "b.toml", []string{"a.toml", "b.toml"}, "a.toml"},
		{"a file that is not there", "b.toml", []string{"a.toml"}, ""},
		{"neither", "b.toml", nil, ""},
	} {
		dir := t.TempDir()
		for _, f := range c.files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(f), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := Rename(dir, c.path, "a.toml"); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || (c.want == "") != (len(names) == 0) {
			t.Errorf("%s: %q, %v", c.what, names, err)
		}
		if text, _ := os.ReadFile(filepath.Join(dir, "a.toml")); c.want != "" && string(text) != c.path {
			t.Errorf("%s: %q", c.what, text)
		}
	}
}

func TestWithoutRelease(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "Procfile")
	const text = "# all\nweb: serve\nrelease: migrate\nworker: work\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var seen []byte
	if err := WithoutRelease(dir, func() (err error) { seen, err = os.ReadFile(file); return err }); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(file)
	if string(seen) != "# all\nweb: serve\nworker: work\n" || string(after) != text || err != nil {
		t.Errorf("%q, then %q, %v", seen, after, err)
	}
}

func TestKeys(t *testing.T) {
	got := Keys(map[string]string{"B": "", "A": "", "PATH": "", "LD_LIBRARY_PATH": "", "DOCKER_TLS_VERIFY": "", "GIT_SSH_COMMAND": ""})
	if !slices.Equal(got, []string{"A", "B"}) {
		t.Error(got)
	}
}
