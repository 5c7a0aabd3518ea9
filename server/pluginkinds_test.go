package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugins"
	"github.com/slipwayhq/slipway/server/sshd"
	"github.com/slipwayhq/slipway/trigger"
)

// The same plugin, hello, in every way in which a plugin can be written has to behave the same: examples/plugins. The control
// plane is a whole one over a Docker engine in memory, the client is the real one.

// kind is a way to write a plugin.
type kind struct {
	name, example string
	stays         bool // a process or a server: one that survives its calls
	prepare       func(w *kindWorld, dir string)
}

var kinds = []kind{
	{name: "executables", example: "hello-bash"},
	{name: "functions", example: "hello-functions"},
	{name: "go", example: "hello-go", stays: true, prepare: copyProgram},
	{name: "python", example: "hello-python", stays: true, prepare: needs("python3")},
	{name: "node", example: "hello-node", stays: true, prepare: needs("node")},
	{name: "http", example: "hello-go", stays: true, prepare: listenHTTP},
}

func TestPluginKinds(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newKindWorld(t, k)
			for _, test := range []struct {
				name string
				run  func(t *testing.T, w *kindWorld)
			}{
				{"commands", kindCommands},
				{"help", kindHelp},
				{"stdin", kindStdin},
				{"environment", kindEnvironment},
				{"exit codes", kindExitCodes},
				{"streaming", kindStreaming},
				{"cancellation", kindCancellation},
				{"access", kindAccess},
				{"triggers", kindTriggers},
				{"a failing hook", kindFailure},
				{"many at once", kindConcurrency},
				{"inside of the lock", kindReentrancy},
				{"driver", kindDriver},
				{"time limit", kindTimeLimit},
				{"crash", kindCrash},
				{"disabled", kindDisabled},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(t, w) })
			}
		})
	}
}

// kindWorld is a control plane with the plugin.
type kindWorld struct {
	t      *testing.T
	kind   kind
	cp     *controlPlane
	env    []string
	log    *lockedBuffer
	server *exec.Cmd // of an HTTP plugin
	addr   string
}

// lockedBuffer is written and read by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// programs are built once for all.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kinds")
	if err != nil {
		return "", err
	}
	for name, pkg := range map[string]string{"slipway": "../cmd/slipway", "hello": "../examples/plugins/hello-go"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg).CombinedOutput(); err != nil {
			return dir, fmt.Errorf("%w\n%s", err, out)
		}
	}
	return dir, os.Symlink("slipway", filepath.Join(dir, "dokku"))
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := programs(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func newKindWorld(t *testing.T, k kind) *kindWorld {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "kind") // a short path: it has a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cfg := Config{
		Root: filepath.Join(dir, "home"), Lib: filepath.Join(dir, "lib"), Socket: filepath.Join(dir, "s"), Instance: "kinds-" + k.name,
		BinDir: bin, Version: "1.2.3", SystemUser: "nobody-of-that-name",
	}
	w := &kindWorld{t: t, kind: k, log: &lockedBuffer{}}
	if w.cp, err = assemble(cfg, fake.New(), "", plugins.All, slog.New(slog.NewTextHandler(w.log, nil))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.cp.flow.Close)
	t.Cleanup(w.cp.host.External.Close)
	if err := w.cp.writeTree(); err != nil {
		t.Fatal(err)
	}
	l, err := sshd.ListenUnix(cfg.Socket)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- w.cp.ssh.ServeUnix(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = w.cp.ssh.Shutdown(ctx)
		<-served
	})
	w.env = append(os.Environ(), "SLIPWAY_SOCKET="+cfg.Socket, "PATH="+bin+":"+os.Getenv("PATH"), "LANG=C.UTF-8")
	source := filepath.Join(dir, "source")
	if err := os.CopyFS(source, os.DirFS("../examples/plugins/"+k.example)); err != nil {
		t.Fatal(err)
	}
	if k.prepare != nil {
		k.prepare(w, source)
	}
	w.ok("plugin:install", source, "--name", "hello")
	if w.server != nil {
		w.ok("plugin:config", "hello", "set", "secret=s3cret")
	}
	w.ok("apps:create", "blog")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log:\n%s", w.log.String())
		}
	})
	return w
}

func copyProgram(w *kindWorld, dir string) {
	bin, _ := programs()
	text, err := os.ReadFile(filepath.Join(bin, "hello"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "hello"), text, 0o755)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// needs skips a language that this machine does not have.
func needs(program string) func(*kindWorld, string) {
	return func(w *kindWorld, _ string) {
		if _, err := exec.LookPath(program); err != nil {
			w.t.Skipf("there is no %s here", program)
		}
	}
}

func listenHTTP(w *kindWorld, dir string) {
	w.addr = "127.0.0.1:0"
	w.startServer()
	about := fmt.Sprintf(`[plugin]
description = "greets, over HTTP"
version = "1.0.0"
[plugin.config.greeting]
default = "Hello"
[plugin.config.secret]
secret = true
[plugin.run]
as = "http"
url = "http://%s/hello"
[plugin.drivers]
proxy = ["hello-edge"]
`, w.addr)
	if err := os.WriteFile(filepath.Join(dir, "plugin.toml"), []byte(about), 0o644); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "install")); err != nil {
		w.t.Fatal(err)
	}
}

func (w *kindWorld) startServer() {
	bin, _ := programs()
	w.server = exec.Command(filepath.Join(bin, "hello"), "--listen", w.addr)
	w.server.Env = append(os.Environ(), "HELLO_SECRET=s3cret")
	out, err := w.server.StdoutPipe()
	if err == nil {
		err = w.server.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	server := w.server
	w.t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		w.t.Fatal(err)
	}
	w.addr = strings.TrimPrefix(strings.TrimSpace(line), "http://")
}

type ran struct {
	stdout, stderr string
	code           int
}

func (w *kindWorld) command(args ...string) *exec.Cmd {
	cmd := exec.Command("dokku", args...)
	bin, _ := programs()
	cmd.Path, cmd.Env, cmd.Err = filepath.Join(bin, "dokku"), w.env, nil
	return cmd
}

func (w *kindWorld) dokku(stdin string, args ...string) ran {
	var stdout, stderr bytes.Buffer
	cmd := w.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		w.t.Fatal(err)
	}
	return ran{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func (w *kindWorld) ok(args ...string) ran {
	w.t.Helper()
	got := w.dokku("", args...)
	if got.code != 0 {
		w.t.Fatalf("%v: %+v", args, got)
	}
	return got
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func kindCommands(t *testing.T, w *kindWorld) {
	want(t, "greet", w.dokku("", "hello:greet", "Ann"), ran{"Hello, Ann\n", "", 0})
	w.ok("plugin:config", "hello", "set", "greeting=Good day")
	want(t, "greet", w.dokku("", "hello:greet", "Ann Ä"), ran{"Good day, Ann Ä\n", "", 0})
	w.ok("plugin:config", "hello", "unset", "greeting")
	if got := w.dokku("", "hello:greet"); got.code != 1 || !strings.Contains(got.stderr, "Please specify a name") {
		t.Errorf("%+v", got)
	}
	if got := w.dokku("", "hello:nothing"); got.code != 1 || !strings.Contains(got.stderr, "`hello:nothing` is not a dokku command") {
		t.Errorf("%+v", got)
	}
}

func kindHelp(t *testing.T, w *kindWorld) {
	line := regexp.MustCompile(`(?m)^ +hello:greet <name> +Greet somebody$`)
	if got := w.ok("help", "--all"); !line.MatchString(got.stdout) {
		t.Errorf("%+v", got)
	}
	if got := w.ok("help"); !strings.Contains(got.stdout, "    hello") {
		t.Errorf("%+v", got)
	}
	for _, name := range []string{"hello", "hello:help"} {
		if got := w.dokku("", name); got.code != 0 || !strings.Contains(got.stdout, "Additional commands:\n") || !strings.Contains(got.stdout, "hello:ask") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func kindStdin(t *testing.T, w *kindWorld) {
	// No text, and more than fits anywhere at once.
	input := strings.Repeat("\xff\x00 half a rune \xc3 a line ä\n", 20000)
	got := w.dokku(input, "hello:echo")
	want(t, "exit code", got.code, 0)
	if got.stdout != input {
		t.Errorf("%d bytes of %d came back, stderr %q", len(got.stdout), len(input), got.stderr)
	}
	want(t, "no input", w.dokku("", "hello:echo"), ran{})
	var out bytes.Buffer
	ctx := trigger.WithInput(trigger.WithStreams(context.Background(), strings.NewReader("to a hook\n"), &out, &out))
	if err := w.cp.host.Bus.Event(ctx, "hello-stdin"); err != nil || out.String() != "to a hook\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}

func kindEnvironment(t *testing.T, w *kindWorld) {
	for name, value := range map[string]string{
		"DOKKU_LIB_ROOT": w.cp.cfg.Lib, "DOKKU_COMMAND": "hello:env", "CONFIG_GREETING": "Hello", "SSH_NAME": "default",
		"PLUGIN_PATH": filepath.Join(w.cp.cfg.Lib, "plugins"), "DOKKU_APP_NAME": "blog", "NO_SUCH_VARIABLE": "",
	} {
		want(t, name, w.dokku("", "--app", "blog", "hello:env", name).stdout, value+"\n")
	}
}

func kindExitCodes(t *testing.T, w *kindWorld) {
	want(t, "exit", w.dokku("", "hello:exit", "42"), ran{"out\n", "err\n", 42})
	want(t, "exit", w.dokku("", "hello:exit", "0"), ran{"out\n", "err\n", 0})
}

// What a command prints is there before it ends, and what is typed then reaches it.
func kindStreaming(t *testing.T, w *kindWorld) {
	cmd := w.command("hello:ask")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for _, step := range []struct{ out, in string }{{"Who?\n", "Ann\n"}, {"Hello, Ann\n", ""}} {
		got, err := lines.ReadString('\n')
		if err != nil || got != step.out {
			t.Errorf("%q %v", got, err)
		}
		if _, err := io.WriteString(stdin, step.in); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(cmd.Wait()); err != nil {
		t.Error(err)
	}
}

func kindCancellation(t *testing.T, w *kindWorld) {
	noted := filepath.Join(t.TempDir(), "noted")
	cmd := w.command("hello:wait", noted)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "waiting\n" {
		t.Errorf("%q %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	want(t, "it ends", cmd.Wait() != nil, true)
	await(t, "the plugin learns of it", func() bool {
		text, _ := os.ReadFile(noted)
		return string(text) == "cancelled\n"
	})
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// Security: what is declared to be root's is refused to others. Executables have no way to declare it.
func kindAccess(t *testing.T, w *kindWorld) {
	if !w.kind.stays {
		t.Skip("executables look at SSH_USER themselves")
	}
	want(t, "as root", w.dokku("", "hello:admin", "Ann"), ran{"Hello, Ann\n", "", 0})
	var out bytes.Buffer
	call := &command.Call{Actor: command.Actor{User: "dokku", KeyName: "ann"}, In: strings.NewReader(""), Out: command.NewOutput(&out, &out)}
	want(t, "as another", w.cp.table.Run(context.Background(), call, []string{"hello:admin", "Ann"}), 1)
	want(t, "words", out.String(), " !     This command must be run as root\n")
}

// neighbours puts plugins in front of and behind hello.
func (w *kindWorld) neighbours(hook, text string) {
	for _, name := range []string{"aaa", "zzz"} {
		dir := filepath.Join(w.cp.cfg.Lib, "plugins", "enabled", name)
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, hook), []byte("#!/bin/sh\n"+strings.ReplaceAll(text, "NAME", name)), 0o755)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func kindTriggers(t *testing.T, w *kindWorld) {
	w.neighbours("hello-answer", `echo "NAME $1"`)
	bus, ctx := w.cp.host.Bus, context.Background()
	var out bytes.Buffer
	err := bus.Event(trigger.WithStreams(ctx, nil, &out, &out), "hello-answer", "x y")
	if err != nil || out.String() != "aaa x y\nhello x y\nzzz x y\n" {
		t.Errorf("event: %q %v", out.String(), err)
	}
	if got, err := bus.Query(ctx, "hello-answer", "1"); err != nil || got != "aaa 1\nhello 1\nzzz 1" {
		t.Errorf("query: %q %v", got, err)
	}
	if got, err := bus.Collect(ctx, "hello-answer", "1"); err != nil || strings.Join(got, "|") != "aaa 1|hello 1|zzz 1" {
		t.Errorf("collect: %q %v", got, err)
	}
	if got := w.ok("apps:create", "second"); !strings.Contains(got.stdout, "hello: created second\n") {
		t.Errorf("%+v", got)
	}
}

// The first failing handler ends the chain with its exit code.
func kindFailure(t *testing.T, w *kindWorld) {
	w.neighbours("hello-fail", "echo NAME\n")
	want(t, "fail", w.dokku("", "plugin:trigger", "hello-fail"), ran{"aaa\n", "it failed\n", 3})
}

func kindConcurrency(t *testing.T, w *kindWorld) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			word := fmt.Sprint("number ", i)
			if got, err := w.cp.host.Bus.Query(context.Background(), "hello-answer", word); err != nil || !strings.Contains(got, "hello "+word) {
				t.Errorf("%q %v", got, err)
			}
		})
	}
	wg.Wait()
}

// A plugin that runs while its app is locked calls dokku, which needs the lock. Others do not get in.
func kindReentrancy(t *testing.T, w *kindWorld) {
	w.ok("apps:create", "locked")
	ctx, release, err := w.cp.host.Store.LockApp(context.Background(), "locked")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	var out bytes.Buffer
	ctx = trigger.WithStreams(ctx, nil, &out, &out)
	if err := w.cp.host.Bus.Event(ctx, "hello-run", "config:set", "--no-restart", "locked", "HELLO=yes"); err != nil {
		t.Fatalf("%v %s", err, out.String())
	}
	want(t, "config", w.dokku("", "config:get", "locked", "HELLO").stdout, "yes\n")
	if got := w.dokku("", "--force", "apps:destroy", "locked"); got.code == 0 {
		t.Fatalf("somebody else got in: %+v", got)
	}
	if err := w.cp.host.Bus.Event(ctx, "hello-run", "--force", "apps:destroy", "locked"); err != nil {
		t.Errorf("%v %s", err, out.String())
	}
	err = w.cp.host.Bus.Event(ctx, "hello-run", "config:get", "nobody", "HELLO")
	want(t, "the exit code of what it runs", command.ExitCode(err), 20)
}

// A driver is chosen by a property, and does what the built-in one would do.
func kindDriver(t *testing.T, w *kindWorld) {
	w.ok("domains:add", "blog", "blog.example.com")
	got := w.ok("proxy:set", "blog", "type", "hello-edge")
	if !strings.Contains(got.stderr, `{"app":"blog","hosts":["blog.example.com"]`) {
		t.Errorf("%+v", got)
	}
	w.ok("proxy:set", "blog", "type")
	if got := w.dokku("", "proxy:set", "blog", "type", "hello-edges"); got.code != 1 || !strings.Contains(got.stderr, `There is no proxy "hello-edges", there are: caddy, haproxy, nginx, openresty, traefik, hello-edge`) {
		t.Errorf("%+v", got)
	}
}

func kindTimeLimit(t *testing.T, w *kindWorld) {
	w.ok("plugin:set", "hello", "hook-timeout", "300ms")
	defer w.ok("plugin:set", "hello", "hook-timeout")
	began := time.Now()
	got := w.dokku("", "plugin:trigger", "hello-slow")
	if got.code != 1 || got.stderr != " !     The hook hello-slow of the plugin hello was cut off after 300ms, its time limit. To give it longer: dokku plugin:set hello hook-timeout 600ms\n" {
		t.Errorf("%+v", got)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
	w.ok("plugin:set", "hello", "hook-timeout", "1m")
	want(t, "the next call", w.dokku("", "hello:greet", "Ann"), ran{"Hello, Ann\n", "", 0})
}

// A plugin that dies takes its call along and nothing else.
func kindCrash(t *testing.T, w *kindWorld) {
	got := w.dokku("", "hello:crash")
	if got.code == 0 {
		t.Errorf("%+v", got)
	}
	if w.kind.stays && !strings.Contains(got.stderr, "The plugin hello ended in the middle of hello:crash") {
		t.Errorf("%+v", got)
	}
	if w.server != nil {
		if got := w.dokku("", "hello:greet", "Ann"); got.code != 1 || !strings.Contains(got.stderr, " !     The plugin hello cannot be reached: dial tcp") {
			t.Errorf("%+v", got)
		}
		_ = w.server.Wait()
		w.startServer()
	}
	want(t, "the next call", w.dokku("", "hello:greet", "Ann"), ran{"Hello, Ann\n", "", 0})
}

func kindDisabled(t *testing.T, w *kindWorld) {
	w.ok("plugin:disable", "hello")
	if got := w.dokku("", "hello:greet", "Ann"); got.code != 1 || !strings.Contains(got.stderr, "is not a dokku command") {
		t.Errorf("%+v", got)
	}
	w.ok("plugin:enable", "hello")
	want(t, "enabled again", w.dokku("", "hello:greet", "Ann"), ran{"Hello, Ann\n", "", 0})
	w.ok("plugin:uninstall", "hello")
	if _, err := os.Stat(w.cp.host.Store.LibPath("data", "slipway", "plugins", "hello.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left of it: %v", err)
	}
}
