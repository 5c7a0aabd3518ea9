package standard

import (
	"context"
	"errors"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
)

type cleanupArgs struct {
	App string `arg:"app,optional"`
}

// cleanup removes one thing after the other; what is in use by now, or gone, is
// no failure.
func (s standard) cleanup(ctx context.Context, c *command.Call, in cleanupArgs) error {
	c.Out.Step("Cleaning up...")
	labels := s.host.Names.Owned(in.App)
	containers, err := s.host.Docker.List(ctx, docker.Filter{All: true, Labels: labels})
	if err != nil {
		return err
	}
	var errs []error
	for _, container := range containers {
		if s.waste(container) {
			errs = append(errs, lenient(s.host.Docker.Remove(ctx, container.ID)))
		}
	}
	images, err := s.host.Docker.ImageList(ctx, labels)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, image := range images {
		if len(image.Tags) == 0 && s.host.Names.Owns(image.Labels) {
			errs = append(errs, lenient(s.host.Docker.ImageRemove(ctx, image.ID, false)))
		}
	}
	return errors.Join(errs...)
}

// waste tells whether a container has ended and nobody needs it any more.
func (s standard) waste(c docker.Container) bool {
	if (c.State != "exited" && c.State != "dead") || c.Restarting || !s.host.Names.Owns(c.Labels) || c.Labels[docker.LabelDokku] != "" {
		return false
	}
	app := c.Labels[docker.LabelApp]
	switch c.Labels[docker.LabelContainerType] {
	case "deploy":
		return !s.host.Store.AppDeploying(app) && schedule.FromContainer(s.host.Names, c).State != schedule.Live
	case "run", "cron":
		return true
	default: // a service, Vector, or one that a build made
		return app != "" && !s.host.Store.AppDeploying(app)
	}
}

func lenient(err error) error {
	if errors.Is(err, docker.ErrNotFound) || errors.Is(err, docker.ErrConflict) {
		return nil
	}
	return err
}
