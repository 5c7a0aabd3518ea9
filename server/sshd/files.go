package sshd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/plugin"
)

// filesOf gives a caller the files of this machine that it may read: a local
// one as its own uid in its own working directory, a key as the system user.
func (s *Server) filesOf(c caller, env map[string]string) command.Files {
	if c.actor.KeyName != "" {
		if s.cfg.SystemUser == nil {
			return noFiles{}
		}
		return files{dir: "/", as: s.credential(*s.cfg.SystemUser)}
	}
	return localFiles{files{dir: workingDir(env), as: s.credential(plugin.Credential{UID: c.uid, GID: c.gid})}}
}

// systemFilesOf are what commands read that Dokku runs as its system user,
// whom it becomes when root calls: nil, which is filesOf, for all others.
func (s *Server) systemFilesOf(c caller, env map[string]string) command.Files {
	if c.actor.KeyName != "" || c.uid != 0 || s.cfg.SystemUser == nil {
		return nil
	}
	return files{dir: workingDir(env), as: s.credential(*s.cfg.SystemUser)}
}

func workingDir(env map[string]string) string {
	if dir := env[protocol.Dir]; filepath.IsAbs(dir) {
		return dir
	}
	return "/"
}

// credential is nil for our own user, who needs no other process.
func (s *Server) credential(u plugin.Credential) *plugin.Credential {
	if u.UID == s.uid {
		return nil
	}
	return &u
}

// noFiles are the files of a remote caller where there is no system user.
type noFiles struct{}

func (noFiles) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return nil, command.Deny("The file %s cannot be read over SSH. Pipe it to the command instead.", name)
}

// files opens files below a working directory, as another user by a child
// process: only the kernel can judge what that user may read.
type files struct {
	dir string
	as  *plugin.Credential
}

func (f files) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}

// Open implements command.Files. An error is fit for users.
func (f files) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	path := f.path(name)
	if strings.IndexByte(path, 0) >= 0 {
		return nil, command.BadInput("Cannot read the file: its name contains a NUL byte")
	}
	if f.as != nil {
		return openAs(ctx, path, name, *f.as)
	}
	file, err := os.Open(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, command.BadInput("Cannot read the file %s: %w", name, err)
	}
	return file, nil
}

// openAs lets cat read the file. It returns when the first bytes are there, so
// that a file that may not be read is an error here and not later.
func openAs(ctx context.Context, path, name string, as plugin.Credential) (io.ReadCloser, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "cat", "--", path)
	cmd.Dir, cmd.Env, cmd.Stderr = "/", []string{"LC_ALL=C"}, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:    true,
		Credential: &syscall.Credential{Uid: as.UID, Gid: as.GID, NoSetGroups: false},
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, command.Fail("Cannot read the file %s: %w", name, err)
	}
	c := &childFile{r: bufio.NewReader(out), out: out, cmd: cmd}
	if _, err := c.r.Peek(1); err != nil {
		if cmd.Wait() != nil {
			return nil, command.BadInput("Cannot read the file %s: %s", name, reason(stderr.String()))
		}
		return io.NopCloser(strings.NewReader("")), nil // it is empty
	}
	return c, nil
}

// reason is the last part of "cat: path: Permission denied", as Go words it.
func reason(stderr string) string {
	line := strings.TrimSpace(stderr)
	if i := strings.LastIndex(line, ": "); i >= 0 {
		line = line[i+2:]
	}
	return strings.ToLower(line)
}

type childFile struct {
	r   *bufio.Reader
	out io.Closer
	cmd *exec.Cmd
}

func (c *childFile) Read(p []byte) (int, error) { return c.r.Read(p) }

// Close ends the child, also when not everything was read.
func (c *childFile) Close() error {
	c.out.Close()
	_ = c.cmd.Wait() // killed by SIGPIPE when it had more
	return nil
}
