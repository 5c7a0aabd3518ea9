package pluginctl

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// asRoot starts processes as we run ourselves, which on a server is as root, for
// what plugins do to the machine.
func (p *plugins) asRoot() *plugin.Exec {
	exec := p.host.Exec
	exec.User = nil
	return &exec
}

// git prepares git in a folder. It asks nobody for a password, runs no hooks,
// and speaks only the protocols that plugin:install names.
func (p *plugins) git(ctx context.Context, dir string, args ...string) *exec.Cmd {
	flags := []string{"-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"}
	cmd := p.asRoot().Command(ctx, "git", append(flags, args...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=https:ssh:file:git")
	if home, err := os.UserHomeDir(); err == nil {
		cmd.Env = append(cmd.Env, "HOME="+home) // the keys and certificates of who installs
	}
	return cmd
}

func (p *plugins) gitOutput(ctx context.Context, dir string, args ...string) (string, error) {
	text, err := p.git(ctx, dir, args...).Output()
	return strings.TrimSpace(string(text)), err
}

// gitShown runs git where the user sees what it says.
func (p *plugins) gitShown(ctx context.Context, out *command.Output, dir string, args ...string) error {
	cmd := p.git(ctx, dir, args...)
	cmd.Stdout, cmd.Stderr = out.Stdout(), out.Stderr()
	return run(cmd)
}

// run is the program's end; a code other than 0 is a failure that it has
// explained itself.
func run(cmd *exec.Cmd) error { return ended(cmd, cmd.Run()) }

func ended(cmd *exec.Cmd, err error) error {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return errors.New("it failed")
	case errors.Is(err, exec.ErrNotFound):
		return command.Fail("There is no %s on this machine. Install it: apt-get install %s", cmd.Args[0], cmd.Args[0])
	}
	return err
}

// hook runs an executable of a plugin as root, in the environment of plugins.
// One that is not there has nothing to do.
func (p *plugins) hook(ctx context.Context, out *command.Output, i plugin.Installed, name string, args ...string) error {
	path := i.Dir + "/" + name
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() || st.Mode()&0o111 == 0 {
		return nil //nolint:nilerr // as plugn has it
	}
	config, err := p.host.ConfigEnv(i)
	if err != nil {
		return err
	}
	cmd := p.asRoot().Command(ctx, path, args...)
	if p.host.Exec.More != nil {
		cmd.Env = append(cmd.Env, p.host.Exec.More()...)
	}
	cmd.Env = append(append(cmd.Env, plugin.CallEnv(ctx)...), config...)
	cmd.Dir = i.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(""), out.Stdout(), out.Stderr()
	return ended(cmd, plugin.RunGroup(ctx, cmd))
}

// closing joins what a writer says at its end.
func closing(err error, c io.Closer) error { return errors.Join(err, c.Close()) }
