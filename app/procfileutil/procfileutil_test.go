package procfileutil

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/app"
)

const example = "# the app\nworker: bin/work $QUEUE\nweb: bin/web --port $PORT --name ${PS} $(hostname)  # main\nRelease_1: bin/release\n"

func util(t *testing.T, stdin io.Reader, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	env := map[string]string{"QUEUE": "urgent"}
	code = Main(args, "1.2.3", Streams{Getenv: func(name string) string { return env[name] }, In: stdin, Out: &out, Err: &errs})
	return out.String(), errs.String(), code
}

func TestVerbs(t *testing.T) {
	dir := t.TempDir()
	path, envFile := filepath.Join(dir, "Procfile"), filepath.Join(dir, "env")
	for name, text := range map[string]string{path: example, envFile: "QUEUE=slow\nPORT=1\n", filepath.Join(dir, "other"): "web=x\n#y\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args string
		want string
		code int
	}{
		{"check", "valid procfile detected Release_1, web, worker\n", 0},
		{"list", "Release_1\nweb\nworker\n", 0},
		{"exists -p web", "", 0},
		{"exists --process-type clock", "no matching process entry found\n", 1},
		{"show -p web", "bin/web --port 5000 --name web $(hostname)\n", 0},
		{"show -p web --default-port 3000", "bin/web --port 3000 --name web $(hostname)\n", 0},
		{"show -p worker", "bin/work \n", 0},
		{"show -p worker --allow-getenv", "bin/work urgent\n", 0},
		{"show -p worker --env-file " + envFile, "bin/work slow\n", 0},
		{"show -p worker -a -e " + envFile, "bin/work slow\n", 0},
		{"show -p worker -e /none", "error processing command: open /none: no such file or directory\n", 1},
		{"show -p clock", "no matching process entry found\n", 1},
		{"show -p web -d x", "Invalid default port value: \"x\"\n", 1},
		{"expand -p worker -a", "worker: bin/work urgent\n", 0},
		{"delete -p web --stdout", "Release_1: bin/release\nworker: bin/work $QUEUE\n", 0},
		{"set -p web -c bin/other --stdout", "Release_1: bin/release\nweb: bin/other\nworker: bin/work $QUEUE\n", 0},
		{"set -p web", "[-p|--process-type] and [-c|--command] are required\n", 1},
		{"set -p we/b -c x", "line 1 of the Procfile: \"we/b\": process type may only contain letters, digits, underscores and hyphens, and at most 63 of them\n", 1},
		{"delete", "[-p|--process-type] is required\n", 1},
		{"delete -p web --stdout -w /x", "cannot specify both --stdout and --write-path flags\n", 1},
		{"check --strict", "process name contains invalid characters: Release_1\n", 1},
		{"check -D = -P " + filepath.Join(dir, "other"), "valid procfile detected web\n", 0},
		{"check -P /none", "open /none: no such file or directory\n", 1},
		{"export", "usage: procfile-util check|delete|exists|expand|list|set|show [--procfile PATH] [--process-type TYPE]\n", 1},
		{"--version", "procfile-util 1.2.3\n", 0},
	} {
		args := strings.Fields(test.args)
		if !strings.Contains(test.args, "-P") {
			args = append(args, "--procfile", path)
		}
		stdout, stderr, code := util(t, nil, args...)
		if stdout+stderr != test.want || code != test.code {
			t.Errorf("%s: %d %q %q, want %q", test.args, code, stdout, stderr, test.want)
		}
	}
	if _, stderr, code := util(t, nil, "set", "-P", path, "-p", "web", "-c", "bin/new"); code != 0 {
		t.Fatal(stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "Release_1: bin/release\nweb: bin/new\nworker: bin/work $QUEUE\n" {
		t.Errorf("%q %v", text, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st, err)
	}
}

func TestAProcfileMayBePipedIn(t *testing.T) {
	if got, stderr, code := util(t, strings.NewReader("web: x\n"), "list", "-P", "/none/Procfile"); got != "web\n" || code != 0 {
		t.Errorf("%d %q %q", code, got, stderr)
	}
}

// What delete and set write is a Procfile again.
func FuzzParse(f *testing.F) {
	f.Add(example, ":")
	f.Add("web= x\n", "=")
	f.Fuzz(func(t *testing.T, text, delimiter string) {
		processes, err := parse(text, delimiter, false)
		if err != nil {
			return
		}
		var b strings.Builder
		for _, p := range processes {
			b.WriteString(p.Type + ": " + p.Command + "\n")
		}
		again, err := parse(b.String(), ":", false)
		if err != nil || len(again) != len(processes) {
			t.Fatalf("%q: %v", b.String(), err)
		}
		for i := range again {
			if again[i] != (app.Process{Type: processes[i].Type, Command: processes[i].Command}) {
				t.Errorf("%v became %v", processes[i], again[i])
			}
		}
	})
}
