package sshd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/authkeys"
	"github.com/slipwayhq/slipway/plugin"
)

const patience = 20 * time.Second

// rig is a server with a command table of its own, and what the stock ssh
// client needs to talk to it.
type rig struct {
	*Server
	t      testing.TB
	dir    string
	socket string
	port   string
	events chan string // what commands report: "started", "canceled"
	log    *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newRig(t testing.TB, system *plugin.Credential) *rig {
	t.Helper()
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("the ssh client is not installed")
	}
	r := &rig{t: t, dir: t.TempDir(), events: make(chan string, 100), log: &syncBuffer{}}
	table, err := command.NewTable(nil, r.commands())
	if err != nil {
		t.Fatal(err)
	}
	table.AppExists = func(string) bool { return true }
	programs, err := command.NewTable(nil, r.programs())
	if err != nil {
		t.Fatal(err)
	}
	r.Server, err = New(Config{
		Table: table, Programs: programs, Log: slog.New(slog.NewTextHandler(r.log, nil)), SystemUser: system,
		KeysFile: filepath.Join(r.dir, "authorized_keys"), HostKeyDir: filepath.Join(r.dir, "ssh"),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.socket = filepath.Join(r.dir, "s")
	local, err := ListenUnix(r.socket)
	if err != nil {
		t.Fatal(err)
	}
	remote, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, r.port, _ = net.SplitHostPort(remote.Addr().String())
	var serving sync.WaitGroup
	serving.Go(func() { _ = r.ServeUnix(local) })
	serving.Go(func() { _ = r.ServeTCP(remote) })
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Shutdown(ctx)
		serving.Wait()
		if t.Failed() {
			t.Log(r.log.String())
		}
	})
	return r
}

type noArgs struct{}

type restArgs struct {
	Rest []string `arg:"word,optional"`
}

func (r *rig) commands() []*command.Command {
	return []*command.Command{
		command.New("who", "who calls", func(_ context.Context, c *command.Call, _ noArgs) error {
			c.Out.Line("user=%s key=%s fp=%s root=%v", c.Actor.User, c.Actor.KeyName, c.Actor.Fingerprint, c.Actor.Root)
			return nil
		}),
		command.New("argv", "print the arguments", func(_ context.Context, c *command.Call, in restArgs) error {
			c.Out.Line("%q", in.Rest)
			return nil
		}),
		command.New("exit", "end with a code", func(_ context.Context, c *command.Call, in struct {
			Code int `arg:"code"`
		},
		) error {
			c.Out.Line("to stdout")
			c.Out.ErrorLine("to stderr")
			return command.Exit{Code: in.Code}
		}),
		command.New("cat", "stdin to stdout", func(_ context.Context, c *command.Call, _ noArgs) error {
			_, err := io.Copy(c.Out.Stdout(), c.In)
			return err
		}),
		command.New("open", "print a file", func(ctx context.Context, c *command.Call, in struct {
			File string `arg:"file"`
		},
		) error {
			f, err := c.Files.Open(ctx, in.File)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(c.Out.Stdout(), f)
			return err
		}),
		command.New("mkdir", "a folder of a tar archive from stdin", func(ctx context.Context, c *command.Call, in struct {
			Folder string `arg:"folder"`
		},
		) error {
			folders, ok := c.Files.(command.Folders)
			if !ok {
				return command.Deny("no folders")
			}
			c.Out.Line("%s", folders.Path(in.Folder))
			return folders.MakeFolder(ctx, in.Folder, c.In)
		}),
		command.New("env", "print the environment", func(_ context.Context, c *command.Call, _ noArgs) error {
			for k, v := range c.Env {
				c.Out.Line("%s=%s", k, v)
			}
			return nil
		}),
		command.New("wait", "until canceled", func(ctx context.Context, c *command.Call, _ noArgs) error {
			c.Out.Line("waiting")
			r.events <- "started"
			<-ctx.Done()
			r.events <- "canceled"
			return ctx.Err()
		}),
		command.New("chatter", "lines until canceled", func(ctx context.Context, c *command.Call, _ noArgs) error {
			for ctx.Err() == nil {
				c.Out.Line("a line")
				<-time.After(time.Millisecond)
			}
			r.events <- "canceled"
			return ctx.Err()
		}),
		command.New("ask", "read a line", func(_ context.Context, c *command.Call, _ noArgs) error {
			r.events <- "started"
			buf := make([]byte, 100)
			n, err := c.In.Read(buf)
			r.events <- "canceled"
			c.Out.Line("answer=%q", buf[:n])
			return err
		}),
		command.New("tty", "about the terminal", func(ctx context.Context, c *command.Call, in restArgs) error {
			if c.TTY == nil {
				c.Out.Line("no terminal")
				return nil
			}
			if len(in.Rest) == 0 {
				c.Out.Line("terminal %s", c.TTY.Name())
				return nil
			}
			return runOnTerminal(ctx, c.TTY.Path(), in.Rest)
		}, command.PlainArgs),
		command.New("colour", "whether there is colour", func(_ context.Context, c *command.Call, _ noArgs) error {
			c.Out.Line("colour %v", c.Out.Color())
			return nil
		}),
		command.New("slow", "be silent for a while", func(_ context.Context, c *command.Call, _ noArgs) error {
			c.Out.Step("Making it")
			done := c.Out.Busy("Making it")
			<-time.After(3 * time.Second)
			c.Out.Text("half of it")
			done()
			c.Out.Text("made")
			return nil
		}),
		command.New("panic", "break", func(context.Context, *command.Call, noArgs) error { panic("broken") }),
	}
}

// key makes a key pair and puts it into authorized_keys under the name; "" is a
// key that nobody knows.
func (r *rig) key(name, options string) (file string) {
	r.t.Helper()
	sum := sha256.Sum256([]byte(name + options))
	file = filepath.Join(r.dir, "id_"+hex.EncodeToString(sum[:4]))
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file).CombinedOutput(); err != nil {
		r.t.Fatalf("ssh-keygen: %v %s", err, out)
	}
	if name == "" {
		return file
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		r.t.Fatal(err)
	}
	line, err := authkeys.NewLine(name, string(public), "/home/dokku", options)
	if err != nil {
		r.t.Fatal(err)
	}
	f, err := os.OpenFile(r.cfg.KeysFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, line.Text); err != nil {
		r.t.Fatal(err)
	}
	return file
}

// ssh is the stock client, as a command that is not started yet. args follow
// the host.
func (r *rig) ssh(key string, options []string, args ...string) *exec.Cmd {
	return r.sshAs("dokku", key, options, args...)
}

func (r *rig) sshAs(user, key string, options []string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r.t.Cleanup(cancel)
	argv := []string{
		"-F", "none", "-p", r.port, "-i", key, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
	}
	argv = append(append(argv, options...), user+"@127.0.0.1")
	return exec.CommandContext(ctx, "ssh", append(argv, args...)...)
}

type result struct {
	stdout, stderr string
	code           int
}

func runCommand(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", cmd, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func (r *rig) event(want string) {
	r.t.Helper()
	select {
	case got := <-r.events:
		if got != want {
			r.t.Fatalf("event %q, want %q", got, want)
		}
	case <-time.After(patience):
		r.t.Fatalf("no event %q", want)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not in time: %s", what)
}
