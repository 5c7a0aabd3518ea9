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
	process     string // the only process type that is replaced, "" for all
	handedOver  bool   // a plugin's scheduler does the rest
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
	image, err := f.build(ctx, d, dir, builder, req) // pre-build, post-build
	if err != nil {
		return err
	}
	next, err := f.release(ctx, d, dir, image, builder.Name(), req) // pre-release-builder, post-release-builder
	if err != nil {
		return err
	}
	if err := f.rollOut(ctx, d, next, everything); err != nil { // pre-deploy, check-deploy, core-post-deploy
		return err
	}
	return f.announce(ctx, d, next) // post-deploy
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
	d := &deployment{app: r.app, actor: r.actor, out: out, log: rec, journal: entry{
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
		return errors.Join(err, f.removeJournal(d.app), finishRecord(rec, err), f.pruneRecords(d.app))
	}
	if err := f.host.Store.NameDeploy(d.app, rec.ID); err != nil {
		return ctx, nil, d.finish(err)
	}
	if err := f.enter(d, StepReceive); err != nil {
		return ctx, nil, d.finish(err)
	}
	ctx = trigger.WithStreams(ctx, nil, out.Stdout(), out.Stderr())
	return ctx, d, nil
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
	if err := req.Tree(ctx, dir); err != nil {
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
	_, firesItself := b.(external)
	if !firesItself {
		if err := f.aboutBuild(ctx, d, hook{"pre-build", b.Name(), d.app, dir}); err != nil {
			return "", err
		}
	}
	args, err := f.collectArgs(ctx, "docker-args-build", d.app, b.Name())
	if err != nil {
		return "", err
	}
	more, err := f.collectArgs(ctx, "docker-args-process-build", d.app, b.Name())
	if err != nil {
		return "", err
	}
	args = append(args, more...)
	ref := f.host.Names.Image(d.app) + ":build-" + d.journal.ID
	defer f.host.Docker.ImageRemove(context.WithoutCancel(ctx), ref, false) //nolint:errcheck // only a name; the release has its own
	d.out.Step("Building %s from %s", d.app, build.Title(ctx, b, d.app))
	if err := b.Build(ctx, build.Request{
		App: d.app, Dir: dir, Image: ref, Env: env, Args: args, Log: d.log,
		Labels: f.host.Names.Labels(docker.Labelled{App: d.app, ImageStage: "release", Builder: b.Name()}),
	}, d.out); err != nil {
		return "", err
	}
	image, err := f.host.Docker.ImageInspect(ctx, ref)
	if err != nil {
		return "", fmt.Errorf("the builder %s made no image: %w", b.Name(), err)
	}
	if !firesItself {
		h := hook{"post-build", b.Name(), d.app, dir}
		if image.ID, err = f.onImage(ctx, d, h, image.ID, ref, func(string) error { return f.aboutBuild(ctx, d, h) }); err != nil {
			return "", err
		}
	}
	// The release's tag, before the build's own goes.
	n, err := f.releases.Next(d.app)
	if err != nil {
		return "", err
	}
	if err := f.host.Docker.ImageTag(ctx, image.ID, f.releases.imageRef(d.app, n)); err != nil {
		return "", err
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
	if next.Procfile, next.AppJSON, err = f.sourceFiles(ctx, d.app, dir, image); err != nil {
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

// releaseTasks runs what an app wants to have run before a release serves.
func (f *Flow) releaseTasks(ctx context.Context, d *deployment, next app.Release) (_ app.Release, err error) {
	if next.ImageID, err = f.releaseHook(ctx, d, "pre-release-builder", next); err != nil {
		return next, err
	}
	if err := f.declaredEnv(d, next.AppJSON); err != nil { // of an app.json that came with the image
		return next, err
	}
	if next.Env, err = f.host.Store.Env(d.app); err != nil {
		return next, err
	}
	if next.ImageID, err = f.predeploy(ctx, d, next); err != nil {
		return next, err
	}
	d.journal.Release = next
	if next.ImageID, err = f.releaseHook(ctx, d, "post-release-builder", next); err != nil {
		return next, err
	}
	if next.Image, err = f.pushedImage(ctx, next); err != nil {
		return next, err
	}
	d.journal.Release = next
	if err := f.releaseCommand(ctx, d, next); err != nil {
		return next, err
	}
	return next, f.firstPostdeploy(ctx, d, next)
}

// rollOut puts a release live: schedule → check → route → retire. which says
// which places of the app get new instances.
func (f *Flow) rollOut(ctx context.Context, d *deployment, next app.Release, which selection) error {
	s, err := f.scheduler(d.app)
	if err != nil {
		return err
	}
	if next, err = f.withoutConfig(ctx, d, next); err != nil {
		return err
	}
	d.journal.Release = next
	if err := f.enter(d, StepSchedule); err != nil {
		return err
	}
	if err := f.event(ctx, "pre-deploy", d.app, "latest"); err != nil {
		return err
	}
	plan, err := f.plan(ctx, s, d, next, which)
	if err != nil {
		return err
	}
	var fresh []schedule.Instance
	if elsewhere, ok := s.(delegated); ok {
		err = f.handOver(ctx, elsewhere, d, next)
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
	for _, process := range processTypes(fresh) {
		if err := f.event(ctx, "scheduler-post-deploy-process", d.app, process); err != nil {
			return err
		}
	}
	if d.handedOver {
		return nil
	}
	return f.event(ctx, "core-post-deploy", d.app, "", "", "latest")
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

// announce runs what comes after a deploy and prints the URLs.
func (f *Flow) announce(ctx context.Context, d *deployment, live app.Release) error {
	ctx = context.WithoutCancel(ctx)
	if err := f.enter(d, StepAnnounce); err != nil {
		return err
	}
	if !d.handedOver {
		d.out.Step("Running post-deploy")
		if err := f.event(ctx, "post-deploy", d.app, "", "", "latest"); err != nil {
			return err
		}
	}
	if err := f.postdeploy(ctx, d, live); err != nil {
		return err
	}
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
