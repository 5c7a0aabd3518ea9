package plugin

import (
	"context"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/internal/words"
)

// Getenv is the variable of child processes, "" when they have none.
func (e *Exec) Getenv(name string) string {
	for i := len(e.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(e.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// LogsDir is Dokku's folder of logs, DOKKU_LOGS_DIR.
func (h *Host) LogsDir() string {
	if dir := h.Exec.Getenv("DOKKU_LOGS_DIR"); dir != "" {
		return dir
	}
	return h.Store.LibPath("logs")
}

// HostPath is the path on the Docker engine's machine of a folder of ours: that
// of the variable (such as DOKKU_LIB_HOST_ROOT) where it is set, which it is
// where we run in a container.
func (h *Host) HostPath(variable, ours string) string {
	if path := h.Exec.Getenv(variable); path != "" {
		return path
	}
	return ours
}

// callerEnv is what else a local caller has in its environment, which goes below all that is ours. A script that a hook of
// ours started calls with what the hook has.
func callerEnv(ctx context.Context) []string {
	env, err := words.Split(command.EnvOf(ctx, protocol.CallerEnv))
	if err != nil {
		return nil // no client of ours
	}
	return env
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
