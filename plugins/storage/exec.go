package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule/attach"
	"github.com/slipwayhq/slipway/trigger"
)

// defaultImage is what storage:exec runs. Source: Dokku
// plugins/storage/commands_entries.go.
const defaultImage = "alpine:3"

type execArgs struct {
	Image   string   `flag:"image" help:"image of the container (alpine:3)"`
	AsUser  string   `flag:"as-user" help:"number of the user to be in the container"`
	Name    string   `arg:"name" missing:"storage:exec requires a storage entry name"`
	Command []string `arg:"cmd,optional"`
}

// exec asks the scheduler of the entry to run the command.
func (s storage) exec(ctx context.Context, c *command.Call, in execArgs) error {
	e, err := s.load(in.Name)
	if err != nil {
		return err
	}
	if in.Image == "" {
		in.Image = defaultImage
	}
	if err := docker.CheckImageRef(in.Image); err != nil {
		return command.BadInput("Invalid image %q", in.Image)
	}
	if _, err := strconv.ParseUint(in.AsUser, 10, 32); err != nil && in.AsUser != "" {
		return command.BadInput("--as-user must be the number of a user, got %q", in.AsUser)
	}
	args := []string{
		e.Scheduler, e.Name, in.Image,
		fmt.Sprintf("--interactive=%t", c.In != nil), fmt.Sprintf("--tty=%t", c.TTY != nil),
	}
	if in.AsUser != "" {
		args = append(args, "--as-user", in.AsUser)
	}
	if len(in.Command) > 0 {
		args = append(append(args, "--"), in.Command...)
	}
	return s.h.Bus.Event(trigger.WithInput(ctx), "scheduler-storage-exec", args...)
}

// execution is what scheduler-storage-exec was asked for.
type execution struct {
	interactive, terminal bool
	user                  string
	argv                  []string
}

// parseExecution reads what follows scheduler, entry and image.
func parseExecution(args []string) (x execution, err error) {
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		if name == "--" && !hasValue {
			x.argv = args[i+1:]
			break
		}
		switch name {
		case "--interactive":
			x.interactive = !hasValue || value == "true"
		case "--tty":
			x.terminal = !hasValue || value == "true"
		case "--as-user":
			if !hasValue {
				i++
				if i == len(args) {
					return x, command.BadInput("--as-user needs a value")
				}
				value = args[i]
			}
			if _, err := strconv.ParseUint(value, 10, 32); err != nil {
				return x, command.BadInput("--as-user must be the number of a user, got %q", value)
			}
			x.user = value
		default:
			return x, command.BadInput("unexpected argument %q", args[i])
		}
	}
	if len(x.argv) == 0 {
		x.argv = attach.Shell()
	}
	return x, nil
}

// onExec answers scheduler-storage-exec scheduler entry image [option…]
// [-- command…] for docker-local, by a container that goes with its command.
func (s storage) onExec(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != dockerLocal {
		return nil
	}
	if len(c.Args) < 3 {
		return command.BadInput("scheduler-storage-exec requires <scheduler> <entry-name> <image>")
	}
	e, err := s.load(c.Arg(1))
	if err != nil {
		return err
	}
	if e.Scheduler != dockerLocal {
		return command.BadInput("storage entry %q has scheduler %q, not docker-local", e.Name, e.Scheduler)
	}
	if err := docker.CheckImageRef(c.Arg(2)); err != nil {
		return command.BadInput("Invalid image %q", c.Arg(2))
	}
	x, err := parseExecution(c.Args[3:])
	if err != nil {
		return err
	}
	if x.user == "" {
		owner, err := s.owner(ctx, command.Discard(), e.Chown)
		if err != nil {
			return err
		}
		if owner != nobody {
			x.user = strconv.Itoa(owner)
		}
	}
	if err := checkPresent(e); err != nil {
		return err
	}
	return s.runContainer(ctx, c, e, c.Arg(2), x)
}

// checkPresent keeps docker from making the folder itself.
func checkPresent(e entry) error {
	if !e.isFolder() {
		return nil
	}
	info, err := os.Stat(e.HostPath)
	if err != nil {
		return command.Fail("host path %s does not exist", e.HostPath)
	}
	if !info.IsDir() {
		return command.Fail("host path %s exists but is not a directory", e.HostPath)
	}
	return nil
}

func (s storage) runContainer(ctx context.Context, c *trigger.Call, e entry, image string, x execution) error {
	name := "storage-" + e.Name + ".exec." + strings.ToLower(rand.Text()[:8])
	args := []string{"container", "run", "--rm", "--init", "--name=" + name}
	args = append(args, docker.LabelArgs(s.h.Names.Labels(docker.Labelled{}))...)
	call := &command.Call{In: c.In, Out: c.Output(), TTY: command.TerminalOf(ctx)}
	mode := attach.Streams
	if x.terminal && call.TTY != nil {
		mode = attach.Terminal
		args = append(args, "--interactive", "--tty")
	} else if x.interactive {
		args = append(args, "--interactive")
	}
	if x.user != "" {
		args = append(args, "--user="+x.user+":"+x.user)
	}
	args = append(args, "--volume="+e.HostPath+":/data", image)
	code, err := attach.Run(ctx, s.h.CLI, call, mode, append(args, x.argv...)...)
	if ctx.Err() != nil { // the caller is gone: so is what it ran
		if gone := s.h.Docker.Remove(context.WithoutCancel(ctx), name); gone != nil && !errors.Is(gone, docker.ErrNotFound) {
			err = errors.Join(err, gone)
		}
	}
	if err == nil && code != 0 {
		return command.Exit{Code: code}
	}
	return err
}
