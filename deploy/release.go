package deploy

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
)

// maxSourceFile bounds the Procfile and app.json that are read from a source.
const maxSourceFile = 1 << 20

// newRelease is the release that a deployment makes, numbered and with the
// config of now.
func (f *Flow) newRelease(d *deployment, image, builder string) (app.Release, error) {
	n, err := f.releases.Next(d.app)
	if err != nil {
		return app.Release{}, err
	}
	env, err := f.host.Store.Env(d.app)
	if err != nil {
		return app.Release{}, err
	}
	return app.Release{
		App: d.app, Number: n, CreatedAt: time.Now().UTC(), Actor: d.actor, Source: d.journal.Source,
		ImageID: image, Builder: builder, Env: env,
	}, nil
}

func describe(req Request) string {
	what := req.Metadata
	if req.Rev != "" {
		what = req.Rev[:min(len(req.Rev), 8)]
	}
	return strings.TrimSpace("Deploy " + what)
}

// sourceFiles reads the Procfile and app.json of the source, or of the image's
// working folder where the source has none, and validates both.
func (f *Flow) sourceFiles(ctx context.Context, name, dir, image string, validAppJSON func(text string) error) (procfile, appJSON string, err error) {
	fromImage := imageReader{flow: f, app: name, image: image}
	defer fromImage.close(ctx)
	for _, want := range []struct {
		plugin, property string
		into             *string
		check            func(string) error
	}{
		{"ps", "procfile-path", &procfile, func(s string) error { _, err := app.ParseProcfile(s); return err }},
		{"app-json", "appjson-path", &appJSON, validAppJSON},
	} {
		file, err := f.host.Computed(want.plugin, want.property, name)
		if err != nil {
			return "", "", err
		}
		text, found, err := readSourceFile(dir, file)
		if err == nil && !found {
			text, err = fromImage.file(ctx, file)
		}
		if err != nil {
			return "", "", err
		}
		if text != "" {
			if err := want.check(text); err != nil {
				return "", "", invalidFile(file, err)
			}
		}
		*want.into = text
	}
	return procfile, appJSON, nil
}

// checksFile reads the CHECKS file of the source, or of the image where an image
// is deployed, with config vars in it filled in.
// Source: Dokku plugins/scheduler-docker-local/core-post-extract, check-deploy.
func (f *Flow) checksFile(ctx context.Context, d *deployment, dir, image string) (string, error) {
	text, found, err := readSourceFile(dir, app.ChecksFile)
	if err != nil {
		return "", err
	}
	if !found {
		given, err := f.host.Store.Get(f.host.Property("git", "source-image"), d.app)
		if err != nil || given == "" {
			return "", err
		}
		fromImage := imageReader{flow: f, app: d.app, image: image}
		defer fromImage.close(ctx)
		if text, err = fromImage.file(ctx, app.ChecksFile); err != nil {
			return "", err
		}
	}
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	env, err := f.host.Store.MergedEnv(d.app)
	if err != nil {
		return "", err
	}
	text = app.ExpandChecks(text, env)
	if _, err := app.ParseChecks(text); err != nil {
		return "", command.BadInput("Invalid %s: %w", app.ChecksFile, err)
	}
	d.out.Warn("Deprecated: Usage of the CHECKS file is deprecated in favor of healthchecks in app.json")
	d.out.Warn("Please move your healthchecks to app.json.")
	return text, nil
}

// readSourceFile reads a small file of the tree; links that leave the tree are
// not followed.
func readSourceFile(dir, file string) (text string, found bool, err error) {
	in, err := os.OpenInRoot(dir, filepath.Clean(strings.TrimPrefix(file, "/")))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, command.BadInput("Cannot read %s of the source: %w", file, err)
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxSourceFile+1))
	if err != nil {
		return "", false, command.BadInput("Cannot read %s of the source: %w", file, err)
	}
	if len(b) > maxSourceFile {
		return "", false, command.BadInput("%s is larger than %d bytes", file, maxSourceFile)
	}
	return string(b), true, nil
}

// invalidFile says which file of the source is not valid, unless that is said.
func invalidFile(file string, err error) error {
	if errors.As(err, new(*command.Error)) || errors.As(err, new(command.Exit)) {
		return err
	}
	return command.BadInput("Invalid %s: %w", file, err)
}
