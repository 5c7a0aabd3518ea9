package deploy

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// detect chooses the builder: the first that a plugin names for the source,
// else herokuish. Source: Dokku plugins/git/functions, git_trigger_build.
func (f *Flow) detect(ctx context.Context, d *deployment, dir, rev string) (build.Builder, error) {
	if err := f.enter(d, StepDetect); err != nil {
		return nil, err
	}
	answers, err := f.host.Bus.Query(ctx, "builder-detect", d.app, dir)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, new(*trigger.HookError)): // as Dokku, with the answers of the plugins before
		d.out.Warn("A plugin failed, and those after it are not asked: %v", err)
	case err != nil:
		return nil, err
	}
	name, _, _ := strings.Cut(answers, "\n")
	if name = strings.TrimSpace(name); name == "" {
		name = f.fallback(ctx, d)
	}
	b, ok := build.Find(f.builders, name)
	if replaced := f.host.Bus.Replaced("builder-" + name); replaced || (!ok && f.host.Bus.Handled("builder-build") && f.host.MayDrive("builder", name, "builder-build")) {
		b, ok = external{f, name}, true
	}
	if !ok {
		return nil, f.noBuilder(d.app, name)
	}
	if err := f.host.Store.Set(f.host.Property("builder", "detected"), d.app, b.Name()); err != nil {
		return nil, err
	}
	if err := f.event(ctx, "pre-receive-app", d.app, b.Name(), dir, rev); err != nil {
		return nil, err
	}
	return b, f.host.Bus.Installed().Event(ctx, "builder-set-property", d.app, "detected", b.Name())
}

// fallback builds what nobody claims.
func (f *Flow) fallback(ctx context.Context, d *deployment) string {
	if f.host.Bus.Event(ctx, "builder-herokuish-allowed", d.app) != nil && runtime.GOARCH == "arm64" {
		d.out.Warn("Herokuish builder not supported on %s servers.", runtime.GOARCH)
		d.out.Warn("Switching to pack builder.")
		return "pack"
	}
	return "herokuish"
}

func (f *Flow) noBuilder(app, name string) error {
	var names []string
	for _, b := range f.builders {
		names = append(names, b.Name())
	}
	names = append(names, f.host.Drivers("builder")...)
	slices.Sort(names)
	return command.Fail("There is no builder %s\nChoose one of %s: dokku builder:set %s selected …", name, strings.Join(names, ", "), app)
}
