package deploy

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// validAppJSON asks plugins, by the trigger app-json-is-valid, whether the text
// of an app.json is valid. They read it from a file.
func (f *Flow) validAppJSON(ctx context.Context, name, text string) error {
	file, err := os.CreateTemp("", "slipway-app-json-*")
	if err != nil {
		return fmt.Errorf("cannot check app.json: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(text)
	if owner := f.host.Store.Owner(); owner != nil && err == nil {
		err = file.Chown(owner.UID, owner.GID)
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("cannot check app.json: %w", err)
	}
	if _, err := app.ParseAppJSON([]byte(text)); err != nil {
		return err
	}
	return f.event(ctx, "app-json-is-valid", name, file.Name())
}

// prepareEnv writes the variables that a deploy brings (the revision's, and
// those of the source's app.json, which is checked) into the app's config and
// returns the merged config.
func (f *Flow) prepareEnv(ctx context.Context, d *deployment, dir, rev string) (map[string]string, error) {
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
	if text != "" {
		if err := f.validAppJSON(ctx, d.app, text); err != nil {
			return nil, invalidFile(file, err)
		}
		d.validated = text
	}
	if rev != "" && revVar != "" {
		err := f.host.Store.UpdateEnv(d.app, func(env map[string]string) error {
			env[revVar] = rev
			return nil
		})
		if err != nil {
			return nil, err
		}
		f.configChanged(ctx, d, revVar)
	}
	if err := f.declaredEnv(ctx, d, text); err != nil {
		return nil, err
	}
	return f.host.Store.MergedEnv(d.app)
}

// declaredEnv sets the variables of an app.json, once per deploy. Its words are
// those of Dokku's plugins/app-json/functions.go, processAppJSONEnv.
func (f *Flow) declaredEnv(ctx context.Context, d *deployment, text string) error {
	if text == "" || d.envDeclared {
		return nil
	}
	parsed, err := app.ParseAppJSON([]byte(text))
	if err != nil || len(parsed.Env) == 0 {
		return err
	}
	d.envDeclared = true
	d.out.Step("Processing app.json env vars")
	deployed, err := f.host.Store.Get(Deployed, d.app)
	if err != nil {
		return err
	}
	global, err := f.host.Store.Env(state.Global)
	if err != nil {
		return err
	}
	set := map[string]string{}
	err = f.host.Store.UpdateEnv(d.app, func(env map[string]string) error {
		merged := maps.Clone(global)
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, env)
		if set, err = declaredValues(merged, parsed.Env, deployed == "true", d.app); err != nil {
			return err
		}
		maps.Copy(env, set)
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(set) == 0:
		d.out.Text("No env vars to set from app.json")
	default:
		d.out.Step("Setting %d env var(s) from app.json", len(set))
		f.configChanged(ctx, d, slices.Sorted(maps.Keys(set))...)
	}
	return nil
}

// configChanged tells plugins which config vars a deploy has set. One that fails
// ends nothing, as with config:set.
func (f *Flow) configChanged(ctx context.Context, d *deployment, keys ...string) {
	if err := f.host.Bus.Event(ctx, "post-config-update", append([]string{d.app, "set"}, keys...)...); err != nil {
		d.out.Warn("Failure while triggering post-config-update: %v", err)
	}
}

// secretBytes is how long a generated secret is before it is written in hex.
const secretBytes = 32

// declaredValues are the variables of app.json that are to be set: at the first
// deploy those that have no value, and with "sync" at each deploy, whatever
// their value. Source: Dokku docs/appendices/file-formats/app-json.md.
func declaredValues(env map[string]string, declared map[string]app.EnvVar, deployed bool, name string) (map[string]string, error) {
	set := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		v := declared[key]
		if (deployed || env[key] != "") && !v.Sync {
			continue
		}
		switch {
		case v.Generator == "secret":
			b := make([]byte, secretBytes)
			rand.Read(b)
			set[key] = hex.EncodeToString(b)
		case v.Value != "":
			set[key] = v.Value
		case env[key] != "": // to be in sync with nothing
		case v.Required == nil || *v.Required:
			return nil, command.Fail("required env var %s has no value, no default, and no TTY for prompt\nSet it with: dokku config:set --no-restart %s %s=…", key, name, key)
		}
	}
	return set, nil
}
