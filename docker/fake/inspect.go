package fake

import (
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"time"

	api "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/slipwayhq/slipway/docker"
)

// snapshot is a copy that the caller may keep. The caller holds the engine's mu.
func (c *container) snapshot() docker.Container {
	copied := c.Container
	copied.Labels, copied.IPs, copied.Networks = maps.Clone(c.Labels), maps.Clone(c.IPs), slices.Clone(c.Networks)
	return copied
}

// Inspect implements docker.Engine.
func (e *Engine) Inspect(ctx context.Context, id string) (found docker.Container, err error) {
	err = e.onContainer(ctx, "Inspect", "inspect", id, func(c *container) error {
		found = c.snapshot()
		return nil
	})
	return found, err
}

// InspectRaw implements docker.Engine, with the fields that Inspect has.
func (e *Engine) InspectRaw(ctx context.Context, id string) (raw json.RawMessage, err error) {
	err = e.onContainer(ctx, "InspectRaw", "inspect", id, func(c *container) error {
		raw, err = json.Marshal(rawContainer(c.snapshot()))
		return err
	})
	return raw, err
}

func rawContainer(c docker.Container) api.InspectResponse {
	mode, retries, _ := docker.ParseRestartPolicy(c.RestartPolicy) // checked when it was set
	networks := map[string]*network.EndpointSettings{}
	for _, name := range c.Networks {
		address, _ := netip.ParseAddr(c.IPs[name])
		networks[name] = &network.EndpointSettings{IPAddress: address}
	}
	var health *api.Health
	if c.Health != "" {
		health = &api.Health{Status: api.HealthStatus(c.Health)}
	}
	return api.InspectResponse{
		ID: c.ID, Name: "/" + c.Name, Image: c.ImageID, RestartCount: c.RestartCount, Created: c.Created.Format(time.RFC3339Nano),
		State: &api.State{
			Status: api.ContainerState(c.State), Running: c.Running(), Restarting: c.Restarting, OOMKilled: c.OOMKilled,
			ExitCode: c.ExitCode, Error: c.Error, Health: health,
			StartedAt: c.StartedAt.Format(time.RFC3339Nano), FinishedAt: c.FinishedAt.Format(time.RFC3339Nano),
		},
		HostConfig: &api.HostConfig{
			NetworkMode:   api.NetworkMode(c.NetworkMode),
			RestartPolicy: api.RestartPolicy{Name: api.RestartPolicyMode(mode), MaximumRetryCount: retries},
		},
		Config: &api.Config{
			Hostname: c.Hostname, Image: c.Image, Labels: c.Labels, Env: c.Env, Cmd: c.Cmd, Entrypoint: c.Entrypoint,
			WorkingDir: c.WorkingDir, User: c.User, Tty: c.TTY,
		},
		NetworkSettings: &api.NetworkSettings{Networks: networks},
	}
}

// List implements docker.Engine.
func (e *Engine) List(ctx context.Context, filter docker.Filter) ([]docker.Container, error) {
	if err := e.enter(ctx, "List", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	found := []docker.Container{}
	for _, c := range slices.Backward(e.containers) {
		if !matches(c.Labels, filter.Labels) || !filter.All && !c.Running() && !c.Restarting {
			continue
		}
		listed := c.snapshot()
		// What the real engine's list does not say; the fake says no more, so that nobody comes to rely on it.
		listed.RestartCount, listed.OOMKilled, listed.Error, listed.RestartPolicy = 0, false, "", ""
		listed.StartedAt, listed.FinishedAt, listed.TTY = time.Time{}, time.Time{}, false
		listed.Hostname = ""
		listed.Env, listed.Cmd, listed.Entrypoint, listed.WorkingDir, listed.User = nil, nil, nil, "", ""
		listed.Created = listed.Created.Truncate(time.Second)
		found = append(found, listed)
	}
	return found, nil
}

// matches reports whether labels has all of want; an empty value matches any.
func matches(labels, want map[string]string) bool {
	for key, value := range want {
		if has, found := labels[key]; !found || value != "" && has != value {
			return false
		}
	}
	return true
}
