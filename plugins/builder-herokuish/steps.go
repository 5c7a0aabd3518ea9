package builderherokuish

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// The recipes around /build. Source: Dokku plugins/builder-herokuish/dockerfiles.
const (
	copyRecipe = `ARG APP_IMAGE
FROM $APP_IMAGE
ARG DOKKU_APP_USER=herokuishuser
RUN USER=$DOKKU_APP_USER /exec true
COPY --chown=$DOKKU_APP_USER . /app
WORKDIR /app
ENV HEROKUISH_DISABLE_CHOWN=true
`
	sealRecipe = `ARG APP_IMAGE
FROM $APP_IMAGE
ARG DOKKU_APP_USER=herokuishuser
RUN find /app \( \! -user "$DOKKU_APP_USER" -o \! -group "$DOKKU_APP_USER" \) -print0 | xargs -0 -r chown -h "$DOKKU_APP_USER:$DOKKU_APP_USER"
USER $DOKKU_APP_USER
ENV HEROKUISH_SETUIDGUID=false
`
)

// steps are those of one build. Each leaves its result under the working name,
// and the last one under the name that was asked for.
type steps struct {
	h     *plugin.Host
	req   build.Request
	out   *command.Output
	user  string
	work  string            // the image under way
	stage map[string]string // the labels of what is not finished
}

// copySource makes the image with the source in /app.
func (s steps) copySource(ctx context.Context, base string) error {
	// Buildpacks see the whole source, as with Dokku.
	source := buildkit.Folder(s.req.Dir).Filtered(func(name string, mode fs.FileMode) (fs.FileMode, bool) {
		return mode.Perm(), name != ".dockerignore"
	})
	return s.layer(ctx, base, s.work, source, copyRecipe, s.stage)
}

// seal makes the finished image: all of /app belongs to the app's user, who
// runs it.
func (s steps) seal(ctx context.Context) error {
	labels := map[string]string{build.LabelConfig: build.ConfigAtStart}
	maps.Copy(labels, s.req.Labels)
	return s.layer(ctx, s.work, s.req.Image, buildkit.Folders(map[string]buildkit.Tree{}), sealRecipe, labels)
}

// layer builds one of the recipes. What BuildKit says is in the log only.
func (s steps) layer(ctx context.Context, base, image string, files buildkit.Tree, recipe string, labels map[string]string) error {
	return buildkit.Build(ctx, s.h.Docker, buildkit.Job{
		App: s.req.App, Context: files, Image: image, Labels: labels, Log: s.req.Log,
		Dockerfile:   buildkit.Dockerfile{Name: "herokuish.Dockerfile", Content: []byte(recipe)},
		Env:          map[string]string{"APP_IMAGE": base, "DOKKU_APP_USER": s.user},
		DockerConfig: build.DockerConfig(s.h.Store, s.req.App),
	}, command.NewOutput(io.Discard, io.Discard))
}

// compile runs /build in a container, whose files become the image.
func (s steps) compile(ctx context.Context) (err error) {
	s.out.Step("Adding BUILD_ENV to build environment...")
	id, err := s.h.Docker.Create(ctx, s.args())
	if err != nil {
		return cancelledOr(ctx, command.Fail("Failure creating container during app build\n%w", err))
	}
	defer func() { err = errors.Join(err, s.h.Docker.Remove(context.WithoutCancel(ctx), id)) }()
	if err := s.addConfig(ctx, id); err != nil {
		return err
	}
	s.out.Text("BUILD_ENV added successfully")
	if err := s.h.Bus.Event(ctx, "post-container-create", "app", id, s.req.App, "build"); err != nil {
		return err
	}
	if err := s.h.Docker.Start(ctx, id); err != nil {
		return cancelledOr(ctx, command.Fail("Failure starting container during app build\n%w", err))
	}
	err = s.h.Docker.Logs(ctx, id, docker.LogOptions{Follow: true, Tail: -1}, s.out.Stdout(), s.out.Stderr())
	if err != nil {
		return cancelledOr(ctx, fmt.Errorf("cannot follow the build of %s: %w", s.req.App, err))
	}
	code, err := s.h.Docker.Wait(ctx, id)
	if err != nil {
		return cancelledOr(ctx, fmt.Errorf("cannot wait for the build of %s: %w", s.req.App, err))
	}
	fmt.Fprintf(s.req.Log, "/build ended with %d\n", code)
	if code != 0 {
		return command.Fail("The build of %s failed: the buildpack ended with exit code %d\nIf there is no buildpack for it, add a Dockerfile, or choose a builder: dokku builder:set %s selected <builder>", s.req.App, code, s.req.App)
	}
	_, err = s.h.Docker.Commit(ctx, id, s.work, s.stage)
	return cancelledOr(ctx, err)
}

// cancelledOr is ctx's error once it has ended: what failed then failed because
// of that.
func cancelledOr(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("the build was cancelled: %w", ctx.Err())
	}
	return err
}

// args is the argument vector of the container that builds. The config is in a
// volume of its own, which ends with the container: in the image it would go
// before what the app's containers get.
func (s steps) args() []string {
	volume := []string{"type=volume", "source=" + s.h.Names.Cache(s.req.App), "target=/cache"}
	for _, label := range docker.LabelArgs(s.h.Names.Labels(docker.Labelled{App: s.req.App, Builder: "herokuish"})) {
		volume = append(volume, "volume-label="+strings.TrimPrefix(label, "--label="))
	}
	args := docker.LabelArgs(s.stage)
	args = append(args, "--mount="+strings.Join(volume, ","), "--mount=type=volume,target="+envFolder, "--env=CACHE_PATH=/cache")
	return slices.Concat(args, s.req.Args, []string{s.work, "/build"})
}

// envFolder is where buildpacks find the config, a file for each variable.
const envFolder = "/tmp/env"

// addConfig puts the config into the container that builds: as files, and at
// the end of /app/.env for old buildpacks and for programs that read it.
func (s steps) addConfig(ctx context.Context, id string) error {
	files := map[string]string{}
	maps.Copy(files, s.req.Env)
	if err := s.put(ctx, id, envFolder, files); err != nil {
		return err
	}
	dotenv, err := s.dotenv()
	if err != nil {
		return err
	}
	return s.put(ctx, id, "/app", map[string]string{".env": dotenv})
}

// maxDotenv is the size that a .env of a source may have, in bytes.
const maxDotenv = 1 << 20

func (s steps) dotenv() (string, error) {
	var own []byte
	file, err := os.OpenInRoot(s.req.Dir, ".env")
	if err == nil {
		defer file.Close()
		if own, err = io.ReadAll(io.LimitReader(file, maxDotenv+1)); err == nil && len(own) > maxDotenv {
			return "", command.BadInput("The file .env is larger than %d bytes", maxDotenv)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", command.BadInput("Cannot read .env of the source: %w", err)
	}
	return strings.TrimRight(string(own), "\n") + "\n" + state.FormatDotenv(s.req.Env), nil
}

// put writes files to a folder of a container.
func (s steps) put(ctx context.Context, id, dir string, files map[string]string) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := s.h.Docker.CopyTo(ctx, id, dir, &archive); err != nil {
		return cancelledOr(ctx, command.Fail("Failure injecting BUILD_ENV into build environment\n%w", err))
	}
	return nil
}
