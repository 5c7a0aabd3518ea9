package builder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/trigger"
)

// labelStack is on every image that a cloud native buildpack made.
const labelStack = "io.buildpacks.stack.id"

// herokuishUser is the user in herokuish's images. DOKKU_APP_USER, a config var
// of the app, names another.
const herokuishUser = "herokuishuser"

// imageIsCNB answers builder-image-is-cnb APP IMAGE by true or false.
// Source: Dokku plugins/common/docker.go, IsImageCnbBased.
func (b *builder) imageIsCNB(ctx context.Context, c *trigger.Call) error {
	image, err := b.image(ctx, c.Arg(1))
	if err == nil {
		fmt.Fprintln(c.Out, image.Labels[labelStack] != "")
	}
	return err
}

// imageIsHerokuish answers builder-image-is-herokuish APP IMAGE: buildpacks of
// either kind made it.
// Source: Dokku plugins/common/docker.go, IsImageHerokuishBased.
func (b *builder) imageIsHerokuish(ctx context.Context, c *trigger.Call) error {
	image, err := b.image(ctx, c.Arg(1))
	if err != nil {
		return err
	}
	user := herokuishUser
	if b.host.Store.AppExists(c.Arg(0)) {
		given, err := b.host.Bus.Query(ctx, "config-get", c.Arg(0), "DOKKU_APP_USER")
		if err == nil && strings.TrimSpace(given) != "" { // not set is a failure of config-get
			user = strings.TrimSpace(given)
		}
	}
	fmt.Fprintln(c.Out, image.Labels[labelStack] != "" || slices.Contains(image.Env, "USER="+user))
	return nil
}

// image is one that may not be there, and then is of no kind.
func (b *builder) image(ctx context.Context, ref string) (docker.Image, error) {
	if ref == "" {
		return docker.Image{}, nil
	}
	image, err := b.host.Docker.ImageInspect(ctx, ref)
	if errors.Is(err, docker.ErrNotFound) || errors.Is(err, docker.ErrInvalid) {
		return docker.Image{}, nil
	}
	return image, err
}
