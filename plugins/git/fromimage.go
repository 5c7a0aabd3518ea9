package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/distribution/reference"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/state"
)

type imageArgs struct {
	App      string `arg:"app"`
	Image    string `arg:"docker-image" missing:"Please specify a docker image"`
	User     string `arg:"git-username,optional"`
	Email    string `arg:"git-email,optional"`
	BuildDir string `flag:"build-dir" help:"a folder on this host that is put beside the Dockerfile"`
	Force    bool   `flag:"force" help:"pull the image even when it is there"`
}

// image is one deploy of an image.
type image struct {
	app, ref string
	buildDir string // absolute, or ""
	pull     bool   // even when it is there
	by       author
	actor    string
}

func (s *service) gitFromImage(ctx context.Context, c *command.Call, in imageArgs) error {
	if in.BuildDir != "" {
		if err := s.mayRead(c, in.BuildDir); err != nil {
			return err
		}
	}
	if err := checkImage(in.Image); err != nil {
		return err
	}
	c.Out = c.Out.Combined() // Dokku's capture of a build has both streams in one
	return s.imageStep(ctx, c.Out, image{
		app: in.App, ref: in.Image, buildDir: callersPath(c, in.BuildDir),
		pull: in.Force || c.Flags.Force, by: author{in.User, in.Email}, actor: c.Actor.String(),
	})
}

func (s *service) gitLoadImage(ctx context.Context, c *command.Call, in imageArgs) error {
	if c.TTY != nil {
		return command.BadInput("Expecting tar archive containing docker image on STDIN")
	}
	if err := checkImage(in.Image); err != nil {
		return err
	}
	if in.BuildDir != "" {
		if err := s.mayRead(c, in.BuildDir); err != nil {
			return err
		}
	}
	c.Out = c.Out.Combined() // as in git:from-image
	refs, err := s.host.Docker.ImageLoad(ctx, c.In)
	if err != nil {
		return command.Fail("%w", err)
	}
	for _, ref := range refs {
		c.Out.Line("Loaded image: %s", ref)
	}
	switch _, err := s.host.Docker.ImageInspect(ctx, in.Image); {
	case errors.Is(err, docker.ErrNotFound):
		return command.Fail("Loaded image tarball but the specified docker image was not found: %s", in.Image)
	case err != nil:
		return command.Fail("%w", err)
	}
	return s.imageStep(ctx, c.Out, image{
		app: in.App, ref: in.Image, buildDir: callersPath(c, in.BuildDir), by: author{in.User, in.Email}, actor: c.Actor.String(),
	})
}

// callersPath makes a path absolute where the caller's folder is known.
func callersPath(c *command.Call, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if cwd := c.Env["SLIPWAY_CWD"]; filepath.IsAbs(cwd) {
		return filepath.Join(cwd, path)
	}
	return filepath.Join("/", path)
}

func checkImage(ref string) error {
	if _, err := reference.ParseNormalizedNamed(ref); err != nil {
		return command.BadInput("Invalid docker image %q: %w", ref, err)
	}
	return nil
}

// imageStep is Dokku's git-from-image.
func (s *service) imageStep(ctx context.Context, out *command.Output, i image) error {
	args := []string{i.app, i.ref, i.buildDir, i.by.name, i.by.email}
	return s.step(ctx, "git-from-image", args, func(ctx context.Context) error { return s.deployImage(ctx, out, i) })
}

// deployImage deploys a commit of a Dockerfile that says FROM the image.
func (s *service) deployImage(ctx context.Context, out *command.Output, i image) error {
	if err := checkImage(i.ref); err != nil { // it becomes a line of a Dockerfile
		return err
	}
	dir, err := s.runner().scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out.Step("Generating build context")
	if i.buildDir != "" {
		out.Text("Syncing build directory context")
		if err := s.runner().copyFolder(ctx, i.buildDir, dir); err != nil {
			return err
		}
	}
	if err := appendDockerfile(dir, i.ref); err != nil {
		return fmt.Errorf("cannot write the Dockerfile of %s: %w", i.app, err)
	}
	if err := s.pull(ctx, out, i); err != nil {
		return err
	}
	before, err := s.host.Store.Get(sourceImage, i.app)
	if err != nil {
		return err
	}
	if err := s.host.Store.Set(sourceImage, i.app, i.ref); err != nil {
		return err
	}
	err = s.folderStep(ctx, out, dir, i.by, source{
		Request: deploy.Request{App: i.app, Actor: i.actor, Source: "git:from-image", Metadata: i.ref},
		kind:    imageSource,
	})
	if err == nil {
		return nil
	}
	return errors.Join(err, s.putBack(sourceImage, i.app, before))
}

// putBack sets a property to what it was before, "" being not set.
func (s *service) putBack(p state.Property, app, value string) error {
	if value == "" {
		return s.host.Store.Unset(p, app)
	}
	return s.host.Store.Set(p, app, value)
}

// copyFolder copies what is in a folder, as the system user, who may not read
// everything.
func (r runner) copyFolder(ctx context.Context, from, to string) error {
	if st, err := os.Stat(from); err != nil || !st.IsDir() {
		return command.BadInput("Invalid BUILD_DIR specified for docker build context")
	}
	if _, err := output(ctx, r.command(ctx, "/", nil, "cp", "-R", "-P", "--", from+"/.", to)); err != nil {
		return command.Fail("Cannot read the build directory %s: %w", from, err)
	}
	return nil
}

// appendDockerfile adds to the folder's Dockerfile, which a build directory may
// bring. Dokku: plugins/git/git-from-image.
func appendDockerfile(dir, ref string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := root.OpenFile("Dockerfile", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "FROM %s\nLABEL com.dokku.docker-image-labeler/alternate-tags=[\\\"%s\\\"]\n", ref, ref)
	return errors.Join(err, f.Close())
}

// pull provides the image.
func (s *service) pull(ctx context.Context, out *command.Output, i image) error {
	_, err := s.host.Docker.ImageInspect(ctx, i.ref)
	switch {
	case err == nil && !i.pull:
		out.Step("Image exists on host, skipping pull")
		return nil
	case err == nil:
		out.Step("Force pulling image")
	case errors.Is(err, docker.ErrNotFound):
		out.Step("Pulling image")
	default:
		return command.Fail("%w", err)
	}
	defer out.Busy("Pulling %s", i.ref)()
	if err := s.host.Docker.ImagePull(ctx, i.ref, build.DockerConfig(s.host.Store, i.app), out.Stdout()); err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		out.Line("Error response from daemon: %s", strings.TrimSpace(err.Error()))
		return command.Fail("Failed to pull image: %s", i.ref)
	}
	return nil
}
