package network

import (
	"context"
	"slices"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// alias is the name by which all instances of a process type are found on a
// network.
func (n network) alias(app, process string) (string, error) {
	end, err := n.h.Store.Computed(tld, app)
	if err != nil || end == "" {
		return app + "." + process, err
	}
	return app + "." + process + "." + end, nil
}

// attach attaches a container to networks; those that it is in already are left.
func (n network) attach(ctx context.Context, id, app, phase, process string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	c, err := n.h.Docker.Inspect(ctx, id)
	if err != nil {
		return err
	}
	for _, name := range names {
		if slices.Contains(c.Networks, name) {
			continue
		}
		if err := n.mustExist(ctx, name); err != nil {
			return err
		}
		var aliases []string
		if phase == "deploy" {
			alias, err := n.alias(app, process)
			if err != nil {
				return err
			}
			aliases = []string{alias, c.Hostname + "." + alias}
		}
		if err := n.h.Docker.NetworkConnect(ctx, name, id, aliases); err != nil {
			return command.Fail("Unable to attach container to network: %w", err)
		}
	}
	return nil
}

func (n network) mustExist(ctx context.Context, name string) error {
	if _, err := n.find(ctx, name); err != nil {
		return command.Fail("Network %s does not exist. Create it with: dokku network:create %s", name, name)
	}
	return nil
}

func (n network) names(p state.Property, app string) ([]string, error) {
	list, err := n.h.Store.Computed(p, app)
	return splitNames(list), err
}

// onPreDeploy answers slipway-pre-deploy APP TAG: a network that is not there fails the
// deploy before anything is started.
func (n network) onPreDeploy(ctx context.Context, c *trigger.Call) error {
	for _, p := range []state.Property{initialNetwork, attachPostCreate, attachPostDeploy} {
		names, err := n.names(p, c.Arg(0))
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := n.mustExist(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// onContainerCreate answers post-container-create TYPE ID APP PHASE [PROCESS].
func (n network) onContainerCreate(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != "app" {
		return nil
	}
	names, err := n.names(attachPostCreate, c.Arg(2))
	if err != nil {
		return err
	}
	return n.attach(ctx, c.Arg(1), c.Arg(2), c.Arg(3), c.Arg(4), names)
}

// onPreRoute answers slipway-pre-route APP ID…: the new containers are checked
// and get traffic next.
func (n network) onPreRoute(ctx context.Context, c *trigger.Call) error {
	app := c.Arg(0)
	names, err := n.names(attachPostDeploy, app)
	if err != nil || len(c.Args) < 2 {
		return err
	}
	for _, name := range names {
		c.Output().Headers().Step("Associating app with network %s", name)
		for _, id := range c.Args[1:] {
			container, err := n.h.Docker.Inspect(ctx, id)
			if err != nil {
				return err
			}
			if err := n.attach(ctx, id, app, "deploy", container.Labels[docker.LabelProcess], []string{name}); err != nil {
				return err
			}
		}
	}
	return nil
}

// onCorePostDeploy answers core-post-deploy APP …: containers that the deploy
// left running are attached too.
func (n network) onCorePostDeploy(ctx context.Context, c *trigger.Call) error {
	app := c.Arg(0)
	names, err := n.names(attachPostDeploy, app)
	if err != nil || len(names) == 0 {
		return err
	}
	live, err := schedule.LiveOn(ctx, n.h.Docker, n.h.Names, app)
	if err != nil {
		return err
	}
	for _, i := range live {
		if !i.Running {
			continue
		}
		if err := n.attach(ctx, i.ID, app, "deploy", i.Process, names); err != nil {
			return err
		}
	}
	return nil
}
