package logs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/state"
)

// The labels by which Docker Compose knows its containers: Vector's is the
// service vector of the project vector, as it is on Dokku, so that `docker
// compose` and a Dokku find it. Source: compose-go's and compose's api/labels.go.
const (
	labelProject = "com.docker.compose.project"
	labelService = "com.docker.compose.service"
	labelNumber  = "com.docker.compose.container-number"
	labelOneoff  = "com.docker.compose.oneoff"
	labelHash    = "com.docker.compose.config-hash"
)

// settleTime is how long Vector gets to fail of a configuration that it refuses.
const settleTime = 10 * time.Second

// project is the name of the compose project.
func (l *logs) project() string {
	if l.host.Names.Instance != "" {
		return l.host.Names.Instance + "-vector"
	}
	return "vector"
}

func (l *logs) containerName() string { return l.project() + "-vector-1" }

type vectorStartArgs struct {
	Image string `flag:"vector-image" help:"the image of vector to run"`
}

func (l *logs) vectorStart(ctx context.Context, c *command.Call, in vectorStartArgs) error {
	c.Out.Title("Starting vector container")
	c.Out.Text("Ensuring vector configuration exists")
	if err := l.writeConfig(""); err != nil {
		return fmt.Errorf("cannot write vector's configuration: %w", err)
	}
	c.Out.Text("Starting vector container")
	image := in.Image
	if image == "" {
		var err error
		if image, err = l.host.Store.Computed(vectorImage, state.Global); err != nil {
			return err
		}
	}
	if err := l.start(ctx, c.Out, image); err != nil {
		return err
	}
	c.Out.Text("Waiting for %d seconds", int(settleTime/time.Second))
	select {
	case <-time.After(settleTime):
	case <-ctx.Done():
		return ctx.Err()
	}
	container, err := l.host.Docker.Inspect(ctx, l.containerName())
	if err != nil || !container.Running() || container.Restarting {
		return command.Fail("Vector container did not start properly, run logs:vector-logs for more details")
	}
	c.Out.Text("Vector container is running")
	return nil
}

// start starts Vector: by the compose file of a plugin that has one, else by
// ourselves, so that the compose plugin of Docker need not be there.
func (l *logs) start(ctx context.Context, out *command.Output, image string) error {
	networks, err := l.networks()
	if err != nil {
		return err
	}
	if err := l.host.Store.MkdirAll(l.host.LogsDir()+"/apps", 0o755); err != nil {
		return err
	}
	source, err := l.template(ctx)
	if err != nil {
		return err
	}
	if source != "" {
		return l.compose(ctx, out, source, l.templateData(image, networks), "up", "--detach", "--quiet-pull")
	}
	args := l.createArgs(image, networks)
	sum := sha256.Sum256([]byte(strings.Join(args, "\x00")))
	hash := hex.EncodeToString(sum[:])
	old, err := l.host.Docker.Inspect(ctx, l.containerName())
	switch {
	case errors.Is(err, docker.ErrNotFound):
	case err != nil:
		return err
	case old.Labels[labelProject] != l.project() || old.Labels[labelService] != "vector":
		return command.Fail("There is a container %s that is not vector's. Remove or rename it, and try again", old.Name)
	case old.Labels[labelHash] == hash:
		return l.host.Docker.Start(ctx, old.ID)
	default:
		if err := l.host.Docker.Remove(ctx, old.ID); err != nil && !errors.Is(err, docker.ErrNotFound) {
			return err
		}
	}
	id, err := l.host.Docker.Create(ctx, append([]string{"--label=" + labelHash + "=" + hash}, args...))
	if err != nil {
		return command.Fail("Unable to start vector: %w", err)
	}
	if err = l.join(ctx, id, networks); err == nil {
		err = l.host.Docker.Start(ctx, id)
	}
	if err != nil {
		return errors.Join(command.Fail("Unable to start vector: %w", err), l.host.Docker.Remove(context.WithoutCancel(ctx), id))
	}
	return nil
}

// createArgs is the container of Dokku's compose file.
// Source: Dokku plugins/logs/templates/compose.yml.tmpl.
func (l *logs) createArgs(image string, networks []string) []string {
	labels := l.host.Names.Labels(docker.Labelled{})
	labels[labelProject], labels[labelService], labels[labelNumber], labels[labelOneoff] = l.project(), "vector", "1", "False"
	network := "bridge"
	if len(networks) > 0 {
		network = networks[0]
	}
	data := l.templateData(image, networks)
	return append(docker.LabelArgs(labels),
		"--name="+l.containerName(), "--network="+network, "--restart=unless-stopped",
		"--volume="+data.DokkuLibRoot+"/data/logs:/etc/vector",
		"--volume=/var/run/docker.sock:/var/run/docker.sock:ro",
		"--volume="+data.DokkuLogsDir+"/apps:/var/log/dokku/apps",
		image, "--config", "/etc/vector/vector.json", "--watch-config")
}

func (l *logs) vectorStop(ctx context.Context, c *command.Call, _ struct{}) error {
	c.Out.Headers().Title("Stopping and removing vector container")
	source, err := l.template(ctx)
	if err != nil {
		return err
	}
	if source != "" {
		image, err := l.host.Store.Computed(vectorImage, state.Global)
		if err != nil {
			return err
		}
		networks, err := l.networks()
		if err != nil {
			return err
		}
		return l.compose(ctx, c.Out, source, l.templateData(image, networks), "down", "--remove-orphans")
	}
	containers, err := l.host.Docker.List(ctx, docker.Filter{All: true, Labels: map[string]string{labelProject: l.project()}})
	if err != nil {
		return err
	}
	var errs []error
	for _, container := range containers {
		if !l.host.Names.Owns(container.Labels) {
			continue // somebody else's project of that name
		}
		// Vector is told first: it writes out what it still has.
		stop := l.host.Docker.Stop(ctx, container.ID, settleTime)
		if err := errors.Join(stop, l.host.Docker.Remove(ctx, container.ID)); err != nil && !errors.Is(err, docker.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

type vectorLogsArgs struct {
	Num  int  `flag:"num" default:"100" help:"the number of lines to display"`
	Tail bool `flag:"tail" help:"continually stream logs"`
}

func (l *logs) vectorLogs(ctx context.Context, c *command.Call, in vectorLogsArgs) error {
	container, err := l.host.Docker.Inspect(ctx, l.containerName())
	if errors.Is(err, docker.ErrNotFound) {
		return command.Fail("Vector container does not exist")
	}
	if err != nil {
		return err
	}
	if !container.Running() {
		c.Out.Warn("Vector container is not running")
	}
	c.Out.Headers().Step("Vector container logs")
	if in.Num <= 0 {
		in.Num = -1
	}
	stdout, stderr := c.Out.Indented(), command.Lines(func(line string) { c.Out.ErrorLine("       %s", line) })
	err = l.host.Docker.Logs(ctx, container.ID, docker.LogOptions{Follow: in.Tail, Tail: in.Num}, stdout, stderr)
	return errors.Join(err, stdout.Close(), stderr.Close())
}
