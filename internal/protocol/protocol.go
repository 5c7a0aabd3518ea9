// Package protocol has the names that the thin client and the daemon share. The
// protocol itself is SSH over a unix socket: the command is an argument vector
// quoted by package words, the environment below travels as "env" requests,
// terminal, signals and exit code as SSH has them.
//
//	USER    dokku
//	ENV     SLIPWAY_CWD=/root
//	EXEC    config:set blog 'GREETING=hi there'
package protocol

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/internal/words"
)

// User is the user name that the client gives over the unix socket; the
// identity is the uid of the peer.
const User = "dokku"

// The variables that carry facts about the client itself.
const (
	Dir     = "SLIPWAY_CWD"     // the client's working directory
	Program = "SLIPWAY_PROGRAM" // the name it was called by: slipway, dokku, or one of the programs below
)

// The programs that a path in $DOKKU_LIB_ROOT/core-plugins stands for: a command of a feature, and the answer of one
// feature to a trigger.
const (
	Subcommand = "subcommand"
	Answer     = "answer"
)

// programs are what scripts of plugins call, by a name or a path, beside dokku itself. The first word of the command line
// is the program, but for Subcommand, where it is the command.
var programs = []string{
	"plugn", "prop", "common", "config_sub", "nginx-property",
	"chmod-storage-dir", "chown-storage-dir", "destroy-storage-dir", Subcommand, Answer,
}

// IsProgram tells whether a name is that of such a program. The daemon takes them from local callers alone.
func IsProgram(name string) bool { return slices.Contains(programs, name) }

// Hook is the variable that makes the client a mere parent: it runs the command line in it and ends as that does. A plugin's
// help asks ps(1) for the command line of its parent, to know whether it is `dokku help --all`.
const Hook = "SLIPWAY_HOOK"

// AllowedKeys are the options of authorized_keys for a key that ssh-keys:add adds,
// in place of those that Dokku's sshcommand gives it.
const AllowedKeys = "SSHCOMMAND_ALLOWED_KEYS"

// WantInput is the channel request with which the daemon asks a local client
// for its stdin. A client reads nothing before: in a script such as
// `while read app; do dokku ps:restart $app; done < apps` the input is not the
// command's. Under a terminal everything is sent from the start.
const WantInput = "want-input@slipway"

// The variables with which the forced command of an authorized_keys line tells
// who connected to the host's own sshd. A caller with both acts as that key.
const (
	Fingerprint     = "FINGERPRINT"
	KeyName         = "NAME"
	SSHUser         = "SSH_USER" // the system user for whom it all began
	OriginalCommand = "SSH_ORIGINAL_COMMAND"
)

// terminalEnv is accepted from every caller. GIT_PROTOCOL is how git's client
// asks for a newer version of its protocol; plugins/git checks it.
var terminalEnv = []string{"LANG", "TERM", "GIT_PROTOCOL", "NO_COLOR"}

// localEnv is accepted over the unix socket, for what Slipway itself does. What
// else is in a local caller's environment goes to executables of plugins alone,
// see CallerEnv.
var localEnv = []string{
	"DOKKU_QUIET_OUTPUT", "DOKKU_TRACE", "DOKKU_APPS_FORCE_DELETE", "DOKKU_APP_NAME",
	"DOKKU_OMIT_RESOURCE_ARGS", AllowedKeys,
	// of scheduler-run, which plugins fire
	"DOKKU_CRON_ID", "DOKKU_CONCURRENCY_POLICY", "DOKKU_RUN_TTL_SECONDS", "DOKKU_DETACH_CONTAINER", "DOKKU_RM_CONTAINER",
	"DOKKU_DISABLE_TTY", "DOKKU_FORCE_TTY", "DOKKU_GLOBAL_FLAGS", "DOKKU_SHELL",
	SSHUser, "SSH_NAME", KeyName, Fingerprint,
	"SLIPWAY_LOCK", // state.LockEnv
	"GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_DIR",
	Dir, Program,
}

// MaxEnvValue bounds one variable, in bytes, and MaxCallerEnv that of CallerEnv.
const (
	MaxEnvValue  = 32 << 10
	MaxCallerEnv = 128 << 10
)

// CallerEnv has what else is in a local caller's environment, each "NAME=VALUE" a word: as with Dokku, an executable of a
// plugin gets it below what is ours, as in `POSTGRES_IMAGE_VERSION=17 dokku postgres:create db`.
const CallerEnv = "SLIPWAY_CALLER_ENV"

// Allowed tells whether the daemon takes the variable, of that many bytes, from a caller.
func Allowed(name string, size int, local bool) bool {
	if name == CallerEnv {
		return local && size <= MaxCallerEnv
	}
	return size <= MaxEnvValue && (slices.Contains(terminalEnv, name) || (local && slices.Contains(localEnv, name)))
}

// ownEnv are variables that are about the process which has them.
var ownEnv = []string{"_", "PWD", "OLDPWD", "SHLVL", "HOME", "PATH", "USER", "LOGNAME", "MAIL", "SHELL", "TMPDIR", KeyName, Fingerprint}

// PickCallerEnv is the value of CallerEnv for an environment, "" where there is nothing to pass or too much. Left out are
// variables that are about the calling process, those of its SSH session and of git, functions of its shell, and what tells
// the dynamic linker what to load.
func PickCallerEnv(environ []string) string {
	var pairs []string
	for _, pair := range environ {
		name, _, ok := strings.Cut(pair, "=")
		if !ok || slices.Contains(ownEnv, name) || slices.Contains(terminalEnv, name) || slices.Contains(localEnv, name) {
			continue
		}
		if !slices.ContainsFunc([]string{"SLIPWAY_", "SSH_", "GIT_", "LD_", "BASH_", "SUDO_"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			pairs = append(pairs, pair)
		}
	}
	value := words.Quote(pairs)
	if len(value) > MaxCallerEnv {
		return ""
	}
	return value
}

// Environ picks from getenv what a local client sends, by name; empty values
// are left out.
func Environ(getenv func(string) string) map[string]string {
	env := map[string]string{}
	for _, names := range [][]string{terminalEnv, localEnv} {
		for _, n := range names {
			if v := getenv(n); v != "" && len(v) <= MaxEnvValue {
				env[n] = v
			}
		}
	}
	return env
}

// SocketPath is where the control plane listens: $SLIPWAY_SOCKET, or
// run/slipwayd.sock below $DOKKU_LIB_ROOT.
func SocketPath() string {
	if path := os.Getenv("SLIPWAY_SOCKET"); path != "" {
		return path
	}
	lib := os.Getenv("DOKKU_LIB_ROOT")
	if lib == "" {
		lib = "/var/lib/dokku"
	}
	return filepath.Join(lib, "run", "slipwayd.sock")
}
