package sshd

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/words"
)

// onTerminal runs a client on a terminal of the test's own, 100 by 30.
type onTerminal struct {
	t   *testing.T
	cmd *exec.Cmd
	tty *os.File
	out *syncBuffer
}

func startOnTerminal(t *testing.T, cmd *exec.Cmd) *onTerminal {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "TERM=xterm-256color")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	o := &onTerminal{t: t, cmd: cmd, tty: tty, out: &syncBuffer{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			_, _ = o.out.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		tty.Close()
	})
	return o
}

func (o *onTerminal) types(s string) {
	o.t.Helper()
	if _, err := o.tty.WriteString(s); err != nil {
		o.t.Fatal(err)
	}
}

func (o *onTerminal) shows(want string) {
	o.t.Helper()
	eventually(o.t, "the output "+want, func() bool { return strings.Contains(o.out.String(), want) })
}

func (o *onTerminal) exits(code int) {
	o.t.Helper()
	_ = o.cmd.Wait()
	if got := o.cmd.ProcessState.ExitCode(); got != code {
		o.t.Errorf("exit code %d, want %d; output %q", got, code, o.out.String())
	}
}

// clients are both ways to have a terminal.
func clients(r *rig) map[string]func(args ...string) *exec.Cmd {
	key := r.key("ann", "")
	return map[string]func(args ...string) *exec.Cmd{
		"ssh":     func(args ...string) *exec.Cmd { return r.ssh(key, []string{"-tt"}, words.Quote(args)) },
		"slipway": func(args ...string) *exec.Cmd { return r.slipway(nil, args...) },
	}
}

func TestTerminalHasNameAndSize(t *testing.T) {
	r := newRig(t, nil)
	for name, client := range clients(r) {
		t.Run(name, func(t *testing.T) {
			o := startOnTerminal(t, client("tty"))
			o.shows("terminal xterm-256color\r\n")
			o.exits(0)
			o = startOnTerminal(t, client("tty", "stty", "size"))
			o.shows("30 100\r\n")
			o.exits(0)
		})
	}
}

// https://no-color.org
func TestColoursAreForTerminalsWithoutNOCOLOR(t *testing.T) {
	r := newRig(t, nil)
	for value, want := range map[string]string{"": "colour true", "1": "colour false"} {
		cmd := r.slipway(nil, "colour")
		cmd.Env = append(cmd.Environ(), "NO_COLOR="+value)
		o := startOnTerminal(t, cmd)
		o.shows(want)
		o.exits(0)
	}
}

func TestATerminalShowsWhatGoesOnInSilence(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	plain := "-----> Making it\r\n       half of it\r\n       made\r\n"
	for name, client := range clients(r) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOnTerminal(t, client("slow"))
			o.exits(0)
			eventually(t, "the end", func() bool { return strings.HasSuffix(o.out.String(), "       made\r\n") })
			if out := o.out.String(); !strings.HasPrefix(out, "-----> Making it\r\n\r\x1b[2K  ") || !strings.Contains(out, "Making it (2s)") || !strings.Contains(out, "\r\x1b[2K       half of it\r\n") {
				t.Errorf("%q", out)
			}
		})
	}
	t.Run("NO_COLOR", func(t *testing.T) {
		t.Parallel()
		cmd := r.slipway(nil, "slow")
		cmd.Env = append(cmd.Environ(), "NO_COLOR=1")
		o := startOnTerminal(t, cmd)
		o.exits(0)
		eventually(t, "the end", func() bool { return o.out.String() == plain })
	})
	t.Run("no terminal", func(t *testing.T) {
		t.Parallel()
		if got := runCommand(t, r.slipway(nil, "slow")); got.stdout != strings.ReplaceAll(plain, "\r", "") || got.stderr != "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestTerminalFollowsTheWindow(t *testing.T) {
	r := newRig(t, nil)
	for name, client := range clients(r) {
		t.Run(name, func(t *testing.T) {
			o := startOnTerminal(t, client("tty", "sh"))
			o.types("echo rea\"dy\"\n")
			o.shows("ready\r\n")
			if err := pty.Setsize(o.tty, &pty.Winsize{Rows: 40, Cols: 120}); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the new size", func() bool {
				o.types("stty size\n")
				return strings.Contains(o.out.String(), "40 120\r\n")
			})
			o.types("exit 9\n")
			o.exits(9)
		})
	}
}

func TestCtrlCCancelsTheCommand(t *testing.T) {
	r := newRig(t, nil)
	for name, client := range clients(r) {
		t.Run(name, func(t *testing.T) {
			o := startOnTerminal(t, client("wait"))
			r.event("started")
			o.types("\x03")
			r.event("canceled")
			o.exits(130)
		})
	}
}

func TestCtrlCEndsReadingOfInput(t *testing.T) {
	r := newRig(t, nil)
	o := startOnTerminal(t, r.slipway(nil, "ask"))
	r.event("started")
	o.types("\x03")
	r.event("canceled")
	o.exits(130)
}

// Where a child has the terminal, Ctrl-C is the child's.
func TestCtrlCGoesToTheChildOnTheTerminal(t *testing.T) {
	r := newRig(t, nil)
	for name, client := range clients(r) {
		t.Run(name, func(t *testing.T) {
			o := startOnTerminal(t, client("tty", "sh", "-c", `trap "echo caught; exit 6" INT; echo ready; while :; do read x; done`))
			o.shows("ready\r\n")
			o.types("\x03")
			o.shows("caught\r\n")
			o.exits(6)
		})
	}
}

func TestTypedLinesReachTheCommand(t *testing.T) {
	r := newRig(t, nil)
	for name, client := range clients(r) {
		t.Run(name, func(t *testing.T) {
			o := startOnTerminal(t, client("ask"))
			r.event("started")
			o.types("yesx\x7f\n")
			r.event("canceled")
			o.shows("answer=\"yes\\n\"\r\n")
			o.exits(0)
		})
	}
}

// A full screen program sends bare newlines, which must stay so.
func TestOutputOfARawTerminalIsNotRewritten(t *testing.T) {
	r := newRig(t, nil)
	o := startOnTerminal(t, r.slipway(nil, "tty", "sh", "-c", `stty raw; printf 'a\nb\r\r\nc'`))
	o.exits(0)
	o.shows("a\nb\r\r\nc")
}

func TestHangUpReachesTheChild(t *testing.T) {
	r := newRig(t, nil)
	o := startOnTerminal(t, r.slipway(nil, "tty", "sh", "-c", "trap '' INT; echo ready; sleep 1000"))
	o.shows("ready\r\n")
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
	ended := make(chan struct{})
	go func() {
		r.Server.commands.Wait()
		close(ended)
	}()
	eventually(t, "the end of the command", func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
}

func TestLastOutputArrives(t *testing.T) {
	r := newRig(t, nil)
	o := startOnTerminal(t, r.slipway(nil, "tty", "sh", "-c", "seq 1 20000"))
	o.exits(0)
	o.shows("\n20000\r\n")
	if n := strings.Count(o.out.String(), "\n"); n != 20000 {
		t.Errorf("%d lines", n)
	}
}

func TestEndOfInputOnATerminalIsCtrlD(t *testing.T) {
	r := newRig(t, nil)
	cmd := r.ssh(r.key("ann", ""), []string{"-tt"}, "cat")
	cmd.Stdin = strings.NewReader("hello\n")
	if got := runCommand(t, cmd); got.code != 0 || !strings.Contains(got.stdout, "hello\r\n") {
		t.Errorf("got %+v", got)
	}
}

func TestNoTerminalWhenAnyStreamIsNone(t *testing.T) {
	r := newRig(t, nil)
	if got := runCommand(t, r.slipway(nil, "tty")); got.stdout != "no terminal\n" {
		t.Errorf("got %+v", got)
	}
}

func TestJobInTheBackgroundIsNotStopped(t *testing.T) {
	r := newRig(t, nil)
	path, err := client()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `set -m; "$0" tty & wait $!; echo "code $?"`, path)
	cmd.Env = []string{"SLIPWAY_SOCKET=" + r.socket, "PATH=" + os.Getenv("PATH")}
	o := startOnTerminal(t, cmd)
	o.shows("no terminal\r\n")
	o.shows("code 0\r\n")
	o.exits(0)
}

// runOnTerminal gives a child the terminal as its controlling one, as the
// package asks of handlers: O_NOCTTY here, Setctty there.
func runOnTerminal(ctx context.Context, path string, argv []string) error {
	tty, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer tty.Close()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Run()
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() >= 0 {
		return command.Exit{Code: cmd.ProcessState.ExitCode()}
	}
	return err
}
