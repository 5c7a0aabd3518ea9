package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// migrated is "true" for an app whose options of docker had mounts that were
// taken over. Source: Dokku plugins/storage/migrate.go.
var migrated = state.Property{Plugin: "storage", Name: "legacy-mounts-migrated", Scope: state.AppOnly, Internal: true}

type migrateArgs struct {
	All bool   `flag:"all" help:"every app"`
	App string `arg:"app-name,optional"`
}

func (s storage) migrate(ctx context.Context, c *command.Call, in migrateArgs) error {
	app := in.App
	if app == "" && !in.All {
		app = c.Flags.App
	}
	switch {
	case in.All && app != "":
		return command.BadInput("storage:migrate accepts either an app name or --all, not both")
	case !in.All && app == "":
		return command.BadInput("storage:migrate requires an app name (or --all)")
	case !in.All:
		if !s.h.Store.AppExists(app) {
			return command.NoSuchApp(app)
		}
		if err := s.migrateApp(ctx, app); err != nil {
			return err
		}
		c.Out.Step("Re-migrated %s", app)
		return nil
	}
	apps, err := s.h.Store.Apps()
	if err != nil {
		return err
	}
	for _, app := range apps {
		if err := s.migrateApp(ctx, app); err != nil {
			return err
		}
	}
	c.Out.Step("Re-migrated %d app(s)", len(apps))
	return nil
}

// startedOnce is "true" once the first start of slipwayd has taken mounts over.
var startedOnce = state.Property{Plugin: "storage", Name: "migrated-from-docker-options", Scope: state.GlobalOnly, Internal: true}

// onStart is onInstall for the first start beside what an older Dokku left.
// Options that users add later stay options.
func (s storage) onStart(ctx context.Context, c *trigger.Call) error {
	done, err := s.h.Store.Get(startedOnce, state.Global)
	if err != nil || done != "" {
		return err
	}
	if err := s.onInstall(ctx, c); err != nil {
		return err
	}
	return s.h.Store.Set(startedOnce, state.Global, "true")
}

// onInstall takes the mounts over that an older Dokku left among the options of
// docker, once for each app. One that fails does not keep the others.
func (s storage) onInstall(ctx context.Context, _ *trigger.Call) error {
	apps, err := s.h.Store.Apps()
	if err != nil {
		return err
	}
	var errs []error
	for _, app := range apps {
		errs = append(errs, s.migrateOnce(ctx, app))
	}
	return errors.Join(errs...)
}

func (s storage) migrateOnce(ctx context.Context, app string) error {
	if err := s.takeOverFlag(app); err != nil {
		return err
	}
	done, err := s.h.Store.Get(migrated, app)
	if err != nil || done != "" {
		return err
	}
	return s.migrateApp(ctx, app)
}

// takeOverFlag makes the property of the file by which Dokku 0.38.0 remembered
// that an app was done.
func (s storage) takeOverFlag(app string) error {
	path := s.h.Store.LibPath("data", "storage-registry", "migrations", app)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := s.h.Store.Set(migrated, app, "true"); err != nil {
		return err
	}
	return os.Remove(path)
}

// migrateApp makes mounts of the options "-v HOST:CONTAINER" of an app. Each
// option goes only when its mount is there.
func (s storage) migrateApp(ctx context.Context, app string) error {
	if err := s.takeOverFlag(app); err != nil {
		return err
	}
	phases := map[string][]string{}
	var order []string
	for _, phase := range []string{deploy, run} {
		options, err := s.h.Bus.Query(ctx, "slipway-docker-options-list", app, phase)
		if err != nil {
			return err
		}
		for o := range strings.SplitSeq(options, "\n") {
			text, ok := strings.CutPrefix(o, "-v ")
			if !ok || slices.Contains(phases[text], phase) {
				continue
			}
			if len(phases[text]) == 0 {
				order = append(order, text)
			}
			phases[text] = append(phases[text], phase)
		}
	}
	some := false
	for _, text := range order {
		done, err := s.migrateMount(app, text, phases[text])
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		some = true
		err = s.h.Bus.Event(ctx, "slipway-docker-options-remove", app, strings.Join(phases[text], ","), "-v "+text)
		if err != nil {
			return err
		}
	}
	if !some {
		return nil
	}
	return s.h.Store.Set(migrated, app, "true")
}

// migrateMount makes the mount of one option. One that is no mount of a place
// of the host, such as an anonymous volume, stays an option: done is false.
func (s storage) migrateMount(app, text string, phases []string) (done bool, err error) {
	host, m, err := parseShort(text)
	if err == nil {
		err = m.check()
	}
	if err != nil || strings.ContainsAny(text, `'"\ `) {
		return false, nil
	}
	m.Phases = phases
	s.changing.Lock()
	defer s.changing.Unlock()
	all, err := s.mounts(app)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(all, func(other mount) bool { return other.place() == m.place() }) {
		return true, nil
	}
	return true, s.addLegacy(app, legacyEntry(host), m, all)
}
