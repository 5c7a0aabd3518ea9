package network

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

type networkArgs struct {
	Network string `arg:"network" missing:"No network name specified"`
}

func (n network) create(ctx context.Context, c *command.Call, in networkArgs) error {
	if err := docker.CheckNetworkName(in.Network); err != nil {
		return command.BadInput("Unable to create network: %w", err)
	}
	c.Out.Headers().Step("Creating network %s", in.Network)
	if _, err := n.h.Docker.NetworkCreate(ctx, in.Network, map[string]string{LabelName: in.Network}); err != nil {
		return unable("create", err)
	}
	return nil
}

type destroyArgs struct {
	Force   bool   `flag:"force" help:"do not ask"`
	Network string `arg:"network" missing:"No network name specified"`
}

func (n network) destroy(ctx context.Context, c *command.Call, in destroyArgs) error {
	if !in.Force && !c.Flags.Force {
		if err := plugin.Confirm(c, "network", in.Network); err != nil {
			return err
		}
	}
	c.Out.Headers().Step("Destroying network %s", in.Network)
	if err := n.h.Docker.NetworkRemove(ctx, in.Network); err != nil {
		return unable("destroy", err)
	}
	return nil
}

// unable is Dokku's message: the engine's words behind its own.
func unable(what string, err error) error {
	if errors.Is(err, docker.ErrUnreachable) || errors.Is(err, docker.ErrInvalid) {
		return command.Fail("Unable to %s network: %w", what, err)
	}
	return command.Fail("Unable to %s network: Error response from daemon: %w", what, err)
}

func (n network) exists(ctx context.Context, c *command.Call, in networkArgs) error {
	if _, err := n.find(ctx, in.Network); err != nil {
		return err
	}
	c.Out.Headers().Step("Network exists")
	return nil
}

// shown is a network as network:info and network:list show it in JSON.
// Source: Dokku plugins/network/functions.go.
type shown struct {
	CreatedAt    time.Time
	DokkuManaged bool
	Driver       string
	ID           string
	Internal     bool
	IPv6         bool
	Labels       map[string]string
	Name         string
	Scope        string
}

func show(n docker.Network) shown {
	_, managed := n.Labels[LabelName]
	return shown{n.Created, managed, n.Driver, n.ID[:min(12, len(n.ID))], n.Internal, n.IPv6, n.Labels, n.Name, n.Scope}
}

type infoArgs struct {
	Format  string `flag:"format" default:"text"`
	Network string `arg:"network" missing:"No network name specified"`
}

func (n network) info(ctx context.Context, c *command.Call, in infoArgs) error {
	if in.Format != "text" && in.Format != "json" {
		return command.BadInput("Invalid format specified, use either text or json")
	}
	found, err := n.find(ctx, in.Network)
	if err != nil {
		return err
	}
	s := show(found)
	if in.Format == "json" {
		return c.Out.JSON(s)
	}
	c.Out.Headers().Title("%s network information", s.Name)
	for _, row := range [][2]any{{"ID:", s.ID}, {"Name:", s.Name}, {"Driver:", s.Driver}, {"Scope:", s.Scope}, {"Dokku managed:", s.DokkuManaged}} {
		c.Out.Text("%-16s%v", row[0], row[1])
	}
	return nil
}

type listArgs struct {
	Format  string `flag:"format" default:"text"`
	Managed bool   `flag:"dokku-managed" help:"show only dokku-managed networks"`
}

func (n network) list(ctx context.Context, c *command.Call, in listArgs) error {
	if in.Format != "text" && in.Format != "json" {
		return command.BadInput("Invalid format specified, use either text or json")
	}
	networks, err := n.h.Docker.NetworkList(ctx)
	if err != nil {
		return err
	}
	all := []shown{}
	for _, one := range networks {
		if s := show(one); s.DokkuManaged || !in.Managed {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b shown) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	if in.Format == "json" {
		return c.Out.JSON(all)
	}
	c.Out.Headers().Title("Networks")
	for _, s := range all {
		c.Out.Line("%s", s.Name)
	}
	return nil
}

// find is the network of that name.
func (n network) find(ctx context.Context, name string) (docker.Network, error) {
	networks, err := n.h.Docker.NetworkList(ctx)
	if err != nil {
		return docker.Network{}, err
	}
	i := slices.IndexFunc(networks, func(one docker.Network) bool { return one.Name == name })
	if i < 0 {
		return docker.Network{}, command.Fail("Network does not exist")
	}
	return networks[i], nil
}

type appArgs struct {
	App string `arg:"app"`
}

func (n network) rebuild(ctx context.Context, c *command.Call, in appArgs) error {
	return n.buildConfig(ctx, c.Out, in.App)
}

func (n network) rebuildAll(ctx context.Context, c *command.Call, _ struct{}) error {
	apps, err := n.h.Store.Apps()
	if err != nil {
		return err
	}
	if len(apps) == 0 {
		c.Out.Warn("You haven't deployed any applications yet")
	}
	for _, app := range apps {
		if err := n.buildConfig(ctx, c.Out, app); err != nil {
			return err
		}
	}
	return nil
}
