package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/sdk"
	"github.com/slipwayhq/slipway/sdk/wire"
)

// The test binary is the plugin too: what SLIPWAY_TEST_PLUGIN says.
func TestMain(m *testing.M) {
	switch mode := os.Getenv("SLIPWAY_TEST_PLUGIN"); mode {
	case "":
		goleak.VerifyTestMain(m)
	case "hello":
		if err := sdk.Serve(hello); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "tap":
		os.Exit(tap(os.Getenv("SLIPWAY_TEST_TAP")))
	default:
		fmt.Fprintln(os.Stderr, "about to misbehave")
		fmt.Print(map[string]string{
			"noise":    "Listening on port 3000\n",
			"protocol": `{"jsonrpc":"2.0","id":1,"result":{"protocol":2}}` + "\n",
			"name":     `{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"commands":[{"name":"../x"}]}}` + "\n",
			"refuses":  `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"not today"}}` + "\n",
			"access":   `{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"commands":[{"name":"x","access":"everybody"}]}}` + "\n",
			"trigger":  `{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"triggers":[{"name":"a b"}]}}` + "\n",
		}[mode])
		if mode == "ends" {
			os.Exit(3)
		}
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

var hello = sdk.Plugin{
	Commands: []sdk.Command{
		{Name: "hello:greet", Usage: "<name>", Help: "Greet somebody", Idempotent: true, Run: func(_ context.Context, c *sdk.Call) error {
			_, err := fmt.Fprintf(c.Out, "%s, %s\n", c.Config("greeting"), c.Arg(0))
			return err
		}},
		{Name: "hello:shout", Help: "Print what comes in, in capitals", Run: func(_ context.Context, c *sdk.Call) error {
			text, err := io.ReadAll(c.In)
			if err != nil {
				return err
			}
			_, err = c.Out.Write(bytes.ToUpper(text))
			return err
		}},
		{Name: "hello:fail", Help: "Fail", Run: func(_ context.Context, c *sdk.Call) error {
			fmt.Fprintln(c.Err, "it is broken")
			return sdk.Exit(3)
		}},
		{Name: "hello:say", Help: "Fail with a sentence", Run: func(context.Context, *sdk.Call) error { return errors.New("The kettle is empty") }},
		{Name: "hello:panic", Run: func(context.Context, *sdk.Call) error { panic("no water") }},
		{Name: "hello:wait", Help: "Wait until interrupted", Run: func(ctx context.Context, _ *sdk.Call) error {
			<-ctx.Done()
			return sdk.Exit(130)
		}},
		{Name: "hello:deaf", Run: func(context.Context, *sdk.Call) error { select {} }},
		{Name: "hello:die", Run: func(context.Context, *sdk.Call) error { os.Exit(7); return nil }},
	},
	Triggers: []sdk.Trigger{{Name: "post-create", Run: func(_ context.Context, c *sdk.Call) error {
		r, err := c.Dokku("config:set", "--no-restart", c.Arg(0), "MOOD=good")
		if err != nil {
			return err
		}
		answers, err := c.Collect("docker-args-deploy", c.Arg(0), "latest")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.Out, "%s%d %s\n", r.Stdout, r.Exit, answers)
		return err
	}}},
}

// tap runs the plugin hello and writes both directions into a file, each line behind an arrow.
func tap(path string) int {
	log, err := os.Create(path)
	if err != nil {
		return 1
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SLIPWAY_TEST_PLUGIN=hello")
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		return 1
	}
	var mu sync.Mutex
	pass := func(from io.Reader, to io.Writer, arrow string) {
		lines := command.Lines(func(line string) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintln(log, arrow, line)
			fmt.Fprintln(to, line)
		})
		_, _ = io.Copy(lines, from)
	}
	go func() { pass(os.Stdin, in, "→"); in.Close() }()
	pass(out, os.Stdout, "←")
	if cmd.Wait() != nil {
		return 1
	}
	return 0
}

func process(t *testing.T, mode string, log io.Writer, env ...string) *Process {
	t.Helper()
	p := NewProcess(Config{Name: "hello", Slipway: "1.2.3", Log: slog.New(slog.NewTextHandler(log, nil))}, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(append(os.Environ(), "SLIPWAY_TEST_PLUGIN="+mode), env...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.WaitDelay = time.Second
		return cmd
	})
	t.Cleanup(p.Close)
	return p
}

// buffer may be written by several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *buffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func invoke(t *testing.T, p Peer, name, stdin string, args ...string) (string, error) {
	t.Helper()
	return invokeFor(context.Background(), p, name, stdin, args...)
}

func invokeFor(ctx context.Context, p Peer, name, stdin string, args ...string) (string, error) {
	var out buffer
	kind := wire.KindCommand
	if !strings.Contains(name, ":") {
		kind = wire.KindTrigger
	}
	if args == nil {
		args = []string{}
	}
	err := p.Call(ctx, wire.Call{
		Kind: kind, Name: name, Args: args, Env: map[string]string{"CONFIG_GREETING": "Hello", "DOKKU_LIB_ROOT": "/var/lib/dokku"},
		Context: wire.Context{Command: name, User: "dokku", Key: "ann"},
	}, Caller{
		In: strings.NewReader(stdin), Out: &out, Err: &out, Idempotent: name == "hello:greet",
		Run: func(_ context.Context, args []string, _ io.Reader, out, _ io.Writer) int {
			fmt.Fprintf(out, "%v\n", args)
			return 0
		},
		Fire: func(_ context.Context, shape, name string, args []string) ([]string, error) {
			return []string{shape, name}, nil
		},
	})
	return out.String(), err
}

func TestAProcessIsCalled(t *testing.T) {
	p := process(t, "hello", io.Discard)
	if got, err := invoke(t, p, "hello:greet", "", "Ann"); err != nil || got != "Hello, Ann\n" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := invoke(t, p, "hello:fail", ""); !errors.Is(err, command.Exit{Code: 3}) || got != "it is broken\n" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := invoke(t, p, "hello:say", ""); err == nil || err.Error() != "The kettle is empty" {
		t.Error(err)
	}
	if _, err := invoke(t, p, "hello:panic", ""); err == nil || err.Error() != "command hello:panic broke: no water" {
		t.Error(err)
	}
	if _, err := invoke(t, p, "hello:nothing", ""); err == nil || err.Error() != "there is no command hello:nothing" {
		t.Error(err)
	}
	if got, err := invoke(t, p, "post-create", "", "blog"); err != nil || got != "[config:set --no-restart blog MOOD=good]\n0 [collect docker-args-deploy]\n" {
		t.Errorf("%q %v", got, err)
	}
}

func TestOneCallThatHangsHoldsUpNoOther(t *testing.T) {
	p := process(t, "hello", io.Discard)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := invokeFor(ctx, p, "hello:wait", "")
		ended <- err
	}()
	if got, err := invoke(t, p, "hello:greet", "", "Ann"); err != nil || got != "Hello, Ann\n" {
		t.Errorf("%q %v", got, err)
	}
	before := p.program
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if p.program != before {
		t.Error("the program did not survive a call that ended when it was told")
	}
}

func TestAProgramThatDoesNotEndACallIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the grace")
	}
	p := process(t, "hello", io.Discard)
	if _, err := p.Registration(context.Background()); err != nil {
		t.Fatal(err)
	}
	pid := p.program.cmd.Process.Pid
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := invokeFor(ctx, p, "hello:deaf", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("it lives")
	}
	if got, err := invoke(t, p, "hello:greet", "", "Ann"); err != nil || got != "Hello, Ann\n" {
		t.Errorf("%q %v", got, err)
	}
}

func TestProgramsThatMisbehave(t *testing.T) {
	for mode, want := range map[string]string{
		"noise":    "its program says what is not a message: invalid character 'L' looking for beginning of value: Listening on port 3000",
		"protocol": "it speaks version 2 of the protocol, and this Slipway speaks 1",
		"name":     `"../x" is no name of a command`,
		"access":   `the access of x is "everybody", which is none of root and admin`,
		"trigger":  `"a b" is no name of a trigger`,
		"refuses":  "not today",
		"ends":     "its program failed: exit status 3",
	} {
		t.Run(mode, func(t *testing.T) {
			var log buffer
			p := process(t, mode, &log)
			_, err := p.Registration(context.Background())
			if err == nil || err.Error() != "The plugin hello does not run: "+want {
				t.Errorf("%v, want %s", err, want)
			}
			if !strings.Contains(log.String(), `plugin=hello said="about to misbehave"`) {
				t.Errorf("its standard error is not in the log: %s", log.String())
			}
		})
	}
}

// A plugin that dies at its start is not started in a loop.
func TestStartsAreFurtherAndFurtherApart(t *testing.T) {
	p := process(t, "ends", io.Discard)
	var err error
	starts := 0
	for err == nil || !strings.Contains(err.Error(), "It is started again in") {
		if _, err = p.Registration(context.Background()); err == nil {
			t.Fatal("it runs")
		}
		if starts++; starts > 10 {
			t.Fatal("it is started again and again")
		}
	}
	if starts < 4 {
		t.Errorf("it is given up after %d starts: %v", starts, err)
	}
}

func TestADeadProgramIsStartedAgain(t *testing.T) {
	p := process(t, "hello", io.Discard)
	if _, err := invoke(t, p, "hello:die", ""); err == nil || !strings.HasPrefix(err.Error(), "The plugin hello ended in the middle of hello:die: its program failed: exit status 7") {
		t.Error(err)
	}
	if got, err := invoke(t, p, "hello:greet", "", "Ann"); err != nil || got != "Hello, Ann\n" {
		t.Errorf("%q %v", got, err)
	}
}

// Who reads slowly stops the plugin's call, not the plugin.
func TestASlowReaderHoldsUpItsOwnCallOnly(t *testing.T) {
	p := process(t, "hello", io.Discard)
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- p.Call(context.Background(), wire.Call{Kind: wire.KindCommand, Name: "hello:shout", Args: []string{}},
			Caller{In: strings.NewReader(strings.Repeat("a long text ", 1<<20)), Out: writer, Err: io.Discard})
		writer.Close()
	}()
	if _, err := reader.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if got, err := invoke(t, p, "hello:greet", "", "Ann"); err != nil || got != "Hello, Ann\n" {
		t.Errorf("%q %v", got, err)
	}
	n, err := io.Copy(io.Discard, reader)
	if err != nil || n != 12<<20-1 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Security: a plugin may ask for something during its calls only.
func TestNobodyAsksForSomethingOutsideOfACall(t *testing.T) {
	said := make(chan []byte, 1)
	g := &program{log: slog.New(slog.DiscardHandler), calls: map[string]*waiting{}, stdin: heard(said)}
	g.dispatch(wire.Message{ID: []byte("5"), Method: wire.Run, Params: []byte(`{"call":99,"args":["apps:list"]}`)})
	want := `{"jsonrpc":"2.0","id":5,"error":{"code":-32602,"message":"there is no such call under way"}}` + "\n"
	if got := string(<-said); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

type heard chan []byte

func (h heard) Write(p []byte) (int, error) { h <- p; return len(p), nil }
func (h heard) Close() error                { return nil }

func logged(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func tapped(t *testing.T, calls func(p *Process)) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tap")
	p := process(t, "tap", io.Discard, "SLIPWAY_TEST_TAP="+path)
	calls(p)
	p.Close()
	return logged(t, path)
}
