package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// pushedImage is the name under which a plugin pushed the image of a release to
// a registry, "" when none did. Plugins tell it by Dokku's three triggers.
func (f *Flow) pushedImage(ctx context.Context, rel app.Release) (string, error) {
	var parts [3]string
	for n, name := range []string{"deployed-app-image-tag", "deployed-app-repository", "deployed-app-image-repo"} {
		v, err := f.host.Bus.Query(ctx, name, rel.App)
		if err != nil {
			return "", err
		}
		if parts[n] = strings.TrimSpace(v); n == 0 && parts[n] == "" {
			return "", nil
		}
	}
	ref := parts[1] + parts[2] + ":" + parts[0]
	image, err := f.host.Docker.ImageInspect(ctx, ref)
	if errors.Is(err, docker.ErrNotFound) || (err == nil && image.ID != rel.ImageID) {
		return "", command.Fail("The image %s was said to be pushed, and is not the one that was built", ref)
	}
	return ref, err
}

// ensureImage makes sure that the engine has the image of a release, which may
// have to be pulled from where it was pushed to, and is what to start
// containers from: that name, so that it shows what runs, or the image's ID.
func (f *Flow) ensureImage(ctx context.Context, d *deployment, rel app.Release) (string, error) {
	if rel.Image == "" {
		return rel.ImageID, nil
	}
	switch image, err := f.host.Docker.ImageInspect(ctx, rel.Image); {
	case err == nil && image.ID == rel.ImageID:
		return rel.Image, nil
	case err != nil && !errors.Is(err, docker.ErrNotFound):
		return "", err
	}
	switch _, err := f.host.Docker.ImageInspect(ctx, rel.ImageID); {
	case err == nil:
		return rel.ImageID, nil
	case !errors.Is(err, docker.ErrNotFound):
		return "", err
	}
	d.out.Step("Image %s not found locally, pulling from registry", rel.Image)
	defer d.out.Busy("Pulling %s", rel.Image)()
	if err := f.host.Docker.ImagePull(ctx, rel.Image, build.DockerConfig(f.host.Store, rel.App), d.log); err != nil {
		return "", command.Fail("Unable to pull the image of release %d: %w", rel.Number, err)
	}
	image, err := f.host.Docker.ImageInspect(ctx, rel.Image)
	if err != nil {
		return "", fmt.Errorf("cannot read the image of release %d: %w", rel.Number, err)
	}
	if image.ID != rel.ImageID {
		return "", command.Fail("The registry has another image under %s than release %d was. Deploy again: dokku ps:rebuild %s", rel.Image, rel.Number, rel.App)
	}
	return rel.Image, nil
}
