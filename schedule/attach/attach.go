// Package attach connects the caller of a command to a program that docker's command line runs for it: on the caller's
// terminal, or with stdin, stdout and stderr apart.
//
//	code, err := attach.Run(ctx, host.CLI, call, attach.Streams, "container", "start", "--attach", "--interactive", id)
package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// Mode says how the program is connected.
type Mode int

// The modes.
const (
	Streams  Mode = iota // the caller's stdin, stdout and stderr, apart
	Terminal             // the caller's terminal; there must be one
)

// Shell is the command that opens the best shell of an image: bash where it has one, else sh. It is constant: nothing of
// what a user types is ever part of it.
func Shell() []string {
	return []string{"/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; fi; exec /bin/sh"}
}

// StdinEnv is the variable, of the triggers scheduler-run and scheduler-enter, by which a caller without a terminal asks
// that what is piped in be passed on. Without it nothing is read, as with Dokku: a loop over lines of a file that calls
// `dokku run` would lose the rest of them.
const StdinEnv = "SLIPWAY_STDIN"

// Run runs `docker ARGS…` for the caller until it ends, and returns its exit code. When ctx ends, docker gets SIGTERM,
// and the error is ctx's; what goes on in the container is the caller's to end.
//
// The goroutine that reads the caller's stdin may outlive Run: a Read cannot be taken back. It ends with the caller's
// session, or at the next byte.
func Run(ctx context.Context, cli docker.CLI, call *command.Call, mode Mode, args ...string) (exitCode int, err error) {
	cmd := cli.Command(ctx, args...)
	if mode == Terminal {
		err = onTerminal(cmd, call.TTY)
	} else {
		err = onStreams(cmd, call)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case err != nil:
		return 0, fmt.Errorf("cannot run the docker command: %w", err)
	}
	return 0, nil
}

// onTerminal makes the terminal docker's controlling one, so that it learns of a change of its size.
func onTerminal(cmd *exec.Cmd, terminal command.Terminal) error {
	device, err := os.OpenFile(terminal.Path(), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer device.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = device, device, device
	cmd.SysProcAttr.Setctty = true // of the session that docker.CLI starts; Ctty is stdin
	cmd.Env = append(cmd.Env, "TERM="+terminal.Name())
	return cmd.Run()
}

func onStreams(cmd *exec.Cmd, call *command.Call) error {
	cmd.Stdout, cmd.Stderr = call.Out.Stdout(), call.Out.Stderr()
	if call.In == nil {
		return cmd.Run()
	}
	// Not cmd.Stdin: Wait would wait for the end of a Read that blocks.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { // see Run
		_, _ = io.Copy(stdin, call.In) // docker has gone: nobody is left to tell
		_ = stdin.Close()
	}()
	return cmd.Wait()
}
