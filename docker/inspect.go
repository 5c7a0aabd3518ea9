package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Inspect implements Engine.
func (c *Client) Inspect(ctx context.Context, id string) (Container, error) {
	result, err := c.inspect(ctx, id)
	if err != nil {
		return Container{}, err
	}
	return fromInspect(result.Container), nil
}

// InspectRaw implements Engine.
func (c *Client) InspectRaw(ctx context.Context, id string) (json.RawMessage, error) {
	result, err := c.inspect(ctx, id)
	return result.Raw, err
}

func (c *Client) inspect(ctx context.Context, id string) (result client.ContainerInspectResult, err error) {
	err = c.onContainer("inspect", id, func() error {
		result, err = c.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		return err
	})
	return result, err
}

// List implements Engine.
func (c *Client) List(ctx context.Context, filter Filter) ([]Container, error) {
	result, err := c.api.ContainerList(ctx, client.ContainerListOptions{All: filter.All, Filters: labelFilter(filter.Labels)})
	if err != nil {
		return nil, fmt.Errorf("cannot list containers: %w", c.translate(err))
	}
	containers := make([]Container, 0, len(result.Items))
	for _, summary := range result.Items {
		containers = append(containers, fromSummary(summary))
	}
	return containers, nil
}

// labelFilter is the engine's filter for labels.
func labelFilter(labels map[string]string) client.Filters {
	filters := client.Filters{}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		term := key
		if value := labels[key]; value != "" {
			term += "=" + value
		}
		filters.Add("label", term)
	}
	return filters
}

func fromInspect(in container.InspectResponse) Container {
	out := Container{
		ID:           in.ID,
		Name:         strings.TrimPrefix(in.Name, "/"),
		ImageID:      in.Image,
		RestartCount: in.RestartCount,
		Created:      parseTime(in.Created),
		Labels:       map[string]string{},
		IPs:          map[string]string{},
	}
	if state := in.State; state != nil {
		out.State = string(state.Status)
		out.ExitCode = state.ExitCode
		out.Restarting = state.Restarting
		out.OOMKilled = state.OOMKilled
		out.Error = state.Error
		out.StartedAt = parseTime(state.StartedAt)
		out.FinishedAt = parseTime(state.FinishedAt)
		if state.Health != nil {
			out.Health = health(state.Health.Status)
		}
	}
	if config := in.Config; config != nil {
		out.Image = config.Image
		out.Hostname = config.Hostname
		out.Env, out.Cmd, out.Entrypoint = config.Env, config.Cmd, config.Entrypoint
		out.WorkingDir, out.User, out.TTY = config.WorkingDir, config.User, config.Tty
		maps.Copy(out.Labels, config.Labels)
	}
	if host := in.HostConfig; host != nil {
		out.NetworkMode = string(host.NetworkMode)
		out.RestartPolicy = formatRestartPolicy(string(host.RestartPolicy.Name), host.RestartPolicy.MaximumRetryCount)
	}
	if in.NetworkSettings != nil {
		out.IPs = addresses(in.NetworkSettings.Networks)
		out.Networks = slices.Sorted(maps.Keys(in.NetworkSettings.Networks))
	}
	return out
}

func fromSummary(in container.Summary) Container {
	out := Container{
		ID:          in.ID,
		Name:        ownName(in.Names),
		Image:       in.Image,
		ImageID:     in.ImageID,
		State:       string(in.State),
		Restarting:  in.State == container.StateRestarting,
		NetworkMode: in.HostConfig.NetworkMode,
		Created:     time.Unix(in.Created, 0).UTC(),
		Labels:      map[string]string{},
		IPs:         map[string]string{},
	}
	out.ExitCode, out.Health = parseStatus(in.Status)
	if in.Health != nil { // since API 1.52
		out.Health = health(in.Health.Status)
	}
	maps.Copy(out.Labels, in.Labels)
	if in.NetworkSettings != nil {
		out.IPs = addresses(in.NetworkSettings.Networks)
		out.Networks = slices.Sorted(maps.Keys(in.NetworkSettings.Networks))
	}
	return out
}

// ownName picks the container's own name: one slash only; "/other/alias" is a link that another container has to it.
func ownName(names []string) string {
	for _, name := range names {
		if name = strings.TrimPrefix(name, "/"); !strings.Contains(name, "/") {
			return name
		}
	}
	return ""
}

func addresses(networks map[string]*network.EndpointSettings) map[string]string {
	ips := map[string]string{}
	for name, endpoint := range networks {
		if endpoint != nil && endpoint.IPAddress.IsValid() {
			ips[name] = endpoint.IPAddress.String()
		}
	}
	return ips
}

func health(status container.HealthStatus) string {
	if status == container.NoHealthcheck {
		return ""
	}
	return string(status)
}

// parseTime reads the engine's times; year 1 is its word for never.
func parseTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() <= 1 {
		return time.Time{}
	}
	return at
}
