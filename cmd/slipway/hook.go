package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/internal/words"
)

// runHook runs a command line as a child, with our streams, and returns its exit code: what is called is then the parent of
// an executable of a plugin. A signal that would end us reaches the child too, since both are of one process group.
func runHook(line string) int {
	argv, err := words.Split(line)
	if err == nil && len(argv) == 0 {
		err = errors.New("it is empty")
	}
	if err == nil {
		err = os.Unsetenv(protocol.Hook)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, " !     $%s cannot be used: %s\n", protocol.Hook, err)
		return 1
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) // the child ends by them, and we with it
	cmd := exec.CommandContext(context.Background(), argv[0], argv[1:]...)  //nolint:gosec // what the daemon says
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && ended.ExitCode() >= 0:
		return ended.ExitCode()
	case errors.As(err, &ended):
		return 128 + int(ended.Sys().(syscall.WaitStatus).Signal())
	case err != nil:
		fmt.Fprintf(os.Stderr, " !     %s\n", err)
		return 1
	}
	return 0
}
