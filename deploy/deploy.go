package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// deployment is one run of the sequence.
type deployment struct {
	app     string
	actor   string
	out     *command.Output
	log     io.Writer // the full build log
	journal entry
	// finish ends record, journal and lock; it is called once with the result.
	finish      func(error) error
	envDeclared bool   // the variables of app.json are set
	handedOver  bool   // a plugin's scheduler does the rest
	tag         string // of the image, as triggers name it
	validated   string // an app.json that plugins have found valid
}

// Deploy runs the whole sequence on a source. It prints what it does to out.
// The app must exist. On an error, or when ctx ends before the new release is
// live, nothing of the deploy is left and the old release goes on serving.
//
// Errors are command errors fit for users; one that wraps state.ErrLocked says
// that another deploy is under way.
func (f *Flow) Deploy(ctx context.Context, out *command.Output, req Request) (err error) {
	ctx, d, err := f.receive(ctx, out, receiving{req.App, req.Actor, req.Source, record.KindBuild})
	if err != nil {
		return err
	}
	defer func() { err = d.finish(err) }()

	dir, err := f.extract(ctx, d, req) // core-post-extract, post-extract
	if err != nil {
		return err
	}
	builder, err := f.detect(ctx, d, dir, req.Rev) // builder-detect, pre-receive-app
	if err != nil {
		return err
	}
	image, err := f.build(ctx, d, dir, builder, req) // builder-build: pre-build, post-build
	if err != nil {
		return err
	}
	return f.releaseAndDeploy(ctx, d, nil, func(ctx context.Context) error { // release-and-deploy
		next, err := f.release(ctx, d, dir, image, builder.Name(), req) // builder-release: pre-release-builder, post-release-builder
		if err != nil {
			return err
		}
		if kept, err := f.keep(ctx, d, next); kept || err != nil {
			return err
		}
		if err := f.rollOut(ctx, d, next, everything); err != nil { // scheduler-deploy: check-deploy, core-post-deploy, post-deploy
			return err
		}
		return f.announce(ctx, d)
	})
}

// releaseAndDeploy is Dokku's trigger of that name. more are its arguments after the app.
func (f *Flow) releaseAndDeploy(ctx context.Context, d *deployment, more []string, do func(ctx context.Context) error) error {
	return f.step(ctx, "common", "release-and-deploy", append([]string{d.app}, more...), do)
}

// receiving says what a deploy is, for its record.
type receiving struct {
	app, actor, source string
	kind               record.Kind
}

// receive locks the app and opens the deploy's record and journal. Everything
// printed from here on is kept in the record.
func (f *Flow) receive(ctx context.Context, out *command.Output, r receiving) (context.Context, *deployment, error) {
	if r.kind == record.KindBuild && f.host.Store.AppLocked(r.app) {
		return ctx, nil, locked(r.app, "It was locked by apps:lock. Unlock it: dokku apps:unlock "+r.app)
	}
	ctx, unlock, err := f.host.Store.LockApp(ctx, r.app)
	if errors.Is(err, state.ErrLocked) {
		return ctx, nil, locked(r.app, "Another deploy is under way. See it: dokku builds:output "+r.app+" current. End it: dokku builds:cancel "+r.app)
	}
	if err != nil {
		return ctx, nil, err
	}
	f.Created(r.app) // it may be there still after a destruction that failed
	ctx, cancel := context.WithCancel(ctx)
	rec, err := f.records.Start(r.app, r.kind, recordSource(r.source), cancel)
	if err != nil {
		cancel()
		unlock()
		return ctx, nil, err
	}
	out = out.Merged(rec)
	d := &deployment{app: r.app, actor: r.actor, out: out, log: rec, tag: latest, journal: entry{
		ID: rec.ID, App: r.app, Started: time.Now().UTC(), Source: r.source,
	}}
	d.finish = func(err error) error {
		defer unlock()
		defer cancel()
		if d.journal.WorkDir != "" {
			err = errors.Join(err, os.RemoveAll(d.journal.WorkDir))
		}
		if err != nil {
			fmt.Fprintf(rec, " !     %v\n", err)
			if !d.journal.live() {
				err = errors.Join(err, f.putBack(d.journal))
			}
		}
		f.noted(ctx, "builds-record-finalize", d.app, rec.ID, itoa(command.ExitCode(err)))
		return errors.Join(err, f.removeJournal(d.app), finishRecord(rec, err), f.pruneRecords(d.app))
	}
	if err := f.host.Store.NameDeploy(d.app, rec.ID); err != nil {
		return ctx, nil, d.finish(err)
	}
	if err := f.enter(d, StepReceive); err != nil {
		return ctx, nil, d.finish(err)
	}
	ctx = trigger.WithStreams(ctx, nil, out.Stdout(), out.Stderr())
	f.noted(ctx, "builds-record-start", d.app, rec.ID, itoa(os.Getpid()), recordSource(r.source))
	return ctx, d, nil
}

// noted tells plugins of others what is written down of a deploy. One that fails
// ends nothing. Source: Dokku plugins/common/functions, dokku_setup_build_capture.
func (f *Flow) noted(ctx context.Context, name string, args ...string) {
	if err := f.host.Bus.Installed().Event(context.WithoutCancel(ctx), name, args...); err != nil {
		f.host.Log.Warn("a plugin failed", "trigger", name, "app", args[0], "err", err)
	}
}

// locked is Dokku's message about a deploy lock, and the next step.
func locked(name, next string) error {
	return &command.Error{
		Kind: command.Conflict, Err: state.ErrLocked,
		Message: name + " currently has a deploy lock in place. Exiting...\n" + next,
	}
}

// recordSource is the source as Dokku's records name it.
func recordSource(source string) string {
	if source == "git-push" {
		return "git-hook"
	}
	return source
}

func finishRecord(rec *record.Run, err error) error {
	status := record.Succeeded
	switch {
	case errors.Is(err, context.Canceled):
		status = record.Canceled
	case err != nil:
		status = record.Failed
	}
	return rec.Finish(status, command.ExitCode(err))
}

func (f *Flow) pruneRecords(name string) error {
	text, err := f.host.Computed("builds", "retention", name)
	if err != nil {
		return err
	}
	keep, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("the retention of builds is not a number: %q", text)
	}
	return f.records.Prune(name, keep)
}

// enter writes down that a step is about to begin.
func (f *Flow) enter(d *deployment, step Step) error {
	d.journal.Step = step
	return f.writeJournal(d.journal)
}

// extract writes the source tree into a temporary folder.
func (f *Flow) extract(ctx context.Context, d *deployment, req Request) (string, error) {
	// The journal knows the folder before it is there: a crash between the two
	// must not leave it behind.
	work := filepath.Join(os.TempDir(), "slipway-"+d.app+"-"+d.journal.ID)
	d.journal.WorkDir = work
	if err := f.enter(d, StepExtract); err != nil {
		return "", err
	}
	// git writes the tree as the system user, who must get there.
	if err := os.Mkdir(work, 0o711); err != nil {
		d.journal.WorkDir = "" // not ours to remove
		return "", fmt.Errorf("cannot make a folder for the source: %w", err)
	}
	dir := filepath.Join(work, "src")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make a folder for the source: %w", err)
	}
	done := d.out.Busy("Extracting the source of %s", d.app)
	err := req.Tree(ctx, dir)
	done()
	if err != nil {
		return "", err
	}
	for _, name := range []string{"core-post-extract", "post-extract"} {
		if err := f.event(ctx, name, d.app, dir, req.Rev); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// build makes the image and returns its ID.
func (f *Flow) build(ctx context.Context, d *deployment, dir string, b build.Builder, req Request) (string, error) {
	if err := f.enter(d, StepBuild); err != nil {
		return "", err
	}
	env, err := f.prepareEnv(ctx, d, dir, req.Rev)
	if err != nil {
		return "", err
	}
	d.out.Step("Building %s from %s", d.app, build.Title(ctx, b, d.app))
	what := build.Request{
		App: d.app, Dir: dir, Image: f.host.Names.Image(d.app) + ":build-" + d.journal.ID, Env: env, Log: d.log,
		Labels: f.host.Names.Labels(docker.Labelled{App: d.app, ImageStage: "release", Builder: b.Name()}),
	}
	defer f.host.Docker.ImageRemove(context.WithoutCancel(ctx), what.Image, false) //nolint:errcheck // only a name; the release has its own
	defer d.out.Busy("Building %s", d.app)()
	var image string
	if _, theirs := b.(external); theirs { // it fires what is fired around a build
		image, err = f.buildImage(ctx, d, b, what)
	} else {
		err = f.step(ctx, "builder-"+b.Name(), "builder-build", []string{b.Name(), d.app, dir}, func(ctx context.Context) error {
			image, err = f.buildWithHooks(ctx, d, b, what)
			return err
		})
	}
	if err != nil {
		return "", err
	}
	// The release's tag, before the build's own goes.
	n, err := f.releases.Next(d.app)
	if err != nil {
		return "", err
	}
	return image, f.host.Docker.ImageTag(ctx, image, f.releases.imageRef(d.app, n))
}

// buildWithHooks builds with what plugins have to say: before, to the options and about the image.
func (f *Flow) buildWithHooks(ctx context.Context, d *deployment, b build.Builder, req build.Request) (string, error) {
	if err := f.aboutBuild(ctx, d, hook{"pre-build", b.Name(), d.app, req.Dir}); err != nil {
		return "", err
	}
	for _, name := range []string{"docker-args-build", "docker-args-process-build"} {
		args, err := f.collectArgs(ctx, name, d.app, b.Name())
		if err != nil {
			return "", err
		}
		req.Args = append(req.Args, args...)
	}
	image, err := f.buildImage(ctx, d, b, req)
	if err != nil {
		return "", err
	}
	h := hook{"post-build", b.Name(), d.app, req.Dir}
	return f.onImage(ctx, d, h, image, req.Image, func(string) error { return f.aboutBuild(ctx, d, h) })
}

// buildImage lets a builder make the image, and returns its ID.
func (f *Flow) buildImage(ctx context.Context, d *deployment, b build.Builder, req build.Request) (string, error) {
	if err := b.Build(ctx, req, d.out); err != nil {
		return "", err
	}
	image, err := f.host.Docker.ImageInspect(ctx, req.Image)
	if err != nil {
		return "", fmt.Errorf("the builder %s made no image: %w", b.Name(), err)
	}
	return image.ID, nil
}

// release makes the new release of the image: Procfile, app.json, CHECKS, scripts.
func (f *Flow) release(ctx context.Context, d *deployment, dir, image, builder string, req Request) (app.Release, error) {
	d.out.Step("Releasing %s...", d.app)
	next, err := f.newRelease(d, image, builder)
	if err != nil {
		return next, err
	}
	next.Rev, next.Metadata, next.Description = req.Rev, req.Metadata, describe(req)
	if next.Procfile, next.AppJSON, err = f.sourceFiles(ctx, d.app, dir, image, func(text string) error {
		if text == d.validated {
			return nil
		}
		return f.validAppJSON(ctx, d.app, text)
	}); err != nil {
		return next, err
	}
	if next.Checks, err = f.checksFile(ctx, d, dir, image); err != nil {
		return next, err
	}
	if d.journal.Before, err = f.formationBefore(d.app); err != nil {
		return next, err
	}
	d.journal.Release = next
	if err := f.enter(d, StepRelease); err != nil {
		return next, err
	}
	if err := f.applyFormation(d.app, next); err != nil {
		return next, err
	}
	return f.releaseTasks(ctx, d, next)
}

// releaseTasks runs what an app wants to have run before a release serves:
// Dokku's builder-release, in whose two triggers its plugin app-json runs the tasks.
func (f *Flow) releaseTasks(ctx context.Context, d *deployment, next app.Release) (app.Release, error) {
	before := func(ctx context.Context) (err error) {
		if err := f.declaredEnv(ctx, d, next.AppJSON); err != nil { // of an app.json that came with the image
			return err
		}
		if next.Env, err = f.host.Store.Env(d.app); err != nil {
			return err
		}
		next.ImageID, err = f.predeploy(ctx, d, next)
		return err
	}
	after := func(ctx context.Context) error {
		if err := f.releaseCommand(ctx, d, next); err != nil {
			return err
		}
		return f.firstPostdeploy(ctx, d, next)
	}
	var err error
	if f.theirs(next.Builder) {
		err = f.releasedByPlugin(ctx, d, &next, before, after)
	} else {
		err = f.step(ctx, "builder-"+next.Builder, "builder-release", []string{next.Builder, d.app, latest}, func(ctx context.Context) error {
			if err := f.releaseHook(ctx, d, "pre-release-builder", &next, before); err != nil {
				return err
			}
			d.journal.Release = next
			return f.releaseHook(ctx, d, "post-release-builder", &next, after)
		})
	}
	if err != nil {
		return next, err
	}
	if next.Image, err = f.pushedImage(ctx, next); err != nil {
		return next, err
	}
	d.journal.Release = next
	return next, nil
}

// rollOut puts a release live: schedule → check → route → retire, Dokku's
// scheduler-deploy. which says which places of the app get new instances.
func (f *Flow) rollOut(ctx context.Context, d *deployment, next app.Release, which selection) error {
	s, err := f.scheduler(d.app)
	if err != nil {
		return err
	}
	live := func(ctx context.Context) error { return f.putLive(ctx, s, d, next, which) }
	if _, theirs := s.(delegated); theirs { // it fires scheduler-deploy for its plugin to act on
		return live(ctx)
	}
	return f.step(ctx, "scheduler-"+s.Name(), "scheduler-deploy", []string{s.Name(), d.app, d.tag, which.process}, live)
}

func (f *Flow) putLive(ctx context.Context, s schedule.Scheduler, d *deployment, next app.Release, which selection) error {
	next, err := f.withoutConfig(ctx, d, next)
	if err != nil {
		return err
	}
	d.journal.Release = next
	if err := f.enter(d, StepSchedule); err != nil {
		return err
	}
	if err := f.event(ctx, "slipway-pre-deploy", d.app, d.tag); err != nil {
		return err
	}
	plan, err := f.plan(ctx, s, d, next, which)
	if err != nil {
		return err
	}
	var fresh []schedule.Instance
	if elsewhere, ok := s.(delegated); ok {
		err = f.handOver(ctx, elsewhere, d, next, which.process)
	} else {
		fresh, err = f.startAndCheck(ctx, s, d, plan)
	}
	if err != nil {
		return err
	}
	if err := f.event(ctx, "slipway-pre-route", append([]string{d.app}, ids(fresh)...)...); err != nil {
		return errors.Join(err, s.Discard(context.WithoutCancel(ctx), d.app, fresh))
	}
	// From here on the caller's going away changes nothing any more.
	ctx = context.WithoutCancel(ctx)
	if err := f.route(ctx, s, d, plan, fresh); err != nil {
		return errors.Join(err, s.Discard(ctx, d.app, fresh))
	}
	if err := f.enter(d, StepPromote); err != nil {
		return err
	}
	defer f.routed(d.app)
	if err := f.promote(ctx, s, d.journal, fresh, plan.old); err != nil {
		return err
	}
	if err := f.enter(d, StepRetire); err != nil {
		return err
	}
	f.retire(s, d.app, schedule.In(plan.old, schedule.Live, schedule.Retired))
	return f.tell(ctx, d, next, processTypes(fresh))
}

// tell lets plugins know that a release is live, and runs what the app wants to
// have run then.
func (f *Flow) tell(ctx context.Context, d *deployment, live app.Release, types []string) error {
	for _, process := range types {
		if err := f.event(ctx, "scheduler-post-deploy-process", d.app, process); err != nil {
			return err
		}
	}
	if !d.handedOver {
		if err := f.event(ctx, "core-post-deploy", d.app, "", "", d.tag); err != nil {
			return err
		}
	}
	if err := f.enter(d, StepAnnounce); err != nil {
		return err
	}
	if d.handedOver { // its scheduler has fired post-deploy
		return f.postdeploy(ctx, d, live)
	}
	d.out.Step("Running post-deploy")
	return f.part(ctx, "app-json", "post-deploy", []string{d.app, "", "", d.tag}, func(ctx context.Context) error {
		return f.postdeploy(ctx, d, live)
	})
}

// processTypes are those of the instances, each once, web first.
func processTypes(instances []schedule.Instance) []string {
	var types []string
	for _, i := range instances {
		types = append(types, i.Process)
	}
	slices.SortFunc(types, schedule.ProcessOrder)
	return slices.Compact(types)
}

// announce says where the app is.
func (f *Flow) announce(ctx context.Context, d *deployment) error {
	ctx = context.WithoutCancel(ctx)
	if err := f.releases.prune(ctx, d.app); err != nil {
		return err
	}
	urls, err := f.host.Bus.Query(ctx, "domains-urls", d.app, "urls")
	if err != nil {
		return err
	}
	d.out.Title("Application deployed:")
	for url := range strings.FieldsSeq(urls) {
		d.out.Text("%s", url)
	}
	d.out.Line("")
	return nil
}
