package docker

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// Logs implements Engine.
func (c *Client) Logs(ctx context.Context, id string, options LogOptions, stdout, stderr io.Writer) error {
	// Streams of a container with a terminal are not multiplexed; before API 1.42 only Inspect tells.
	inspected, err := c.inspect(ctx, id)
	if err != nil {
		return err
	}
	request := client.ContainerLogsOptions{
		ShowStdout: true,
		ShowStderr: true,
		Follow:     options.Follow,
		Timestamps: options.Timestamps,
		Tail:       "all",
	}
	if options.Tail >= 0 {
		request.Tail = strconv.Itoa(options.Tail)
	}
	if !options.Since.IsZero() {
		request.Since = engineTime(options.Since)
	}
	return c.onContainer("read the logs of", id, func() error {
		stream, err := c.api.ContainerLogs(ctx, id, request)
		if err != nil {
			return err
		}
		defer stream.Close()
		tty := inspected.Container.Config != nil && inspected.Container.Config.Tty
		return demultiplex(ctx, stream, tty, stdout, stderr)
	})
}

// Exec implements Engine.
func (c *Client) Exec(ctx context.Context, id string, options ExecOptions, stdin io.Reader, stdout, stderr io.Writer) (exitCode int, err error) {
	if len(options.Cmd) == 0 {
		return 0, Errorf(ErrInvalid, "no command to run in container %s", id)
	}
	err = c.onContainer("run a command in", id, func() error {
		created, err := c.api.ExecCreate(ctx, id, client.ExecCreateOptions{
			User: options.User, Env: options.Env, Cmd: options.Cmd, WorkingDir: options.Dir,
			AttachStdin: stdin != nil, AttachStdout: true, AttachStderr: true,
		})
		if err != nil {
			return err
		}
		attached, err := c.api.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
		if err != nil {
			return err
		}
		defer attached.Close()
		stop := context.AfterFunc(ctx, attached.Close)
		defer stop()
		if stdin != nil {
			go func() { // ends with the connection, or when the caller's Read returns: see the contract of Exec
				_, _ = io.Copy(attached.Conn, stdin)
				_ = attached.CloseWrite()
			}()
		}
		if err := demultiplex(ctx, attached.Reader, false, stdout, stderr); err != nil {
			return err
		}
		exitCode, err = c.execExitCode(ctx, created.ID)
		return err
	})
	return exitCode, err
}

// execExitCode waits for the end of a command whose output has ended: the engine learns of the two apart.
func (c *Client) execExitCode(ctx context.Context, execID string) (int, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		state, err := c.api.ExecInspect(ctx, execID, client.ExecInspectOptions{})
		if err != nil {
			return 0, err
		}
		if !state.Running {
			return state.ExitCode, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// demultiplex copies a container's output to its two writers until it ends. A stream that ctx cut short gives ctx's error.
func demultiplex(ctx context.Context, stream io.Reader, tty bool, stdout, stderr io.Writer) error {
	if stdout == nil {
		stdout = io.Discard
	}
	if stderr == nil {
		stderr = io.Discard
	}
	var err error
	if tty {
		_, err = io.Copy(stdout, stream)
	} else {
		_, err = stdcopy.StdCopy(stdout, stderr, stream)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// CopyFrom implements Engine.
func (c *Client) CopyFrom(ctx context.Context, id, path string) (content io.ReadCloser, err error) {
	err = c.onContainer("copy "+path+" from", id, func() error {
		result, err := c.api.CopyFromContainer(ctx, id, client.CopyFromContainerOptions{SourcePath: path})
		content = result.Content
		return err
	})
	return content, err
}

// CopyTo implements Engine.
func (c *Client) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	source := &source{Reader: tar}
	return c.onContainer("copy files to "+dir+" in", id, func() error {
		_, err := c.api.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: dir, Content: source})
		return source.blame(err)
	})
}

// Commit implements Engine.
func (c *Client) Commit(ctx context.Context, id, ref string, labels map[string]string) (imageID string, err error) {
	if ref != "" {
		if err := CheckImageName(ref); err != nil {
			return "", err
		}
	}
	inspected, err := c.inspect(ctx, id)
	if err != nil {
		return "", err
	}
	config := inspected.Container.Config
	image, err := c.ImageInspect(ctx, inspected.Container.Image)
	if err != nil {
		return "", fmt.Errorf("cannot commit container %s: %w", id, err)
	}
	config.Labels = merged(config.Labels, labels)
	// Not nil even when empty: the engine fills what is nil from the container, whose command was a one-off.
	config.Cmd = append([]string{}, image.Cmd...)
	config.Entrypoint = append([]string{}, image.Entrypoint...)
	err = c.onContainer("commit", id, func() error {
		result, err := c.api.ContainerCommit(ctx, id, client.ContainerCommitOptions{Reference: ref, Config: config})
		imageID = result.ID
		return err
	})
	return imageID, err
}

// engineTime is a time in the form that the engine compares without loss: seconds and nanoseconds.
func engineTime(at time.Time) string {
	return fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond())
}
