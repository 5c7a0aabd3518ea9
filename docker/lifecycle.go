package docker

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Start implements Engine.
func (c *Client) Start(ctx context.Context, id string) error {
	return c.onContainer("start", id, func() error {
		_, err := c.api.ContainerStart(ctx, id, client.ContainerStartOptions{})
		return err
	})
}

// Stop implements Engine.
func (c *Client) Stop(ctx context.Context, id string, timeout time.Duration) error {
	var options client.ContainerStopOptions
	if timeout >= 0 {
		seconds := int((timeout + time.Second - 1) / time.Second)
		options.Timeout = &seconds
	}
	return c.onContainer("stop", id, func() error {
		_, err := c.api.ContainerStop(ctx, id, options)
		return err
	})
}

// Kill implements Engine.
func (c *Client) Kill(ctx context.Context, id, signal string) error {
	return c.onContainer("signal", id, func() error {
		_, err := c.api.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: signal})
		return err
	})
}

// Remove implements Engine.
func (c *Client) Remove(ctx context.Context, id string) error {
	err := c.onContainer("remove", id, func() error {
		_, err := c.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		return err
	})
	if errors.Is(err, ErrConflict) && strings.Contains(err.Error(), "is already in progress") {
		return c.awaitRemoval(ctx, id, err)
	}
	return err
}

// removalTimeout and removalPoll bound the wait for a removal that somebody else asked for.
const (
	removalTimeout = 30 * time.Second
	removalPoll    = 20 * time.Millisecond
)

// awaitRemoval waits until a container is gone that is being removed already; else it gives back err.
func (c *Client) awaitRemoval(ctx context.Context, id string, err error) error {
	ctx, cancel := context.WithTimeout(ctx, removalTimeout)
	defer cancel()
	for {
		if _, gone := c.Inspect(ctx, id); errors.Is(gone, ErrNotFound) {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(removalPoll):
		}
	}
}

// Rename implements Engine.
func (c *Client) Rename(ctx context.Context, id, name string) error {
	if err := CheckContainerID(name); err != nil {
		return err
	}
	return c.onContainer("rename", id, func() error {
		_, err := c.api.ContainerRename(ctx, id, client.ContainerRenameOptions{NewName: name})
		return err
	})
}

// SetRestartPolicy implements Engine.
func (c *Client) SetRestartPolicy(ctx context.Context, id, policy string) error {
	mode, retries, err := ParseRestartPolicy(policy)
	if err != nil {
		return err
	}
	return c.onContainer("set the restart policy of", id, func() error {
		_, err := c.api.ContainerUpdate(ctx, id, client.ContainerUpdateOptions{RestartPolicy: &container.RestartPolicy{
			Name:              container.RestartPolicyMode(mode),
			MaximumRetryCount: retries,
		}})
		return err
	})
}

// Wait implements Engine.
func (c *Client) Wait(ctx context.Context, id string) (exitCode int, err error) {
	err = c.onContainer("wait for", id, func() error {
		wait := c.api.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
		// Both end with ctx, and one of them always answers: no third case, so that the client's goroutine can end.
		select {
		case result := <-wait.Result:
			exitCode = int(result.StatusCode)
			if result.Error != nil {
				return Errorf(nil, "%s", result.Error.Message)
			}
			return nil
		case err := <-wait.Error:
			return err
		}
	})
	return exitCode, err
}

// ParseRestartPolicy splits "on-failure:10" into its mode and number of retries (0: without limit). ErrInvalid says which
// policies there are.
func ParseRestartPolicy(policy string) (mode string, retries int, err error) {
	mode, count, counted := strings.Cut(policy, ":")
	switch {
	case mode == "on-failure" && counted:
		retries, err = strconv.Atoi(count)
		if err == nil && retries >= 0 && count == strconv.Itoa(retries) {
			return mode, retries, nil
		}
	case !counted && (mode == "no" || mode == "always" || mode == "unless-stopped" || mode == "on-failure"):
		return mode, 0, nil
	}
	return "", 0, Errorf(ErrInvalid, "%q is not a restart policy: use no, always, unless-stopped, on-failure or on-failure:N", policy)
}

func formatRestartPolicy(mode string, retries int) string {
	switch {
	case mode == "":
		return "no"
	case mode == "on-failure" && retries > 0:
		return mode + ":" + strconv.Itoa(retries)
	}
	return mode
}
