package plugin

import (
	"io"
	"os"
	"os/exec"
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
