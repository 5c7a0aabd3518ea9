// Slipway is the thin client of the control plane: it sends its arguments over
// SSH on a unix socket and passes terminal, streams, signals and exit code
// through. Called as dokku it is the same; called as static-server it serves
// the files of a static app, and called as netrc, sigil or procfile-util it is the
// tool of that name.
//
//	slipway apps:create blog
//	cat ann.pub | slipway ssh-keys:add ann
//	slipway enter blog web
//
// Scripts of plugins call it by the names of Dokku's helper programs, and by paths
// in $DOKKU_LIB_ROOT/core-plugins, which are links to it: see called.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/slipwayhq/slipway/internal/netrc"
	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/internal/static"
	"github.com/slipwayhq/slipway/internal/words"
)

func main() {
	if line := os.Getenv(protocol.Hook); line != "" {
		os.Exit(runHook(line))
	}
	program, argv := called(os.Args[0], os.Args[1:])
	switch program {
	case "static-server":
		os.Exit(static.Main(os.Args[1:], os.Stderr))
	case "netrc":
		os.Exit(netrc.Main(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
	case "sigil", "procfile-util":
		os.Exit(tool(program, os.Args[1:]))
	}
	env := protocol.Environ(os.Getenv)
	callerEnv := protocol.PickCallerEnv(os.Environ())
	// Who comes by an SSH key is told what to be by the forced command, which is no script's: nothing that a key's holder
	// types makes us another program.
	if line := os.Getenv(protocol.OriginalCommand); line != "" && env[protocol.KeyName] != "" && env[protocol.Fingerprint] != "" {
		var err error
		callerEnv = "" // it is sshd's, and of whom it lets in
		if program != "slipway" {
			program = "dokku"
		}
		if argv, err = words.SplitRemote(line); err != nil {
			fmt.Fprintf(os.Stderr, " !     The command cannot be read: %s\n", err)
			os.Exit(1)
		}
	}
	env[protocol.Program] = program
	if callerEnv != "" {
		env[protocol.CallerEnv] = callerEnv
	}
	if dir, err := os.Getwd(); err == nil {
		env[protocol.Dir] = dir
	}
	code, err := run(protocol.SocketPath(), argv, env)
	if errors.Is(err, errNotRunning) && len(argv) > 0 && argv[0] == "migrate" && env[protocol.KeyName] == "" {
		err = migrateOffline(argv)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, " !     %s\n", err)
		code = 1
	}
	os.Exit(code)
}

// migrateOffline becomes slipwayd, which can do this one command without a daemon: on a Dokku machine none may run yet.
func migrateOffline(argv []string) error {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return fmt.Errorf("slipway cannot find itself: %w", err)
	}
	daemon := filepath.Join(filepath.Dir(self), "slipwayd")
	err = syscall.Exec(daemon, append([]string{"slipwayd"}, argv...), os.Environ()) //nolint:gosec // our own program
	return fmt.Errorf("%s cannot be started: %w", daemon, err)
}
