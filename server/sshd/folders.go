package sshd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"

	"github.com/slipwayhq/slipway/command"
)

// localFiles are the files of a caller of this machine, who may write what its
// uid may write. Those of a key are files alone: what the system user could
// write is not the key's. It implements command.Folders.
type localFiles struct{ files }

// Path implements command.Folders.
func (f localFiles) Path(name string) string { return f.path(name) }

// MakeFolder implements command.Folders by child processes that are the caller.
func (f localFiles) MakeFolder(ctx context.Context, name string, tar io.Reader) error {
	path := f.path(name)
	if strings.IndexByte(path, 0) >= 0 {
		return command.BadInput("Cannot make the folder: its name contains a NUL byte")
	}
	if err := f.do(ctx, name, nil, "mkdir", "--", path); err != nil {
		return err
	}
	err := f.do(ctx, name, tar, "tar", "--extract", "--file=-", "--no-same-owner", "--directory="+path)
	if err != nil {
		err = errors.Join(err, f.do(context.WithoutCancel(ctx), name, nil, "rm", "-r", "-f", "--", path))
	}
	return err
}

func (f localFiles) do(ctx context.Context, name string, in io.Reader, argv ...string) error {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stderr = "/", []string{"LC_ALL=C"}, in, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if f.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: f.as.UID, Gid: f.as.GID}
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return command.Fail("Cannot make the folder %s: %s", name, reason(stderr.String()))
	}
	if err != nil {
		return command.Fail("Cannot make the folder %s: %w", name, err)
	}
	return nil
}
