// Package deploy is the flow from a source to a running, routed app. Every way
// to deploy enters deploy.go at some line of one sequence:
//
//	receive → extract → detect → build → release → schedule → check → route → retire → announce
//
// The main type is Flow:
//
//	err := flow.Deploy(ctx, out, deploy.Request{App: "blog", Source: "git-push", Tree: export, …})
//	err := flow.Restart(ctx, out, deploy.Change{App: "blog", Actor: "ann", Source: "ps:restart"})
//
// What a deploy is about to do is written down before it does it (journal.go);
// after a crash Recover undoes what was not live yet and finishes what was.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/trigger"
)

// Request is one deploy from source.
type Request struct {
	App      string
	Actor    string // who: key name or user
	Source   string // git-push, git:from-image, git:from-archive, git:sync, ps:rebuild
	Metadata string // revision, image or URL
	Rev      string // git revision, for GIT_REV; "" when there is none
	// Tree writes the source tree into the empty folder dir.
	Tree func(ctx context.Context, dir string) error
}

// Flow deploys apps. Its methods may be called from several goroutines; one
// app is deployed by one caller at a time.
type Flow struct {
	host       *plugin.Host
	builders   []build.Builder
	schedulers []schedule.Scheduler
	proxy      proxy.Provider
	records    *record.Book
	releases   *Releases

	// background are the retirements and watches that outlive a command.
	background       sync.WaitGroup
	backgroundCtx    context.Context //nolint:containedctx // the life of the Flow itself, which Close ends
	cancelBackground context.CancelFunc
	liveness         livenessTable
	routing          routing
	imageFiles       imageFiles
}

// Config is what a Flow works with.
type Config struct {
	Host       *plugin.Host
	Builders   []build.Builder // each answers builder-detect in its plugin
	Schedulers []schedule.Scheduler
	Proxy      proxy.Provider
	Records    *record.Book
}

// New makes a Flow. Close ends its background work.
func New(cfg Config) *Flow {
	ctx, cancel := context.WithCancel(context.Background())
	return &Flow{
		host: cfg.Host, builders: cfg.Builders, schedulers: cfg.Schedulers, proxy: cfg.Proxy, records: cfg.Records,
		releases: NewReleases(cfg.Host), backgroundCtx: ctx, cancelBackground: cancel,
		routing: routing{serving: map[string][]schedule.Instance{}, gone: map[string]bool{}, routed: map[string][]string{}, dead: map[string]bool{}},
	}
}

// Releases is the store of the apps' releases.
func (f *Flow) Releases() *Releases { return f.releases }

// Close stops what goes on in the background and waits for it. Containers that
// still drain are left to Recover.
func (f *Flow) Close() {
	f.cancelBackground()
	f.background.Wait()
}

// instances lists what there is of an app, and the scheduler that has it.
func (f *Flow) instances(ctx context.Context, app string) (schedule.Scheduler, []schedule.Instance, error) {
	s, err := f.scheduler(app)
	if err != nil {
		return nil, nil, err
	}
	all, err := f.list(ctx, s, app)
	return s, all, err
}

// seconds reads a property as a duration in whole seconds.
func (f *Flow) seconds(plugin, property, app string) (time.Duration, error) {
	v, err := f.host.Computed(plugin, property, app)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(v + "s")
	if err != nil {
		return 0, command.BadInput("The property %s of %s is not a number of seconds: %q", property, app, v)
	}
	return d, nil
}

// isTrue reads a property as a boolean.
func (f *Flow) isTrue(plugin, property, app string) (bool, error) {
	v, err := f.host.Computed(plugin, property, app)
	return v == "true", err
}

// event fires one of Dokku's triggers with the deploy's output.
func (f *Flow) event(ctx context.Context, name string, args ...string) error {
	return stopped(f.host.Bus.Event(ctx, name, args...))
}

// step fires the trigger whose work, at the place of the plugin that does it with
// Dokku, is do: plugins see each step of a deploy begin, in Dokku's order.
func (f *Flow) step(ctx context.Context, plugin, name string, args []string, do func(ctx context.Context) error) error {
	return play(ctx, f.host.Bus.Step, plugin, name, args, do)
}

// part is event, in which do is our part in the place of a plugin of Dokku's.
func (f *Flow) part(ctx context.Context, plugin, name string, args []string, do func(ctx context.Context) error) error {
	return play(ctx, f.host.Bus.EventWith, plugin, name, args, do)
}

func play(ctx context.Context, fire func(context.Context, trigger.Handler, ...string) error, plugin, name string, args []string, do func(ctx context.Context) error) error {
	var own error
	err := fire(ctx, trigger.Handler{Plugin: plugin, Trigger: name, Run: func(ctx context.Context, _ *trigger.Call) error {
		own = do(ctx)
		return own
	}}, args...)
	if own != nil {
		return own
	}
	return stopped(err)
}

// stopped says that a plugin ended what was under way, unless its error says what is wrong.
func stopped(err error) error {
	if err == nil || errors.As(err, new(*command.Error)) {
		return err
	}
	return fmt.Errorf("the deploy was stopped by a plugin: %w", err)
}
