package fake

import (
	"context"
	"maps"
	"slices"

	"github.com/slipwayhq/slipway/docker"
)

func newNetwork(name, driver string, labels map[string]string) docker.Network {
	n := docker.Network{ID: newID(), Name: name, Driver: driver, Scope: "local", Created: now(), Labels: map[string]string{}}
	maps.Copy(n.Labels, labels)
	return n
}

// network is the network of that name or ID; nil when there is none. The caller holds mu.
func (e *Engine) network(name string) *docker.Network {
	i := slices.IndexFunc(e.networks, func(n docker.Network) bool { return n.Name == name || n.ID == name })
	if i < 0 {
		return nil
	}
	return &e.networks[i]
}

// attach gives a running container its address on a network. The caller holds mu.
func (e *Engine) attach(c *container, network string) {
	c.IPs[network] = c.behaviour.IP
	if c.behaviour.IP == "" {
		c.IPs[network] = e.nextAddress()
	}
	e.publish(docker.Event{Type: "network", Action: "connect", ID: c.ID, Network: network})
}

// NetworkList implements docker.Engine.
func (e *Engine) NetworkList(ctx context.Context) ([]docker.Network, error) {
	if err := e.enter(ctx, "NetworkList", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	found := slices.Clone(e.networks)
	for i := range found {
		found[i].Labels = maps.Clone(found[i].Labels)
	}
	return found, nil
}

// NetworkCreate implements docker.Engine.
func (e *Engine) NetworkCreate(ctx context.Context, name string, labels map[string]string) (id string, err error) {
	err = e.onNetwork(ctx, "NetworkCreate", name, func() error {
		if e.network(name) != nil {
			return docker.Errorf(docker.ErrConflict, "network with name %s already exists", name)
		}
		n := newNetwork(name, "bridge", labels)
		id, e.networks = n.ID, append(e.networks, n)
		return nil
	})
	return id, err
}

// NetworkRemove implements docker.Engine.
func (e *Engine) NetworkRemove(ctx context.Context, name string) error {
	return e.onNetwork(ctx, "NetworkRemove", name, func() error {
		n := e.network(name)
		if n == nil {
			return docker.Errorf(docker.ErrNotFound, "network %s not found", name)
		}
		for _, c := range e.containers {
			if c.Running() && slices.Contains(c.Networks, n.Name) {
				return docker.Errorf(nil, "error while removing network: network %s id %s has active endpoints", n.Name, n.ID)
			}
		}
		e.networks = slices.DeleteFunc(e.networks, func(other docker.Network) bool { return other.ID == n.ID })
		return nil
	})
}

// NetworkConnect implements docker.Engine.
func (e *Engine) NetworkConnect(ctx context.Context, name, containerID string, aliases []string) error {
	if err := docker.CheckContainerID(containerID); err != nil {
		return err
	}
	return e.onNetwork(ctx, "NetworkConnect", name, func() error {
		n, c := e.network(name), e.find(containerID)
		switch {
		case n == nil:
			return docker.Errorf(docker.ErrNotFound, "network %s not found", name)
		case c == nil:
			return docker.Errorf(docker.ErrNotFound, "No such container: %s", containerID)
		case slices.Contains(c.Networks, n.Name):
			return docker.Errorf(nil, "endpoint with name %s already exists in network %s", c.Name, n.Name)
		}
		c.Networks = append(c.Networks, n.Name)
		slices.Sort(c.Networks)
		if c.aliases == nil {
			c.aliases = map[string][]string{}
		}
		c.aliases[n.Name] = aliases
		if c.Running() {
			e.attach(c, n.Name)
		}
		return nil
	})
}

// Aliases are the names that a container was given on a network.
func (e *Engine) Aliases(id, network string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.find(id); c != nil {
		return slices.Clone(c.aliases[network])
	}
	return nil
}

// onNetwork runs one call about one network, with mu held.
func (e *Engine) onNetwork(ctx context.Context, method, name string, call func() error) error {
	if err := docker.CheckNetworkName(name); err != nil {
		return err
	}
	if err := e.enter(ctx, method, name); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return call()
}
