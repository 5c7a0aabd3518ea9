package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// notImplemented is the exit code by which a plugin's `commands` says that a
// command is not its own. Source: DOKKU_NOT_IMPLEMENTED_EXIT.
const notImplemented = 10

// killDelay is how long a hook whose caller went away gets to end by SIGTERM.
const killDelay = 5 * time.Second

// External runs the executables of plugins in $DOKKU_LIB_ROOT/plugins/enabled:
// a file named like a trigger answers it, subcommands/NAME and `commands`
// answer commands. It implements trigger.External.
type External struct {
	dir  string // of the enabled plugins
	exec *Exec
}

// NewExternal looks for plugins in dir. exec is read when something is run.
func NewExternal(dir string, exec *Exec) *External {
	return &External{dir: dir, exec: exec}
}

// enabled lists the plugins, leaving out Dokku's own, which are links into
// core-plugins: compiled ones stand for them.
func (x *External) enabled() []string {
	entries, err := os.ReadDir(x.dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !IsCore(filepath.Join(x.dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names
}

// Replaces implements trigger.External: a plugin named like a compiled one
// takes its place.
func (x *External) Replaces(name string) bool {
	path := filepath.Join(x.dir, name)
	_, err := os.Stat(path)
	return err == nil && !IsCore(path)
}

// IsCore tells whether the enabled plugin at path is one of Dokku's own: a link that leads into core-plugins, over
// plugins/available where plugn made it. Dokku: debian/postinst, setup-plugins.
func IsCore(path string) bool {
	for range 3 {
		target, err := os.Readlink(path)
		if err != nil {
			return false
		}
		if strings.Contains(target, "core-plugins") {
			return true
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return false
}

// Handlers implements trigger.External.
func (x *External) Handlers(name string) []trigger.Handler {
	var out []trigger.Handler
	for _, p := range x.enabled() {
		path := filepath.Join(x.dir, p, name)
		if !executable(path) {
			continue
		}
		out = append(out, trigger.Handler{Plugin: p, Trigger: name, Run: func(ctx context.Context, c *trigger.Call) error {
			return x.run(ctx, path, c.Args, c.In, c.Out, c.Err)
		}})
	}
	return out
}

func executable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

// folders are the plugins whose commands have another name than their folder.
// Source: the dokku script, execute_dokku_cmd.
var folders = map[string]string{
	"events": "20_events", "caddy": "caddy-vhosts", "haproxy": "haproxy-vhosts", "nginx": "nginx-vhosts",
	"openresty": "openresty-vhosts", "traefik": "traefik-vhosts",
}

// Run answers a command that the table does not have; handled is false when no
// plugin knows it. Order of the places: the dokku script, execute_dokku_cmd.
func (x *External) Run(ctx context.Context, c *command.Call) (handled bool, err error) {
	name := c.Argv[0]
	feature, sub, _ := strings.Cut(name, ":")
	if sub == "" {
		sub = "default"
	}
	if !strings.ContainsAny(name, "/\x00") && feature != "" && feature[0] != '.' {
		folder := feature
		if to, ok := folders[feature]; ok {
			folder = to
		}
		for _, file := range []string{sub, name} {
			path := filepath.Join(x.dir, folder, "subcommands", file)
			if executable(path) {
				return true, x.run(ctx, path, c.Argv, c.In, c.Out.Stdout(), c.Out.Stderr())
			}
		}
	}
	for _, p := range x.enabled() {
		path := filepath.Join(x.dir, p, "commands")
		if !executable(path) {
			continue
		}
		err := x.run(ctx, path, c.Argv, c.In, c.Out.Stdout(), c.Out.Stderr())
		if exit := (command.Exit{}); errors.As(err, &exit) && exit.Code == notImplemented {
			continue
		}
		return true, err
	}
	return false, nil
}

// Help lists the help lines of all plugins' commands.
func (x *External) Help(ctx context.Context) []string {
	var lines []string
	for _, p := range x.enabled() {
		path := filepath.Join(x.dir, p, "commands")
		if !executable(path) {
			continue
		}
		var out strings.Builder
		if err := x.run(ctx, path, []string{"help"}, strings.NewReader(""), &out, io.Discard); err != nil {
			continue
		}
		for l := range strings.Lines(out.String()) {
			if l = strings.TrimSpace(l); l != "" {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// CallEnv is what a child process learns of the command that it is part of:
// names and meaning are those of Dokku's script. NAME and FINGERPRINT also tell
// us, where the process calls dokku, whom it acts for.
func CallEnv(ctx context.Context) []string {
	actor, flags := command.ActorOf(ctx), command.FlagsOf(ctx)
	env := []string{"SSH_USER=" + actor.User, "SSH_NAME=" + actor.SSHName(), "NAME=" + actor.KeyName, "FINGERPRINT=" + actor.Fingerprint}
	if name := command.NameOf(ctx); name != "" {
		env = append(env, "DOKKU_COMMAND="+name)
	}
	if id := command.IDOf(ctx); id != 0 {
		env = append(env, "DOKKU_PID="+strconv.FormatInt(id, 10))
	}
	var given []string
	for _, flag := range []struct {
		on             bool
		name, variable string
	}{
		{flags.Quiet, "--quiet", "DOKKU_QUIET_OUTPUT"}, {flags.Trace, "--trace", "DOKKU_TRACE"}, {flags.Force, "--force", "DOKKU_APPS_FORCE_DELETE"},
	} {
		if flag.on {
			env = append(env, flag.variable+"=1")
			given = append(given, flag.name)
		}
	}
	if flags.App != "" {
		env = append(env, "DOKKU_APP_NAME="+flags.App)
		given = append(given, "--app "+flags.App)
	}
	for _, label := range flags.Labels {
		given = append(given, "--label="+label)
	}
	return append(env, "DOKKU_GLOBAL_FLAGS="+strings.Join(given, " "))
}

// run runs one executable to its end. Its error is command.Exit when it ended
// with a code other than 0.
func (x *External) run(ctx context.Context, path string, args []string, in io.Reader, out, stderr io.Writer) error {
	cmd := x.exec.Command(ctx, path, args...)
	if x.exec.More != nil {
		cmd.Env = append(cmd.Env, x.exec.More()...)
	}
	cmd.Env = append(cmd.Env, CallEnv(ctx)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		return command.Exit{Code: exit.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("cannot run %s: %w", path, err)
	}
	return nil
}

// Command is a child process with this environment and user: an argument
// vector, in its own process group, which ends as a whole when ctx ends. The
// token of a lock that ctx carries, and the variables of a trigger, go with it.
func (e *Exec) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(cmd.Env, e.Env...)
	if more, ok := ctx.Value(envKey{}).([]string); ok {
		cmd.Env = append(cmd.Env, more...)
	}
	if token := state.LockToken(ctx); token != "" {
		cmd.Env = append(cmd.Env, state.LockEnv+"="+token)
	}
	for name, value := range trigger.EnvOf(ctx) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if e.User != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: e.User.UID, Gid: e.User.GID}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = killDelay
	return cmd
}

type envKey struct{}

// WithEnv adds "KEY=VALUE" to the environment of the child processes that are
// started with ctx: what a trigger hands over that way.
func WithEnv(ctx context.Context, env ...string) context.Context {
	before, _ := ctx.Value(envKey{}).([]string)
	return context.WithValue(ctx, envKey{}, append(slices.Clone(before), env...))
}
