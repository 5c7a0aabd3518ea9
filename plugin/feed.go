package plugin

import (
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/slipwayhq/slipway/command"
)

// runFed runs a program to its end. Unlike cmd.Run it does not wait for
// cmd.Stdin, of which a caller at a terminal may not send anything: the goroutine
// that reads it may outlive the program, until the caller's session ends.
func runFed(cmd *exec.Cmd) error {
	in := cmd.Stdin
	if _, open := in.(*os.File); in == nil || open {
		return cmd.Run()
	}
	cmd.Stdin = nil
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(stdin, in) // fails when the program has ended or closed it
		_ = stdin.Close()
	}()
	return cmd.Wait()
}

// shared makes what a caller sends a file that several programs can be given one
// after the other: what one of them does not read is there for the next, as with a
// descriptor that they inherit. The goroutine that reads may outlive close, until
// the caller's session ends.
func shared(in io.Reader) (_ io.Reader, close func(), err error) {
	if _, open := in.(*os.File); in == nil || open || command.Inherit(in) != nil {
		return in, func() {}, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a pipe: %w", err)
	}
	go func() {
		_, _ = io.Copy(w, in) // fails when nobody reads any more
		_ = w.Close()
	}()
	return r, func() { _ = r.Close() }, nil
}
