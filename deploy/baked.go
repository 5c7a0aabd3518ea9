package deploy

import (
	"cmp"
	"context"
	"io"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/command"
)

// unbake takes out of an image what Dokku wrote of the config into it.
const unbake = `ARG APP_IMAGE
FROM $APP_IMAGE
ARG APP_USER
USER 0
RUN rm -rf /app/.profile.d/00-global-env.sh /app/.profile.d/01-app-env.sh /tmp/env
USER $APP_USER
`

// withoutConfig is the release with an image that has no config in it. Dokku
// writes the config into images of herokuish, where it would go before what our
// containers are made with; ours say by a label that they have none.
func (f *Flow) withoutConfig(ctx context.Context, d *deployment, rel app.Release) (app.Release, error) {
	image, err := f.host.Docker.ImageInspect(ctx, rel.ImageID)
	if err != nil {
		return rel, nil //nolint:nilerr // whoever starts it pulls it or says so
	}
	env, err := f.host.Store.Env(rel.App)
	if err != nil || build.KindOf(image, env) != build.Herokuish || image.Labels[build.LabelConfig] != "" {
		return rel, err
	}
	ref := f.releases.imageRef(rel.App, rel.Number)
	if err := f.host.Docker.ImageTag(ctx, rel.ImageID, ref); err != nil {
		return rel, err
	}
	err = buildkit.Build(ctx, f.host.Docker, buildkit.Job{
		App: rel.App, Context: buildkit.Folders(map[string]buildkit.Tree{}), Image: ref, Log: d.log,
		Labels:     map[string]string{build.LabelConfig: build.ConfigAtStart},
		Dockerfile: buildkit.Dockerfile{Name: "Dockerfile", Content: []byte(unbake)}, Env: map[string]string{"APP_IMAGE": ref, "APP_USER": cmp.Or(image.User, "0")},
	}, command.NewOutput(io.Discard, io.Discard))
	if err != nil {
		return rel, command.Fail("Cannot take the old config out of the image of %s: %w", rel.App, err)
	}
	image, err = f.host.Docker.ImageInspect(ctx, ref)
	rel.ImageID = image.ID
	return rel, err
}
