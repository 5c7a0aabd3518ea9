package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
)

// ErrNothingRuns says that an app has neither a container nor an image to make a release of.
var ErrNothingRuns = errors.New("there is neither a container nor an image of it")

// Adopted is the source of a release that Adopt made.
const Adopted = "migrate"

// Adopt makes the containers that a Dokku started for an app ours, without touching them: what they run becomes the
// app's first release, and from then on it is scaled, replaced and rolled back to like any other. made is false when the
// app has a release already. The caller holds the app's lock, and routes it afterwards (Restore).
//
// Errors: ErrNothingRuns for an app that was never deployed.
func (f *Flow) Adopt(ctx context.Context, name, actor string) (rel app.Release, made bool, err error) {
	if rel, deployed, err := f.releases.Current(name); err != nil || deployed {
		return rel, false, err
	}
	imageID, builder, err := f.runningImage(ctx, name)
	if err != nil {
		return rel, false, err
	}
	rel = app.Release{
		App: name, Number: 1, CreatedAt: time.Now().UTC(), Actor: actor, Source: Adopted, Description: "Taken over from Dokku",
		ImageID: imageID, Builder: builder,
	}
	if rel.Env, err = f.host.Store.Env(name); err != nil {
		return rel, false, err
	}
	rel.Rev = rel.Env["GIT_REV"]
	if rel.Procfile, rel.AppJSON, err = f.adoptedFiles(ctx, name, imageID); err != nil {
		return rel, false, err
	}
	if err := f.adoptPorts(ctx, rel); err != nil {
		return rel, false, err
	}
	// Not also as latest: Dokku's own name stays where Dokku put it.
	if err := f.host.Docker.ImageTag(ctx, imageID, f.releases.imageRef(name, rel.Number)); err != nil {
		return rel, false, fmt.Errorf("cannot tag the image of %s: %w", name, err)
	}
	if err := f.host.Store.Set(Deployed, name, "true"); err != nil {
		return rel, false, err
	}
	return rel, true, f.releases.Save(rel) // last: without it nothing has happened
}

// adoptPorts finds out which ports the app listens on, where Dokku wrote down none.
func (f *Flow) adoptPorts(ctx context.Context, rel app.Release) error {
	for _, property := range []string{"map", "map-detected"} {
		known, err := f.host.Store.List(f.host.Property("ports", property), rel.App)
		if err != nil || len(known) > 0 {
			return err
		}
	}
	return f.detectPorts(ctx, rel)
}

// runningImage is the image that an app runs, by its web process where it has one; of an app that does not run, what Dokku
// would start.
func (f *Flow) runningImage(ctx context.Context, name string) (id, builder string, err error) {
	_, instances, err := f.instances(ctx, name)
	if err != nil {
		return "", "", err
	}
	live := schedule.In(instances, schedule.Live)
	if web := schedule.Of(live, "web"); len(web) > 0 {
		live = web
	}
	if len(live) > 0 {
		container, err := f.host.Docker.Inspect(ctx, live[0].ID)
		if err != nil {
			return "", "", err
		}
		id, builder = container.ImageID, container.Labels[docker.LabelBuilder]
	} else {
		id = f.releases.latestRef(name)
	}
	image, err := f.host.Docker.ImageInspect(ctx, id)
	if errors.Is(err, docker.ErrNotFound) {
		return "", "", fmt.Errorf("%s: %w", name, ErrNothingRuns)
	}
	if err != nil {
		return "", "", err
	}
	if builder == "" {
		builder = image.Labels[docker.LabelBuilder]
	}
	return image.ID, builder, nil
}

// adoptedFiles are the Procfile and app.json that Dokku kept of the last deploy; where it kept none, those in the image. What
// cannot be read is left out: it was good enough for Dokku, and the next deploy brings its own.
func (f *Flow) adoptedFiles(ctx context.Context, name, image string) (procfile, appJSON string, err error) {
	if procfile, err = f.host.Store.ReadFile(f.host.Store.LibPath("data", "ps", name, "Procfile")); err != nil {
		return "", "", err
	}
	if appJSON, err = f.host.Store.ReadFile(f.host.Store.LibPath("data", "app-json", name, "app.json")); err != nil {
		return "", "", err
	}
	if procfile == "" || appJSON == "" {
		fromProcfile, fromAppJSON, err := f.sourceFiles(ctx, name, os.DevNull, image, func(s string) error { return f.validAppJSON(ctx, name, s) })
		if bad := (*command.Error)(nil); err != nil && !errors.As(err, &bad) {
			return "", "", err
		}
		if procfile == "" {
			procfile = fromProcfile
		}
		if appJSON == "" {
			appJSON = fromAppJSON
		}
	}
	if _, err := app.ParseProcfile(procfile); err != nil {
		f.host.Log.Warn("a Procfile of Dokku's is left out", "app", name, "err", err)
		procfile = ""
	}
	if _, err := app.ParseAppJSON([]byte(appJSON)); appJSON != "" && err != nil {
		f.host.Log.Warn("an app.json of Dokku's is left out", "app", name, "err", err)
		appJSON = ""
	}
	return procfile, appJSON, nil
}

// LetGo takes Adopt back: the releases of an app are forgotten, with the names that they gave to images, and nothing of ours
// acts on its containers any more. They run on. The caller holds the app's lock.
func (f *Flow) LetGo(ctx context.Context, name string) error {
	f.unwatchLiveness(name)
	numbers, err := f.releases.Numbers(name)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(f.releases.dir(name)); err != nil {
		return fmt.Errorf("cannot forget the releases of %s: %w", name, err)
	}
	for _, n := range numbers {
		if err := f.host.Docker.ImageRemove(ctx, f.releases.imageRef(name, n), false); err != nil &&
			!errors.Is(err, docker.ErrNotFound) && !errors.Is(err, docker.ErrConflict) {
			return fmt.Errorf("cannot remove a name of the image of %s: %w", name, err)
		}
	}
	return nil
}

// ours tells whether there is something of an app for us to act on: it has a release, or a container that we made. An app that
// a Dokku runs on this machine has neither until it is taken over; others is how many containers it has.
func (f *Flow) ours(ctx context.Context, s schedule.Scheduler, name string) (ours bool, others int, err error) {
	if _, deployed, err := f.releases.Current(name); err != nil || deployed {
		return deployed, 0, err
	}
	instances, err := s.Instances(ctx, name)
	if err != nil {
		return false, 0, err
	}
	for _, i := range instances {
		if i.Deploy != "" {
			return true, 0, nil
		}
	}
	return false, len(instances), nil
}

// AnyForeign tells whether a Dokku runs some app of this installation that was not taken over.
func (f *Flow) AnyForeign(ctx context.Context) (bool, error) {
	names, err := f.host.Store.Apps()
	if err != nil {
		return false, err
	}
	for _, name := range names {
		s, err := f.scheduler(name)
		if err != nil {
			continue // not ours to run
		}
		if _, others, err := f.ours(ctx, s, name); err != nil || others > 0 {
			return others > 0, err
		}
	}
	return false, nil
}
