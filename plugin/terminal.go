package plugin

import (
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/command"
)

// atTerminal makes the caller's terminal that of a program which is not started
// yet: it leads a session of its own, in which Ctrl-C and changes of the size
// reach it, and SSH_TTY names the terminal as sshd does. The caller closes what
// is returned when the program has ended.
func atTerminal(cmd *exec.Cmd, tty command.Terminal) (*os.File, error) {
	device, err := os.OpenFile(tty.Path(), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open the terminal: %w", err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = device, device, device
	cmd.Env = append(cmd.Env, "SSH_TTY="+tty.Path(), "TERM="+tty.Name())
	// A session is a process group too: what ends the group ends it.
	cmd.SysProcAttr.Setpgid = false
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, true, 0
	return device, nil
}
