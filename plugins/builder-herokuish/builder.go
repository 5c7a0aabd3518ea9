package builderherokuish

import (
	"context"
	"errors"
	"regexp"
	"runtime"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

type builder struct{ h *plugin.Host }

// New is the builder. It uses the host's Docker, Store and Bus at each build.
func New(h *plugin.Host) build.Builder { return builder{h} }

// Name implements build.Builder.
func (b builder) Name() string { return "herokuish" }

// Title implements build.Titled: the stack, where one was chosen.
func (b builder) Title(ctx context.Context, app string) string {
	if stack, err := b.h.Bus.Query(ctx, "buildpack-stack-name", app); err == nil && stack != "" {
		return stack
	}
	return b.Name()
}

// Detect implements build.Builder: only what asks for a buildpack by name. The
// rest comes here because nobody else claims it.
func (b builder) Detect(_ context.Context, app, dir string) (bool, error) {
	if runtime.GOARCH == "arm64" {
		if v, err := b.h.Store.Computed(allowed, app); err != nil || v != "true" {
			return false, err
		}
	}
	env, err := b.h.Store.Env(app)
	return err == nil && build.WantsBuildpack(dir, env), err
}

var userRE = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	if user := build.AppUser(req.Env); !userRE.MatchString(user) {
		return command.BadInput("Invalid DOKKU_APP_USER %q: it must be the name of a user of the image", user)
	}
	base, err := b.image(ctx, req, out)
	if err != nil {
		return err
	}
	s := steps{h: b.h, req: req, out: out, user: build.AppUser(req.Env), work: req.Image + "-herokuish", stage: b.h.Names.Labels(docker.Labelled{
		App: req.App, ImageStage: "build", Builder: b.Name(),
	})}
	defer b.h.Docker.ImageRemove(context.WithoutCancel(ctx), s.work, true) //nolint:errcheck // only a name; it may never have been made
	if err := s.copySource(ctx, base); err != nil {
		return err
	}
	if err := s.compile(ctx); err != nil {
		return err
	}
	return s.seal(ctx)
}

// image is the one that builds: the app's stack, or what a plugin made of it.
func (b builder) image(ctx context.Context, req build.Request, out *command.Output) (string, error) {
	image, err := b.h.Bus.Query(ctx, "buildpack-stack-name", req.App)
	if err != nil {
		return "", err
	}
	if image == "" {
		image = DefaultImage
	}
	if err := b.h.Bus.Event(ctx, "builder-create-dokku-image", b.Name(), req.App, req.Dir, image); err != nil {
		return "", err
	}
	other, err := b.h.Bus.Query(ctx, "builder-dokku-image", b.Name(), req.App, req.Dir, image)
	if err != nil {
		return "", err
	}
	if other != "" {
		image = other
	}
	_, err = b.h.Docker.ImageInspect(ctx, image)
	if !errors.Is(err, docker.ErrNotFound) {
		return image, err
	}
	out.Text("Pulling %s, which builds this app", image)
	defer out.Busy("Pulling %s", image)()
	progress := command.Lines(func(line string) { out.Text("%s", line) })
	defer progress.Close()
	if err := b.h.Docker.ImagePull(ctx, image, build.DockerConfig(b.h.Store, ""), progress); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", command.Fail("Cannot pull the image %s, which builds this app: %w\nName another one: dokku buildpacks:set-property %s stack <image>, or add a Dockerfile to the source", image, err, req.App)
	}
	return image, nil
}
