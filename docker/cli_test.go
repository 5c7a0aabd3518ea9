package docker

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// standIn writes a program that stands in for docker: it keeps its arguments and environment, and says what it is told to.
func standIn(t *testing.T, script string) (cli CLI, args, env func() []string) {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "docker")
	text := "#!/bin/sh\nprintf '%s\\0' \"$@\" > " + dir + "/args\ncat /proc/self/environ > " + dir + "/env\n" + script
	if err := os.WriteFile(bin, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	read := func(name string) func() []string {
		return func() []string {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
		}
	}
	return CLI{Bin: bin, Host: "unix:///engine.sock"}, read("args"), read("env")
}

// A security test: values of variables are secrets, and every user of the machine sees the list of processes.
func TestCreateKeepsSecretsOutOfTheListOfProcesses(t *testing.T) {
	t.Setenv("SLIPWAY_OWN_SECRET", "hidden")
	cli, args, env := standIn(t, `cat /dev/fd/3 > "${0%/*}/file"; echo 4f1c`)
	c := &Client{host: cli.Host, cli: cli}
	id, err := c.Create(t.Context(), []string{
		"--name=x", "--env=TOKEN=geheim", "--env=PATH=/app/bin", "--env=DOCKER_TOKEN=a=b #c ", "--env=LC_ALL=x\ny", "--env=KEY=a\nb", "--init", "--env=LATE=seen", "image", "--env=TOKEN=x",
	})
	if err != nil || id != "4f1c" {
		t.Fatalf("%q, %v", id, err)
	}
	want := []string{
		"container", "create", "--env-file=/dev/fd/3",
		"--name=x", "--env=TOKEN", "--env=LC_ALL=x\ny", "--env=KEY", "--init", "--env=LATE=seen", "image", "--env=TOKEN=x",
	}
	if !slices.Equal(args(), want) {
		t.Errorf("arguments are %q, want %q", args(), want)
	}
	file, err := os.ReadFile(filepath.Join(filepath.Dir(cli.Bin), "file"))
	if want := "PATH=/app/bin\nDOCKER_TOKEN=a=b #c \n"; err != nil || string(file) != want {
		t.Errorf("the file of variables is %q (%v), want %q", file, err, want)
	}
	for _, entry := range []string{"TOKEN=geheim", "KEY=a\nb", "DOCKER_HOST=unix:///engine.sock", "PATH=" + os.Getenv("PATH")} {
		if !slices.Contains(env(), entry) {
			t.Errorf("environment %q lacks %q", env(), entry)
		}
	}
	if slices.Contains(env(), "SLIPWAY_OWN_SECRET=hidden") {
		t.Error("docker's command got this process's own variables")
	}
}

func TestCreateCarriesDockersWords(t *testing.T) {
	cli, _, _ := standIn(t, "echo 'Error response from daemon: Conflict. The name is already in use by container 1.' >&2; exit 125")
	_, err := (&Client{host: cli.Host, cli: cli}).Create(t.Context(), []string{"image"})
	want := "cannot create a container: Conflict. The name is already in use by container 1."
	if !errors.Is(err, ErrConflict) || err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	missing := CLI{Bin: filepath.Join(t.TempDir(), "docker")}
	if _, err := (&Client{cli: missing}).Create(t.Context(), nil); err == nil || !strings.HasPrefix(err.Error(), "cannot run the docker command") {
		t.Errorf("without a docker command: %v", err)
	}
}

func TestCommandEndsWithItsChildren(t *testing.T) {
	cli, _, _ := standIn(t, "sleep 1000 & echo started; wait")
	ctx, cancel := context.WithCancel(t.Context())
	cmd := cli.Command(ctx)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := make([]byte, len("started\n"))
	if _, err := io.ReadFull(stdout, started); err != nil {
		t.Fatal(err)
	}
	cancel()
	if rest, err := io.ReadAll(stdout); err != nil || len(rest) > 0 { // ends when nobody holds the other end, the child included
		t.Errorf("%q, %v", rest, err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("ended well")
	}
}

func FuzzHideEnv(f *testing.F) {
	f.Add("--env=A=1\x1f--name=x\x1f--env=B=\x1f--env=C\x1f--env==\x1fimage\x1f--env=D=1")
	f.Add("--env=PATH=/x\x1f-e\x1f--env=A=1")
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x1f")
		rest, env := hideEnv(args)
		back := slices.Clone(rest)
		for i := range back { // put each value back where its option lost it
			if len(env) > 0 && back[i] != args[i] {
				name, _, _ := strings.Cut(env[0], "=")
				if back[i] != "--env="+name {
					t.Fatalf("%q became %q", args[i], back[i])
				}
				back[i], env = "--env="+env[0], env[1:]
			}
		}
		if !slices.Equal(back, args) || len(env) != 0 {
			t.Errorf("%q became %q, with %q left", args, rest, env)
		}
	})
}

func TestCreateWithoutDockersCommandSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := (&Client{}).Create(t.Context(), []string{"image"})
	if err == nil || err.Error() != "cannot run the docker command: there is no docker in PATH; install it with the package docker-ce-cli or docker.io" {
		t.Errorf("got %v", err)
	}
}
