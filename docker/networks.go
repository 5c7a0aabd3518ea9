package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"time"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Networks is the part of Engine that is about networks.
type Networks interface {
	// NetworkList returns all networks of the engine, in one query.
	NetworkList(ctx context.Context) ([]Network, error)
	// NetworkCreate makes a network of the engine's default driver that containers may be attached to, and returns its
	// ID. ErrConflict when there is one of that name, ErrInvalid for a name that CheckNetworkName refuses.
	NetworkCreate(ctx context.Context, name string, labels map[string]string) (id string, err error)
	// NetworkRemove removes a network. An error when containers are attached to it; ErrNotFound when there is none.
	NetworkRemove(ctx context.Context, name string) error
	// NetworkConnect attaches a container, running or not, to a network, where it is also found under the aliases. A
	// container that is not running gets its address when it starts. An error when it is attached to it already.
	NetworkConnect(ctx context.Context, name, containerID string, aliases []string) error
}

// Network is one network of an engine.
type Network struct {
	ID       string // 64 hex digits
	Name     string
	Driver   string // "bridge", "host", "null", "overlay", …
	Scope    string // "local" or "swarm"
	Internal bool
	IPv6     bool
	Created  time.Time
	Labels   map[string]string // never nil
}

// networkName is what Docker takes for a network's name. (Engine 20.10 takes any text, which then fits in no other command.)
var networkName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

// CheckNetworkName is ErrInvalid for anything but the name or ID of a network.
func CheckNetworkName(name string) error {
	if !networkName.MatchString(name) {
		return Errorf(ErrInvalid, "%q is not a network's name: it has letters, digits, _, . and -, and begins with a letter or digit", name)
	}
	return nil
}

// NetworkList implements Engine.
func (c *Client) NetworkList(ctx context.Context) ([]Network, error) {
	result, err := c.api.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, fmt.Errorf("cannot list networks: %w", c.translate(err))
	}
	networks := make([]Network, 0, len(result.Items))
	for _, in := range result.Items {
		n := Network{
			ID: in.ID, Name: in.Name, Driver: in.Driver, Scope: in.Scope, Internal: in.Internal, IPv6: in.EnableIPv6,
			Created: in.Created.UTC(), Labels: map[string]string{},
		}
		maps.Copy(n.Labels, in.Labels)
		networks = append(networks, n)
	}
	return networks, nil
}

// NetworkCreate implements Engine.
func (c *Client) NetworkCreate(ctx context.Context, name string, labels map[string]string) (id string, err error) {
	err = c.onNetwork(name, func() error {
		result, err := c.api.NetworkCreate(ctx, name, client.NetworkCreateOptions{Attachable: true, Labels: labels})
		id = result.ID
		return err
	})
	if err != nil {
		return "", err
	}
	// Engines before 25 make a second network of one name, for which every later command is ambiguous. (Docker's own
	// command line asks them to check; the API's client no longer can.)
	all, err := c.NetworkList(ctx)
	if err != nil {
		return id, err
	}
	for _, other := range all {
		if other.Name == name && other.ID != id {
			err := Errorf(ErrConflict, "network with name %s already exists", name)
			return "", errors.Join(err, c.NetworkRemove(ctx, id))
		}
	}
	return id, nil
}

// NetworkRemove implements Engine.
func (c *Client) NetworkRemove(ctx context.Context, name string) error {
	return c.onNetwork(name, func() error {
		_, err := c.api.NetworkRemove(ctx, name, client.NetworkRemoveOptions{})
		return err
	})
}

// NetworkConnect implements Engine.
func (c *Client) NetworkConnect(ctx context.Context, name, containerID string, aliases []string) error {
	if err := CheckContainerID(containerID); err != nil {
		return err
	}
	return c.onNetwork(name, func() error {
		_, err := c.api.NetworkConnect(ctx, name, client.NetworkConnectOptions{
			Container: containerID, EndpointConfig: &network.EndpointSettings{Aliases: aliases},
		})
		return err
	})
}

// onNetwork runs one request about one network. Its errors are the engine's own words, which name the network.
func (c *Client) onNetwork(name string, request func() error) error {
	if err := CheckNetworkName(name); err != nil {
		return err
	}
	return c.translate(request())
}
