package storage

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

type destroyArgs struct {
	Force   bool   `flag:"force" help:"do not ask"`
	HostDir bool   `flag:"destroy-host-dir" help:"remove the folder with its contents too (docker-local)"`
	Name    string `arg:"name,optional"`
}

func (s storage) destroy(ctx context.Context, c *command.Call, in destroyArgs) error {
	e, withFolder, err := s.destroyable(in)
	if err != nil {
		return err
	}
	if e.Scheduler == dockerLocal && e.ReclaimPolicy == remove && !withFolder {
		c.Out.Warn("Leaving %s in place; reclaim policy Delete only removes the default host path", e.HostPath)
	}
	if !in.Force && !c.Flags.Force {
		if withFolder {
			c.Out.Warn("Storage entry %s is backed by %s, which will be removed along with its contents.", e.Name, e.HostPath)
		}
		if err := confirm(c, e.Name); err != nil {
			return err
		}
	}
	if e.Scheduler != dockerLocal {
		if err := s.tellScheduler(ctx, c.Out, "storage-destroy", e); err != nil {
			return command.Fail("scheduler refused to remove storage entry %q: %w", e.Name, err)
		}
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	if e, withFolder, err = s.destroyable(in); err != nil { // things may have changed while we asked
		return err
	}
	if withFolder {
		if err := s.destroyFolder(e.Name); err != nil {
			return err
		}
		c.Out.Text("Removed %s", e.HostPath)
	}
	if err := s.remove(e.Name); err != nil {
		return err
	}
	c.Out.Step("Storage entry %s destroyed", e.Name)
	return nil
}

// destroyable is the entry, when it can go, and whether its folder goes too.
func (s storage) destroyable(in destroyArgs) (e entry, withFolder bool, err error) {
	if e, err = s.load(in.Name); err != nil {
		return e, false, err
	}
	users, err := s.users(e.Name)
	if err != nil {
		return e, false, err
	}
	if len(users) > 0 {
		return e, false, command.Fail("storage entry %q is still mounted by app(s): %s", e.Name, strings.Join(users, ", "))
	}
	if in.HostDir && e.Scheduler != dockerLocal {
		return e, false, command.BadInput("--destroy-host-dir only applies to docker-local storage entries; %q is scheduler %q and follows --reclaim-policy", e.Name, e.Scheduler)
	}
	if in.HostDir && !s.usual(e) {
		return e, false, s.notUsual(e, "--destroy-host-dir")
	}
	withFolder = e.Scheduler == dockerLocal && s.usual(e) && (in.HostDir || e.ReclaimPolicy == remove)
	return e, withFolder, nil
}

// confirm makes the user type the name of the entry.
func confirm(c *command.Call, name string) error {
	c.Out.Warn("WARNING: Potentially Destructive Action")
	c.Out.Warn("This command will destroy storage entry %s.", name)
	c.Out.Warn("To proceed, type \"%s\"", name)
	fmt.Fprint(c.Out.Stdout(), "> ")
	answer, err := bufio.NewReader(c.In).ReadString('\n')
	if strings.TrimSpace(answer) == name {
		return nil
	}
	if err != nil && answer == "" {
		c.Out.Line("")
	}
	c.Out.ErrorLine("Confirmation did not match test. Aborted.")
	return command.Exit{Code: 1}
}
