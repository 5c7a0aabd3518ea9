package deploy

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
func (f *Flow) sourceFiles(ctx context.Context, name, dir, image string) (procfile, appJSON string, err error) {
	fromImage := imageReader{flow: f, app: name, image: image}
	defer fromImage.close(ctx)
	for _, want := range []struct {
		plugin, property string
		into             *string
		check            func(string) error
	}{
		{"ps", "procfile-path", &procfile, func(s string) error { _, err := app.ParseProcfile(s); return err }},
		{"app-json", "appjson-path", &appJSON, func(s string) error { _, err := app.ParseAppJSON([]byte(s)); return err }},
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
				return "", "", command.BadInput("Invalid %s: %w", file, err)
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

// prepareEnv writes the variables that a deploy brings (GIT_REV, those of
// app.json) into the app's config and returns the merged config.
func (f *Flow) prepareEnv(d *deployment, dir, rev string) (map[string]string, error) {
	// Set to nothing it means that there is no such variable; see git:set.
	revProperty := f.host.Property("git", "rev-env-var")
	revVar, set, err := f.host.Store.Lookup(revProperty, d.app)
	if err == nil && !set {
		revVar, err = f.host.Store.Computed(revProperty, d.app)
	}
	if err != nil {
		return nil, err
	}
	file, err := f.host.Computed("app-json", "appjson-path", d.app)
	if err != nil {
		return nil, err
	}
	text, _, err := readSourceFile(dir, file)
	if err != nil {
		return nil, err
	}
	var declared map[string]app.EnvVar
	if text != "" {
		parsed, err := app.ParseAppJSON([]byte(text))
		if err != nil {
			return nil, command.BadInput("Invalid %s: %w", file, err)
		}
		declared = parsed.Env
	}
	_, deployed, err := f.releases.Current(d.app)
	if err != nil {
		return nil, err
	}
	err = f.host.Store.UpdateEnv(d.app, func(env map[string]string) error {
		if rev != "" && revVar != "" {
			env[revVar] = rev
		}
		return applyDeclaredEnv(env, declared, deployed, file)
	})
	if err != nil {
		return nil, err
	}
	return f.host.Store.MergedEnv(d.app)
}

// applyDeclaredEnv sets the variables of app.json: at the first deploy, and
// with "sync" at each. Source: Dokku docs/appendices/file-formats/app-json.md.
func applyDeclaredEnv(env map[string]string, declared map[string]app.EnvVar, deployed bool, file string) error {
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		v := declared[key]
		_, set := env[key]
		switch {
		case v.Sync && v.Value != "":
			env[key] = v.Value
		case set || deployed:
		case v.Generator == "secret":
			b := make([]byte, 32)
			rand.Read(b)
			env[key] = hex.EncodeToString(b)
		case v.Value != "":
			env[key] = v.Value
		case v.Required == nil || *v.Required:
			return command.Fail("%s requires the variable %s, which is not set. Set it with: dokku config:set --no-restart <app> %s=…", file, key, key)
		}
	}
	return nil
}
