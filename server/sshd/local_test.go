package sshd

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/slipwayhq/slipway/internal/authkeys"
	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/plugin"
)

// clientDir is where client builds; set by TestMain.
var clientDir string

// client builds the thin client once for all tests and returns its path.
var client = sync.OnceValues(func() (string, error) {
	path := filepath.Join(clientDir, "slipway")
	cmd := exec.Command("go", "build", "-o", path, "github.com/slipwayhq/slipway/cmd/slipway")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "slipway-client-")
	if err != nil {
		panic(err)
	}
	clientDir = dir
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// slipway is the thin client, not started yet. env comes on top of the socket.
func (r *rig) slipway(env []string, args ...string) *exec.Cmd {
	r.t.Helper()
	path, err := client()
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append([]string{"SLIPWAY_SOCKET=" + r.socket, "PATH=" + os.Getenv("PATH")}, env...)
	cmd.Dir = r.dir
	return cmd
}

func TestClientPassesEverythingThrough(t *testing.T) {
	r := newRig(t, nil)
	if got := runCommand(t, r.slipway(nil, "exit", "7")); got != (result{"to stdout\n", "to stderr\n", 7}) {
		t.Errorf("got %+v", got)
	}
	if got := runCommand(t, r.slipway(nil, "argv", "a b", "", "it's", "line\nline", `\`, "$(x)", "*")); got.stdout != `["a b" "" "it's" "line\nline" "\\" "$(x)" "*"]`+"\n" {
		t.Errorf("got %+v", got)
	}
	data := make([]byte, 10<<20)
	_, _ = rand.Read(data)
	cmd := r.slipway(nil, "cat")
	cmd.Stdin = bytes.NewReader(data)
	if got := runCommand(t, cmd); got.stdout != string(data) || got.code != 0 {
		t.Errorf("%d bytes came back: %d %s", len(got.stdout), got.code, got.stderr)
	}
}

func TestClientDoesNotWaitForItsInput(t *testing.T) {
	r := newRig(t, nil)
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pw.Close()
	defer pr.Close()
	cmd := r.slipway(nil, "exit", "3")
	cmd.Stdin = pr
	if got := runCommand(t, cmd); got.code != 3 {
		t.Errorf("got %+v", got)
	}
}

// In `while read app; do dokku …; done < apps` the input is the loop's.
func TestInputIsLeftAloneUntilTheCommandReads(t *testing.T) {
	r := newRig(t, nil)
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pr.Close()
	if _, err := pw.WriteString("for the loop"); err != nil {
		t.Fatal(err)
	}
	pw.Close()
	cmd := r.slipway(nil, "who")
	cmd.Stdin = pr
	if got := runCommand(t, cmd); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	if left, err := io.ReadAll(pr); err != nil || string(left) != "for the loop" {
		t.Errorf("left: %q %v", left, err)
	}
}

func TestTheUserOfTheDaemonIsRoot(t *testing.T) {
	r := newRig(t, nil)
	if got := runCommand(t, r.slipway(nil, "who")); !strings.HasSuffix(got.stdout, "key= fp= root=true\n") {
		t.Errorf("got %+v", got)
	}
}

// asNobody makes a command run as another user; it needs root.
func asNobody(t *testing.T, r *rig, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	for dir := r.dir; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(cmd.Path), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

// Security.
func TestTheSystemUserIsNotRoot(t *testing.T) {
	r := newRig(t, &plugin.Credential{UID: 65534, GID: 65534})
	got := runCommand(t, asNobody(t, r, r.slipway(nil, "who")))
	if !strings.HasSuffix(got.stdout, "key= fp= root=false\n") {
		t.Errorf("got %+v", got)
	}
}

// Security.
func TestOtherUsersAreRefused(t *testing.T) {
	r := newRig(t, nil)
	got := runCommand(t, asNobody(t, r, r.slipway(nil, "who")))
	if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, " may not use Slipway. Run the command as root or as dokku") {
		t.Errorf("got %+v", got)
	}
}

func TestForcedCommandActsAsTheKey(t *testing.T) {
	r := newRig(t, nil)
	env := []string{"FINGERPRINT=SHA256:x", "NAME=ann", "SSH_ORIGINAL_COMMAND=who"}
	if got := runCommand(t, r.slipway(env, "exit", "9")); !strings.HasSuffix(got.stdout, "key=ann fp=SHA256:x root=false\n") {
		t.Errorf("got %+v", got)
	}
	env[2] = `SSH_ORIGINAL_COMMAND=argv 'a b' "c;d" $(x) *`
	if got := runCommand(t, r.slipway(env)); got.stdout != `["a b" "c;d" "$(x)" "*"]`+"\n" {
		t.Errorf("got %+v", got)
	}
	env[2] = "SSH_ORIGINAL_COMMAND=argv 'a"
	if got := runCommand(t, r.slipway(env)); got.code != 1 || got.stderr != " !     The command cannot be read: a single quote is not closed\n" {
		t.Errorf("got %+v", got)
	}
}

func TestOnlyAllowedVariablesTravel(t *testing.T) {
	r := newRig(t, nil)
	got := runCommand(t, r.slipway([]string{"SECRET=x", "DOKKU_TRACE=1", "SLIPWAY_LOCK=token", "GIT_DIR=/x", "LD_PRELOAD=/x"}, "env"))
	for _, want := range []string{"DOKKU_TRACE=1\n", "SLIPWAY_LOCK=token\n", "GIT_DIR=/x\n", protocol.Dir + "=" + r.dir + "\n", protocol.Program + "=slipway\n"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in %q", want, got.stdout)
		}
	}
	// What is for executables of plugins alone is apart.
	if !strings.Contains(got.stdout, "\n"+protocol.CallerEnv+"=SECRET=x\n") && !strings.HasPrefix(got.stdout, protocol.CallerEnv+"=SECRET=x\n") {
		t.Errorf("no SECRET for plugins in %q", got.stdout)
	}
	if strings.Contains(got.stdout, "\nSECRET") || strings.HasPrefix(got.stdout, "SECRET") || strings.Contains(got.stdout, "LD_PRELOAD") || strings.Contains(got.stdout, "PATH=") {
		t.Errorf("too much: %q", got.stdout)
	}
	// Security: behind the host's sshd it is not the key's holder's to say.
	env := []string{"FINGERPRINT=SHA256:x", "NAME=ann", "SSH_ORIGINAL_COMMAND=env", "SECRET=x"}
	if got := runCommand(t, r.slipway(env)); strings.Contains(got.stdout, "SECRET") || !strings.Contains(got.stdout, "NAME=ann\n") {
		t.Errorf("with a key: %q", got.stdout)
	}
}

func TestDaemonNotRunning(t *testing.T) {
	r := newRig(t, nil)
	missing := filepath.Join(r.dir, "none")
	got := runCommand(t, r.slipway([]string{"SLIPWAY_SOCKET=" + missing}, "who"))
	want := " !     slipwayd is not running (nothing answers on " + missing + "). Start it: systemctl start slipwayd, or slipwayd up where there is no systemd\n"
	if got.code != 1 || got.stderr != want {
		t.Errorf("got %+v", got)
	}
}

func TestSignalsCancelTheCommand(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		r := newRig(t, nil)
		cmd := r.slipway(nil, "wait")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.event("started")
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		r.event("canceled")
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Errorf("%v: exit code %d", sig, code)
		}
	}
}

func TestSignalEndsReadingOfInput(t *testing.T) {
	r := newRig(t, nil)
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pw.Close()
	cmd := r.slipway(nil, "ask")
	cmd.Stdin = pr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.event("started")
	_ = cmd.Process.Signal(os.Interrupt)
	r.event("canceled")
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
}

func TestKilledClientCancelsTheCommand(t *testing.T) {
	r := newRig(t, nil)
	cmd := r.slipway(nil, "wait")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.event("started")
	_ = cmd.Process.Kill()
	r.event("canceled")
	_ = cmd.Wait()
}

func TestFilesAreOpenedAsTheCaller(t *testing.T) {
	r := newRig(t, &plugin.Credential{UID: 65534, GID: 65534})
	if err := os.WriteFile(filepath.Join(r.dir, "open.txt"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "secret.txt"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "empty"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := runCommand(t, r.slipway(nil, "open", "secret.txt")); got.stdout != "secret" {
		t.Errorf("our own: %+v", got)
	}
	if got := runCommand(t, r.slipway(nil, "open", "none")); got.stderr != " !     Cannot read the file none: no such file or directory\n" {
		t.Errorf("missing: %+v", got)
	}
	if got := runCommand(t, asNobody(t, r, r.slipway(nil, "open", "open.txt"))); got.stdout != "content" {
		t.Errorf("readable: %+v", got)
	}
	if got := runCommand(t, asNobody(t, r, r.slipway(nil, "open", "empty"))); got.stdout != "" || got.code != 0 {
		t.Errorf("empty: %+v", got)
	}
	if got := runCommand(t, asNobody(t, r, r.slipway(nil, "open", "secret.txt"))); got.code != 1 || got.stderr != " !     Cannot read the file secret.txt: permission denied\n" {
		t.Errorf("not readable: %+v", got)
	}
	key := r.key("ann", "")
	secret := filepath.Join(r.dir, "secret.txt")
	if got := runCommand(t, r.ssh(key, nil, "open", secret)); got.code != 1 || !strings.Contains(got.stderr, "permission denied") {
		t.Errorf("a key read a file of root's: %+v", got)
	}
	if got := runCommand(t, r.slipway([]string{"NAME=ann", "FINGERPRINT=SHA256:x"}, "open", secret)); got.code != 1 {
		t.Errorf("a forced command read a file of root's: %+v", got)
	}
}

// Security: a folder is made by the caller, where the caller may; who comes by a key makes none.
func TestFoldersAreMadeAsTheCaller(t *testing.T) {
	r := newRig(t, &plugin.Credential{UID: 65534, GID: 65534})
	source := t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "script"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("script", filepath.Join(source, "link")); err != nil {
		t.Fatal(err)
	}
	tar, err := exec.Command("tar", "-c", "-C", source, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	run := func(cmd *exec.Cmd) result {
		t.Helper()
		cmd.Stdin = bytes.NewReader(tar)
		return runCommand(t, cmd)
	}
	made := filepath.Join(r.dir, "made")
	if got := run(r.slipway(nil, "mkdir", "made")); got.code != 0 || got.stdout != made+"\n" {
		t.Fatalf("our own: %+v", got)
	}
	if st, err := os.Stat(filepath.Join(made, "script")); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("the script: %v, %v", st, err)
	}
	if to, err := os.Readlink(filepath.Join(made, "link")); err != nil || to != "script" {
		t.Errorf("the link: %q, %v", to, err)
	}
	if got := run(r.slipway(nil, "mkdir", "made")); got.code != 1 || got.stderr != " !     Cannot make the folder made: file exists\n" {
		t.Errorf("one that is there: %+v", got)
	}
	tar = []byte("no archive at all")
	if got := run(r.slipway(nil, "mkdir", "half")); got.code != 1 || !strings.HasPrefix(got.stderr, " !     Cannot make the folder half: ") {
		t.Errorf("no archive: %+v", got)
	}
	if _, err := os.Lstat(filepath.Join(r.dir, "half")); !os.IsNotExist(err) {
		t.Errorf("a folder that could not be filled is left: %v", err)
	}
	if got := run(asNobody(t, r, r.slipway(nil, "mkdir", "nobodys"))); got.code != 1 || !strings.Contains(got.stderr, "permission denied") {
		t.Errorf("where the caller may not write: %+v", got)
	}
	open := filepath.Join(r.dir, "open")
	if err := os.Mkdir(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	for name, cmd := range map[string]*exec.Cmd{
		"a key":            r.ssh(r.key("ann", ""), nil, "mkdir", filepath.Join(open, "keys")),
		"a forced command": r.slipway([]string{"NAME=ann", "FINGERPRINT=SHA256:x"}, "mkdir", filepath.Join(open, "keys")),
	} {
		if got := run(cmd); got.code != 1 || !strings.Contains(got.stderr, "no folders") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := os.Lstat(filepath.Join(open, "keys")); !os.IsNotExist(err) {
		t.Errorf("who comes by a key has made a folder: %v", err)
	}
}

func TestLostConnectionIsOneSentence(t *testing.T) {
	r := newRig(t, nil)
	cmd := r.slipway(nil, "wait")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.event("started")
	r.mu.Lock()
	for conn := range r.conns {
		conn.Close()
	}
	r.mu.Unlock()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.HasPrefix(stderr.String(), " !     slipwayd went away before the command ended.") {
		t.Errorf("%d %s", code, stderr.String())
	}
	r.event("canceled")
}

// What the host's own sshd does with a line of authorized_keys: a shell runs
// the forced command, with what the caller asked for in the environment.
func TestForcedCommandLineInAShell(t *testing.T) {
	r := newRig(t, nil)
	path, err := client()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, ".sshcommand"), []byte(path+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(r.key("", "") + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	line, err := authkeys.NewLine("ann droid", string(public), r.dir, authkeys.DefaultOptions)
	if err != nil {
		t.Fatal(err)
	}
	forced, _, _ := strings.Cut(strings.TrimPrefix(line.Text, `command="`), `",no-`)
	touched := filepath.Join(r.dir, "touched")
	for original, want := range map[string]string{
		"who": "key=ann droid fp=" + line.Key.Fingerprint + " root=false\n",
		`argv 'a b' "c;d" $(touch ` + touched + `) * ; touch ` + touched: `["a b" "c;d" "$(touch" "` + touched + `)" "*" ";" "touch" "` + touched + `"]` + "\n",
	} {
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(forced, `\"`, `"`))
		cmd.Env = []string{"SLIPWAY_SOCKET=" + r.socket, "PATH=" + os.Getenv("PATH"), "SSH_ORIGINAL_COMMAND=" + original}
		if got := runCommand(t, cmd); !strings.HasSuffix(got.stdout, want) {
			t.Errorf("%s: %+v", original, got)
		}
	}
	if _, err := os.Stat(touched); err == nil {
		t.Error("a shell ran what the caller sent")
	}
}

func TestPanicIsOneSentence(t *testing.T) {
	r := newRig(t, nil)
	got := runCommand(t, r.slipway(nil, "panic"))
	if got.code != 1 || got.stderr != " !     Something in Slipway broke while it ran panic. The log of slipwayd has the details.\n" {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(r.log.String(), "goroutine") {
		t.Error("no stack in the log")
	}
	if got := runCommand(t, r.slipway(nil, "exit", "4")); got.code != 4 {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestStaleSocketIsReplacedAndALiveOneIsNot(t *testing.T) {
	r := newRig(t, nil)
	if _, err := ListenUnix(r.socket); err == nil || !strings.Contains(err.Error(), "another slipwayd does") {
		t.Errorf("live: %v", err)
	}
	stale := filepath.Join(r.dir, "stale")
	l, err := ListenUnix(stale)
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if l, err = ListenUnix(stale); err != nil {
		t.Fatal(err)
	}
	l.Close()
}
