package builderdockerfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type builder struct{ h *plugin.Host }

// New is the builder. It uses the host's Docker and Store at each build.
func New(h *plugin.Host) build.Builder { return builder{h} }

// Name implements build.Builder.
func (b builder) Name() string { return "dockerfile" }

// Title implements build.Titled. The word is Dokku's.
func (b builder) Title() string { return "Dockerfile" }

// Seeks implements build.Seeker.
func (b builder) Seeks(app string) string {
	path, err := b.h.Store.Computed(dockerfilePath, app)
	if err != nil || path == dockerfilePath.Default {
		return "a Dockerfile"
	}
	return "the Dockerfile " + path
}

// Detect implements build.Builder. A dockerfile-path of the app itself that is
// not in the source is an error, as it is in Dokku.
func (b builder) Detect(_ context.Context, app, dir string) (bool, error) {
	path, err := b.h.Store.Computed(dockerfilePath, app)
	if err != nil {
		return false, err
	}
	if isFile(dir, path) {
		return true, nil
	}
	own, err := b.h.Store.Get(dockerfilePath, app)
	if err != nil {
		return false, err
	}
	if own != "" && own != dockerfilePath.Default {
		return false, noDockerfile(app, own)
	}
	return false, nil
}

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	options, err := buildkit.ParseFlags(req.Args)
	if err != nil {
		return err
	}
	if len(options.Ignored) > 0 {
		fmt.Fprintf(req.Log, "docker options without effect on a build: %v\n", options.Ignored)
	}
	path := options.File
	if path == "" {
		if path, err = b.h.Store.Computed(dockerfilePath, req.App); err != nil {
			return err
		}
	}
	dockerfile, err := readDockerfile(req.App, req.Dir, path)
	if err != nil {
		return err
	}
	return buildkit.Build(ctx, b.h.Docker, buildkit.Job{
		App:          req.App,
		Context:      buildkit.Folder(req.Dir),
		Dockerfile:   dockerfile,
		Image:        req.Image,
		Labels:       req.Labels,
		Options:      options,
		Env:          req.Env,
		DockerConfig: b.dockerConfig(req.App),
		Log:          req.Log,
	}, out)
}

// dockerConfig is the folder with the app's own registry logins, "" where it
// has none.
func (b builder) dockerConfig(app string) string {
	folder := b.h.Store.LibPath("config", "registry", app)
	if _, err := os.Stat(filepath.Join(folder, "config.json")); err != nil {
		return ""
	}
	return folder
}

// largest is the size that a Dockerfile may have, in bytes.
const largest = 1 << 20

func readDockerfile(app, dir, path string) (buildkit.Dockerfile, error) {
	dockerfile := buildkit.Dockerfile{Name: filepath.ToSlash(filepath.Clean(path))}
	if !isFile(dir, path) {
		return dockerfile, noDockerfile(app, path)
	}
	var err error
	if dockerfile.Content, err = readFile(dir, path); err != nil {
		return dockerfile, command.Fail("Cannot read %s: %w", path, err)
	}
	dockerfile.Ignore, err = readFile(dir, path+".dockerignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dockerfile, command.Fail("Cannot read %s.dockerignore: %w", path, err)
	}
	return dockerfile, nil
}

// readFile reads a file of the source. Links that leave the source are not
// followed: a message about the file would quote what it found.
func readFile(dir, path string) ([]byte, error) {
	file, err := os.OpenInRoot(dir, path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err == nil && len(content) > largest {
		err = fmt.Errorf("it is larger than %d bytes", largest)
	}
	return content, err
}

func isFile(dir, path string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer root.Close()
	info, err := root.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func noDockerfile(app, path string) error {
	if path == dockerfilePath.Default {
		return command.Fail("There is no Dockerfile in the source\nCommit one, or name the one to use: dokku builder-dockerfile:set %s dockerfile-path …", app)
	}
	return command.Fail("Invalid dockerfile-path specified: %s\nThe source has no such file; name another one: dokku builder-dockerfile:set %s dockerfile-path …", path, app)
}
