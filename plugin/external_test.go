package plugin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

func script(t testing.TB, dir, path, body string) {
	t.Helper()
	path = filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func external(t testing.TB) (*External, string) {
	t.Helper()
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	enabled := store.LibPath("plugins", "enabled")
	if err := store.MkdirAll(enabled, 0o755); err != nil {
		t.Fatal(err)
	}
	return NewExternal(&Host{Store: store, Exec: Exec{Env: append(os.Environ(), "GREETING=hi")}}), enabled
}

func externalCall(argv ...string) (*command.Call, *bytes.Buffer) {
	var out bytes.Buffer
	return &command.Call{Argv: argv, Actor: command.Actor{User: "dokku", KeyName: "ann"}, In: strings.NewReader("input"), Out: command.NewOutput(&out, &out)}, &out
}

func TestExecutablesAnswerTriggersInOneOrderWithCompiledPlugins(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "aaa/post-create", `echo "aaa $1 $GREETING"`)
	script(t, dir, "zzz/post-create", `echo "zzz $1"`)
	if err := os.WriteFile(filepath.Join(dir, "zzz", "not-executable"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	bus := trigger.NewBus(x)
	bus.Handle(trigger.Handler{Plugin: "mmm", Trigger: "post-create", Run: func(_ context.Context, c *trigger.Call) error {
		_, err := c.Out.Write([]byte("mmm " + c.Arg(0) + "\n"))
		return err
	}})
	got, err := bus.Query(context.Background(), "post-create", "blog")
	if want := "aaa blog hi\nmmm blog\nzzz blog"; err != nil || got != want {
		t.Errorf("%q %v, want %q", got, err, want)
	}
	if bus.Handled("not-executable") {
		t.Error("a file without the executable bit answers")
	}
}

func TestFirstFailingExecutableEndsTheChain(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "aaa/pre-deploy", `exit 4`)
	script(t, dir, "bbb/pre-deploy", `touch "`+dir+`/ran"`)
	err := trigger.NewBus(x).Event(context.Background(), "pre-deploy", "blog")
	if exit := (command.Exit{}); !errors.As(err, &exit) || exit.Code != 4 {
		t.Errorf("error: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("the next one ran")
	}
}

func TestPluginNamedLikeACompiledOneReplacesIt(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "mmm/other", `true`)
	bus := trigger.NewBus(x)
	bus.Handle(trigger.Handler{Plugin: "mmm", Trigger: "post-create", Run: func(context.Context, *trigger.Call) error { return errors.New("called") }})
	if err := bus.Event(context.Background(), "post-create", "blog"); err != nil {
		t.Error(err)
	}
}

func TestDokkusOwnPluginsAreLeftToTheCompiledOnes(t *testing.T) {
	x, dir := external(t)
	core := filepath.Join(t.TempDir(), "core-plugins", "apps")
	script(t, core, "post-create", `echo no`)
	if err := os.Symlink(core, filepath.Join(dir, "apps")); err != nil {
		t.Fatal(err)
	}
	if len(x.Handlers("post-create")) != 0 || x.Replaces("apps") {
		t.Error("a link into core-plugins counts")
	}
}

func TestCommandsOfPlugins(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "postgres/subcommands/create", `echo "$@ by $SSH_NAME"; cat; exit 3`)
	script(t, dir, "postgres/subcommands/default", `echo default "$@"`)
	script(t, dir, "old/commands", `case "$1" in old:thing) echo "old $2";; help) echo "    old:thing <x>, Do a thing";; *) exit 10;; esac`)
	for _, test := range []struct {
		argv    []string
		handled bool
		code    int
		out     string
	}{
		{[]string{"postgres:create", "db"}, true, 3, "postgres:create db by ann\ninput"},
		{[]string{"postgres"}, true, 0, "default postgres\n"},
		{[]string{"old:thing", "x y"}, true, 0, "old x y\n"},
		{[]string{"nobody:knows"}, false, 0, ""},
		{[]string{"../../etc:passwd"}, false, 0, ""},
	} {
		c, out := externalCall(test.argv...)
		handled, err := x.Run(command.WithCall(context.Background(), c), c)
		if handled != test.handled || command.ExitCode(err) != test.code || out.String() != test.out {
			t.Errorf("%q: handled %v, %v, %q", test.argv, handled, err, out)
		}
	}
	if help := x.Help(context.Background(), false); len(help) != 1 || help[0] != "old:thing <x>, Do a thing" {
		t.Errorf("help: %q", help)
	}
}

// Without the token every second plugin would deadlock: a hook that runs while
// its app is locked calls dokku, which needs the lock.
func TestHookCarriesTheLocksToken(t *testing.T) {
	x, dir := external(t)
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, release, err := store.LockApp(context.Background(), "blog")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	script(t, dir, "aaa/post-extract", `echo "$SLIPWAY_LOCK"`)
	token, err := trigger.NewBus(x).Query(ctx, "post-extract", "blog")
	if err != nil || token == "" {
		t.Fatalf("token %q, %v", token, err)
	}
	// What the daemon does with the token of a caller.
	again := state.WithLockToken(context.Background(), token)
	_, releaseAgain, err := store.LockApp(again, "blog")
	if err != nil {
		t.Fatalf("a hook cannot enter its own app's lock: %v", err)
	}
	releaseAgain()
	if _, _, err := store.LockApp(context.Background(), "blog"); !errors.Is(err, state.ErrLocked) {
		t.Errorf("others get in: %v", err)
	}
}

func TestHookEndsWithItsCaller(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "aaa/slow", `sleep 60 & wait`)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := trigger.NewBus(x).Event(ctx, "slow"); err == nil {
		t.Error("no error")
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

// plugn links an enabled core plugin to plugins/available, which is a link into core-plugins: Dokku's own code replaced
// all of ours on a real Dokku machine.
func TestCorePluginsOfDokkuAreNotExternal(t *testing.T) {
	x, _ := external(t)
	lib := x.host.Store.Lib()
	core, available, enabled := filepath.Join(lib, "core-plugins", "available"), filepath.Join(lib, "plugins", "available"), filepath.Join(lib, "plugins", "enabled")
	script(t, core, "apps/post-create", "echo dokku")
	script(t, available, "mine/post-create", "echo mine")
	for link, target := range map[string]string{
		filepath.Join(available, "apps"): filepath.Join(core, "apps"), filepath.Join(enabled, "apps"): filepath.Join(available, "apps"),
		filepath.Join(enabled, "mine"): "../available/mine",
	} {
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := trigger.NewBus(x).Query(context.Background(), "post-create", "blog"); err != nil || got != "mine" {
		t.Errorf("%q %v", got, err)
	}
	if x.Replaces("apps") || !x.Replaces("mine") {
		t.Error("apps is replaced, or mine does not replace")
	}
}

func TestHooksLearnOfTheCommandTheyArePartOf(t *testing.T) {
	call := &command.Call{
		Argv: []string{"ps:scale", "blog"}, Actor: command.Actor{User: "dokku", KeyName: "ann", Fingerprint: "SHA256:x"},
		Flags: command.GlobalFlags{Quiet: true, Force: true, App: "blog"},
	}
	got := strings.Join(CallEnv(command.WithCall(context.Background(), call)), " ")
	for _, want := range []string{
		"SSH_USER=dokku SSH_NAME=ann NAME=ann FINGERPRINT=SHA256:x", "DOKKU_COMMAND=ps:scale", "DOKKU_QUIET_OUTPUT=1", "DOKKU_APPS_FORCE_DELETE=1",
		"DOKKU_APP_NAME=blog", "DOKKU_GLOBAL_FLAGS=--quiet --force --app blog",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if got := strings.Join(CallEnv(context.Background()), " "); !strings.Contains(got, "SSH_NAME=default NAME= ") {
		t.Error(got)
	}
}

// dokku help --all had no commands of data plugins: they look at the command line of their parent, which was slipwayd's.
func TestHelpOfAllCommandsIsToldByTheParent(t *testing.T) {
	x, dir := external(t)
	x.host.Client = filepath.Join(t.TempDir(), "client")
	script(t, filepath.Dir(x.host.Client), "client", `eval "$SLIPWAY_HOOK"; exit $?`) // as the client does it
	script(t, dir, "store/commands", `
case "$(ps -o command= $PPID)" in
  *"--all"*) echo "    store:create <name>, Create a store" ;;
  *) echo "    store, Manage stores" ;;
esac`)
	for all, want := range map[bool]string{false: "store, Manage stores", true: "store:create <name>, Create a store"} {
		if got := x.Help(context.Background(), all); len(got) != 1 || got[0] != want {
			t.Errorf("all %v: %q, want %q", all, got, want)
		}
	}
}

// device is a terminal of the test.
type device string

func (device) Name() string   { return "xterm" }
func (d device) Path() string { return string(d) }

// postgres:connect had no terminal: psql was not interactive, and SSH_TTY was not set.
func TestCommandOfAPluginHasTheCallersTerminal(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "store/subcommands/connect", `tty; echo "$SSH_TTY $TERM"; stty size; read -r line; echo "got $line"; exit 3`)
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := pty.Setsize(master, &pty.Winsize{Rows: 33, Cols: 77}); err != nil {
		t.Fatal(err)
	}
	c, _ := externalCall("store:connect")
	c.TTY = device(slave.Name())
	if _, err := master.WriteString("hello\n"); err != nil {
		t.Fatal(err)
	}
	_, err = x.Run(command.WithCall(context.Background(), c), c)
	if command.ExitCode(err) != 3 {
		t.Errorf("%v", err)
	}
	slave.Close()
	seen, _ := io.ReadAll(master) // ends with an error: nobody has the other end any more
	path := slave.Name()
	for _, want := range []string{path + "\r\n", path + " xterm\r\n", "33 77\r\n", "got hello\r\n"} {
		if !strings.Contains(string(seen), want) {
			t.Errorf("no %q in %q", want, seen)
		}
	}
}
