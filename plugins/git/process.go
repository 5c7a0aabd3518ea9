package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/plugin"
)

// deployKeys are the keys that ~dokku/.ssh may have for reading from elsewhere,
// the one that git:generate-deploy-key makes first.
var deployKeys = []string{"id_ed25519", "id_rsa"}

// endWithin is how long a process that was told to end may take.
const endWithin = 5 * time.Second

// runner starts programs as the system user, with ~ at $DOKKU_ROOT.
type runner struct {
	exec plugin.Exec
	home string
}

func (s *service) runner() runner { return runner{exec: s.host.Exec, home: s.host.Store.Root()} }

// command prepares a program in a process group of its own, which gets SIGTERM
// when ctx ends, and SIGKILL when it takes too long over that; use run to
// start it. env is added to the base environment.
func (r runner) command(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(append([]string{}, r.exec.Env...),
		"HOME="+r.home,
		"GIT_TERMINAL_PROMPT=0",
		"GIT_SSH_COMMAND="+r.sshCommand(),
		// The repositories belong to the system user, whoever we run as.
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if u := r.exec.User; u != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: u.UID, Gid: u.GID}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = endWithin
	return cmd
}

// sshCommand makes ssh use the deploy key and the known hosts of ~dokku, which
// ssh itself looks for in the home that the password file names. It is git's
// interface that is a shell line; nothing in it comes from a user.
func (r runner) sshCommand() string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	line := "ssh -o BatchMode=yes -o UserKnownHostsFile=" + quote(r.home+"/.ssh/known_hosts")
	for _, key := range deployKeys {
		line += " -i " + quote(r.home+"/.ssh/"+key)
	}
	return line
}

// run runs a prepared command to its end. When it was interrupted nothing of
// its process group is left.
func run(ctx context.Context, cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot run %s: %w", cmd.Args[0], err)
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // no such group: all have ended
		return ctx.Err()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well; something that it started still holds its output
	}
	return err
}

// gitError is a git command that failed, with what it said.
type gitError struct {
	command string // such as "fetch"
	code    int
	stderr  string // trimmed
}

func (e *gitError) Error() string {
	if e.stderr == "" {
		return fmt.Sprintf("git %s failed with exit code %d", e.command, e.code)
	}
	return fmt.Sprintf("git %s failed: %s", e.command, e.stderr)
}

// output runs a prepared git command and returns what it printed, trimmed.
// Errors: *gitError, or that of ctx.
func output(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := run(ctx, cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", &gitError{command: subcommand(cmd.Args), code: exit.ExitCode(), stderr: strings.TrimSpace(stderr.String())}
	}
	return strings.TrimSpace(stdout.String()), err
}

// subcommand is the word of a git command line that says what it does.
func subcommand(argv []string) string {
	for i := 1; i < len(argv); i++ {
		switch {
		case argv[i] == "-c" || argv[i] == "-C":
			i++
		case !strings.HasPrefix(argv[i], "-"):
			return argv[i]
		}
	}
	return argv[0]
}

// open opens a file with the rights of the system user.
func (r runner) open(ctx context.Context, path string) (io.ReadCloser, error) {
	if r.exec.User == nil {
		return os.Open(path)
	}
	ctx, cancel := context.WithCancel(ctx)
	content, feed := io.Pipe()
	done := make(chan struct{})
	cmd := r.command(ctx, "/", nil, "cat", "--", path)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = feed, &stderr
	go func() {
		defer close(done)
		err := run(ctx, cmd)
		if errors.As(err, new(*exec.ExitError)) {
			err = errors.New(strings.TrimSpace(stderr.String()))
		}
		feed.CloseWithError(err) // nil is the end of the file
	}()
	return processFile{content, func() {
		cancel()
		<-done
	}}, nil
}

// processFile reads what a process prints; Close ends the process.
type processFile struct {
	*io.PipeReader
	end func()
}

func (f processFile) Close() error {
	err := f.PipeReader.Close()
	f.end()
	return err
}
