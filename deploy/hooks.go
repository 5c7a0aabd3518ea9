package deploy

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// latest is the tag that triggers name of an image that no registry has.
const latest = "latest"

// hook is a trigger about the image under way.
type hook struct {
	name    string // post-build
	builder string
	app     string
	dir     string // of the source, for those about a build
}

// oldNames are the triggers of before pre-build and its like had the builder as
// an argument. Source: Dokku plugins/builder-*/builder-build and builder-release.
var oldNames = map[string]string{"herokuish": "buildpack", "dockerfile": "dockerfile", "lambda": "lambda", "pack": "pack"}

// old fires the deprecated name of a hook, where a plugin still answers it.
func (f *Flow) old(ctx context.Context, d *deployment, h hook, args ...string) error {
	kind, has := oldNames[h.builder]
	stage := map[string]string{"pre-build": "pre-build", "post-build": "post-build", "pre-release-builder": "pre-release"}[h.name]
	if !has || stage == "" || !f.host.Bus.Handled(stage+"-"+kind) {
		return nil
	}
	d.out.Warn("Deprecated: please upgrade plugin to use '%s' plugin trigger instead of %s-%s", h.name, stage, kind)
	return f.event(ctx, stage+"-"+kind, args...)
}

// aboutBuild fires pre-build or post-build.
func (f *Flow) aboutBuild(ctx context.Context, d *deployment, h hook) error {
	args := []string{h.app}
	if h.builder == "herokuish" || h.builder == "pack" {
		args = append(args, h.dir)
	}
	if err := f.old(ctx, d, h, args...); err != nil {
		return err
	}
	return f.event(ctx, h.name, h.builder, h.app, h.dir)
}

// aboutRelease fires pre-release-builder or post-release-builder, in which own is
// the part of Dokku's plugin app-json.
func (f *Flow) aboutRelease(ctx context.Context, d *deployment, h hook, image string, own func(ctx context.Context) error) error {
	if err := f.old(ctx, d, h, h.app, latest); err != nil {
		return err
	}
	return f.part(ctx, "app-json", h.name, []string{h.builder, h.app, image}, own)
}

// releaseHook fires one of them for a release, which afterwards has the image
// that plugins and own have made of it.
func (f *Flow) releaseHook(ctx context.Context, d *deployment, name string, rel *app.Release, own func(ctx context.Context) error) error {
	h := hook{name: name, builder: rel.Builder, app: d.app}
	if !f.heard(h) {
		return own(ctx)
	}
	image, err := f.onImage(ctx, d, h, rel.ImageID, f.releases.imageRef(d.app, rel.Number), func(ref string) error {
		return f.aboutRelease(ctx, d, h, ref, func(ctx context.Context) error { return f.onLatest(ctx, rel, ref, own) })
	})
	if err == nil {
		rel.ImageID = image
	}
	return err
}

// onLatest runs own on the image that has the name ref by now, and gives the name
// to what own makes of it.
func (f *Flow) onLatest(ctx context.Context, rel *app.Release, ref string, own func(ctx context.Context) error) error {
	now, err := f.host.Docker.ImageInspect(ctx, ref)
	if err != nil {
		return fmt.Errorf("the image is gone: %w", err)
	}
	rel.ImageID = now.ID
	if err := own(ctx); err != nil || rel.ImageID == now.ID {
		return err
	}
	return f.host.Docker.ImageTag(ctx, rel.ImageID, ref)
}

// heard tells whether anybody answers a hook, by its present or its old name.
func (f *Flow) heard(h hook) bool {
	kind := oldNames[h.builder]
	return f.host.Bus.Handled(h.name) || f.host.Bus.Handled("post-build-"+kind) || f.host.Bus.Handled("pre-release-"+kind)
}

// onImage fires hooks while the image under way is the app's latest, which is
// where plugins look for it and put another one. It returns the image that has
// the name afterwards; the name goes back to what the app runs, and keep is the image's own.
func (f *Flow) onImage(ctx context.Context, d *deployment, h hook, image, keep string, fire func(ref string) error) (_ string, err error) {
	if !f.heard(h) {
		return image, nil
	}
	giveBack, err := f.borrowLatest(ctx, d.app, image)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, giveBack()) }()
	ref := f.releases.latestRef(d.app)
	if err := fire(ref); err != nil {
		return "", err
	}
	after, err := f.host.Docker.ImageInspect(ctx, ref)
	if err != nil {
		return "", fmt.Errorf("the image is gone after %s: %w", h.name, err)
	}
	return after.ID, f.host.Docker.ImageTag(ctx, after.ID, keep)
}

// borrowLatest makes image ("" = none) the app's latest until giveBack.
func (f *Flow) borrowLatest(ctx context.Context, name, image string) (giveBack func() error, err error) {
	ref := f.releases.latestRef(name)
	before, err := f.host.Docker.ImageInspect(ctx, ref)
	if err != nil && !errors.Is(err, docker.ErrNotFound) {
		return nil, err
	}
	if image != "" {
		if err := f.host.Docker.ImageTag(ctx, image, ref); err != nil {
			return nil, err
		}
	}
	return func() error {
		ctx := context.WithoutCancel(ctx)
		if before.ID != "" {
			return f.host.Docker.ImageTag(ctx, before.ID, ref)
		}
		if err := f.host.Docker.ImageRemove(ctx, ref, false); err != nil && !errors.Is(err, docker.ErrNotFound) {
			return err
		}
		return nil
	}, nil
}

// theirs tells whether a builder is one that a plugin brings along, or puts in the
// place of ours.
func (f *Flow) theirs(builder string) bool {
	_, ours := build.Find(f.builders, builder)
	return f.host.Bus.Handled("builder-release") && (!ours || f.host.Bus.Replaced("builder-"+builder))
}

// releasedByPlugin lets the plugin of a builder release an image: it fires
// pre-release-builder and post-release-builder itself.
func (f *Flow) releasedByPlugin(ctx context.Context, d *deployment, rel *app.Release, before, after func(ctx context.Context) error) error {
	h := hook{name: "builder-release", builder: rel.Builder, app: d.app}
	image, err := f.onImage(ctx, d, h, rel.ImageID, f.releases.imageRef(d.app, rel.Number), func(ref string) error {
		if err := f.onLatest(ctx, rel, ref, before); err != nil {
			return err
		}
		if err := f.event(ctx, h.name, h.builder, h.app, latest); err != nil {
			return err
		}
		return f.onLatest(ctx, rel, ref, after)
	})
	if err == nil {
		rel.ImageID = image
	}
	return err
}

// external is a builder that a plugin brings along: it answers builder-build
// and builder-release, and fires the hooks around them itself.
type external struct {
	flow *Flow
	name string
}

// Name implements build.Builder.
func (x external) Name() string { return x.name }

// Detect implements build.Builder. Its plugin answers builder-detect.
func (x external) Detect(context.Context, string, string) (bool, error) { return false, nil }

// Build implements build.Builder.
func (x external) Build(ctx context.Context, req build.Request, _ *command.Output) (err error) {
	giveBack, err := x.flow.borrowLatest(ctx, req.App, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, giveBack()) }()
	ref := x.flow.releases.latestRef(req.App)
	if err := x.flow.event(ctx, "builder-build", x.name, req.App, req.Dir); err != nil {
		if ctx.Err() == nil && !errors.As(err, new(*command.Error)) {
			err = command.Fail("App build failed") // it has said why
		}
		return err
	}
	made, err := x.flow.host.Docker.ImageInspect(ctx, ref)
	if errors.Is(err, docker.ErrNotFound) {
		return command.Fail("App image (%s) not found\nNo plugin builds with %s; choose another builder: dokku builder:set %s selected …", ref, x.name, req.App)
	}
	if err != nil {
		return err
	}
	return x.flow.host.Docker.ImageTag(ctx, made.ID, req.Image)
}
