package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// killDelay is how long a hook whose caller went away gets to end by SIGTERM.
const killDelay = 5 * time.Second

// execution is one run of an executable of a plugin.
type execution struct {
	path     string
	args     []string
	in       io.Reader
	out, err io.Writer
	tty      command.Terminal // stands for all three; may be nil
	parent   []string         // the command line that its parent is to have; nil: any
}

// run runs one executable of a plugin to its end. Its error is command.Exit when
// it ended with a code other than 0.
func (x *External) run(ctx context.Context, p Installed, s execution) error {
	more, err := x.hookEnv(ctx, p)
	if err != nil {
		return err
	}
	cmd := x.command(ctx, s)
	cmd.Env = slices.Concat(callerEnv(ctx), cmd.Env, more)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.err
	if own := command.Inherit(s.in); own != nil {
		cmd.Stdin = own
	}
	if s.tty != nil {
		device, err := atTerminal(cmd, s.tty)
		if err != nil {
			return err
		}
		defer device.Close()
	}
	err = RunGroup(ctx, cmd)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		return command.Exit{Code: exit.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("cannot run %s: %w", s.path, err)
	}
	return nil
}

// command is the executable, below a parent of the command line that it asks for.
func (x *External) command(ctx context.Context, s execution) *exec.Cmd {
	if s.parent == nil || x.host.Client == "" {
		return x.host.Exec.Command(ctx, s.path, s.args...)
	}
	cmd := x.host.Exec.Command(ctx, x.host.Client)
	cmd.Args = s.parent
	cmd.Env = append(cmd.Env, protocol.Hook+"="+words.Quote(append([]string{s.path}, s.args...)))
	return cmd
}

// hookEnv is what the hooks and commands of a plugin have in their environment besides that of every child process.
func (x *External) hookEnv(ctx context.Context, p Installed) ([]string, error) {
	config, err := x.host.ConfigEnv(p)
	if err != nil {
		return nil, err
	}
	var env []string
	if x.host.Exec.More != nil {
		env = x.host.Exec.More()
	}
	return append(append(slices.Clone(env), CallEnv(ctx)...), config...), nil
}

// Command is a child process with this environment and user: an argument
// vector, in its own process group, which ends as a whole when ctx ends. The
// token of a lock that ctx carries, and the variables of a trigger, go with it.
func (e *Exec) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = e.environ(ctx)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if e.User != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: e.User.UID, Gid: e.User.GID, Groups: e.User.Groups}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = killDelay
	return cmd
}

// environ is the environment of a child process.
func (e *Exec) environ(ctx context.Context) []string {
	env := slices.Clone(e.Env)
	if more, ok := ctx.Value(envKey{}).([]string); ok {
		env = append(env, more...)
	}
	if token := state.LockToken(ctx); token != "" {
		env = append(env, state.LockEnv+"="+token)
	}
	for name, value := range trigger.EnvOf(ctx) {
		env = append(env, name+"="+value)
	}
	return env
}

type envKey struct{}

// WithEnv adds "KEY=VALUE" to the environment of the child processes that are
// started with ctx: what a trigger hands over that way.
func WithEnv(ctx context.Context, env ...string) context.Context {
	before, _ := ctx.Value(envKey{}).([]string)
	return context.WithValue(ctx, envKey{}, append(slices.Clone(before), env...))
}

// RunGroup runs a process that Exec.Command made, whose context is ctx. When ctx ended, nothing of its group is left. It
// does not wait for the end of the process's input.
func RunGroup(ctx context.Context, cmd *exec.Cmd) error {
	err := runFed(cmd)
	if ctx.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // an error: nobody was left
	}
	return err
}
