package deploy

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/schedule/check"
)

// selection says which places get new instances in a roll-out.
type selection struct {
	wants   func(p place, live []schedule.Instance) bool
	process string // the one process type that is meant, "" for all
}

// everything replaces all instances.
var everything = selection{wants: func(place, []schedule.Instance) bool { return true }}

// onlyMissing starts what the scale asks for and does not run.
var onlyMissing = selection{wants: func(p place, live []schedule.Instance) bool {
	return !slices.ContainsFunc(live, func(i schedule.Instance) bool {
		return i.Process == p.process && i.Index == p.index && i.Running
	})
}}

// onlyProcess replaces the instances of one process type.
func onlyProcess(process string) selection {
	return selection{process: process, wants: func(p place, _ []schedule.Instance) bool { return p.process == process }}
}

// rollout is what a roll-out is about to do.
type rollout struct {
	release  app.Release
	manifest app.AppJSON
	specs    []schedule.Spec     // to start
	keep     []schedule.Instance // live instances that stay
	old      []schedule.Instance // live instances that go, and leftovers
	host     string              // for http checks
	listens  bool                // what runs now accepts connections: an app that never listens must not replace it
}

// plan compares the scale with what runs.
func (f *Flow) plan(ctx context.Context, s schedule.Scheduler, d *deployment, next app.Release, which selection) (rollout, error) {
	p := rollout{release: next}
	var err error
	if p.manifest, err = parseAppJSON(next); err != nil {
		return p, err
	}
	scale, err := f.Scale(d.app)
	if err != nil {
		return p, err
	}
	image, err := f.ensureImage(ctx, d, next)
	if err != nil {
		return p, err
	}
	if err := f.detectPorts(ctx, next); err != nil {
		return p, err
	}
	if p.host, err = f.firstHost(ctx, d.app); err != nil {
		return p, err
	}
	existing, err := f.list(ctx, s, d.app)
	if err != nil {
		return p, err
	}
	live := schedule.In(existing, schedule.Live)
	procs, err := app.ParseProcfile(next.Procfile)
	if err != nil {
		return p, err
	}
	_, nothing := s.(schedule.Nothing)
	var wanted []place
	for _, pl := range places(scale) {
		if len(procs) > 0 && !slices.ContainsFunc(procs, func(proc app.Process) bool { return proc.Type == pl.process }) {
			if pl.index == 1 {
				d.out.Warn("Skipping %s as it is missing from the current Procfile", pl.process)
			}
			continue
		}
		if !nothing && which.wants(pl, live) {
			wanted = append(wanted, pl)
		}
	}
	for _, i := range existing {
		here := place{process: i.Process, index: i.Index}
		if i.State == schedule.Live && !slices.Contains(wanted, here) && i.Index <= scale[i.Process] {
			p.keep = append(p.keep, i)
		} else {
			p.old = append(p.old, i)
		}
	}
	p.specs, err = f.specs(ctx, d, next, wanted)
	for n := range p.specs {
		p.specs[n].Image = image
	}
	p.listens = slices.ContainsFunc(schedule.Of(live, "web"), func(i schedule.Instance) bool { return accepts(ctx, i) })
	return p, err
}

// accepts tells whether the port of an instance takes a connection now.
func accepts(ctx context.Context, i schedule.Instance) bool {
	if !i.Running || i.Port == 0 {
		return false
	}
	host := i.IP
	if host == "" { // it shares the host's network
		host = "127.0.0.1"
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, itoa(i.Port)))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// specs makes what the scheduler needs to start each place.
func (f *Flow) specs(ctx context.Context, d *deployment, rel app.Release, wanted []place) ([]schedule.Spec, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	kind, err := f.kind(ctx, rel)
	if err != nil {
		return nil, err
	}
	var specs []schedule.Spec
	for _, w := range wanted {
		spec, err := f.spec(ctx, d, rel, kind, w)
		if err != nil {
			return nil, err
		}
		commandEnv := maps.Clone(spec.Env)
		if spec.Port > 0 {
			commandEnv["PORT"] = itoa(spec.Port)
		}
		if spec.Command, err = f.processCommand(rel, kind, w.process, commandEnv); err != nil {
			return nil, err
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

// spec is one place without its command.
func (f *Flow) spec(ctx context.Context, d *deployment, rel app.Release, kind build.Kind, w place) (schedule.Spec, error) {
	spec := schedule.Spec{
		App: d.app, Process: w.process, Index: w.index, Deploy: d.journal.ID, Release: rel.Number, Image: rel.ImageID,
		Labels: map[string]string{docker.LabelBuilder: rel.Builder, docker.LabelImageStage: "release"},
	}
	var err error
	if spec.Env, err = f.host.Store.MergedEnv(d.app); err != nil {
		return spec, err
	}
	if spec.Init, err = f.initProcess(ctx, rel); err != nil {
		return spec, err
	}
	if w.process == "web" {
		if spec.Port, err = f.webPort(ctx, d.app); err != nil {
			return spec, err
		}
		if spec.Ports, err = f.publishedPorts(ctx, d.app); err != nil {
			return spec, err
		}
	}
	spec.Created = func(ctx context.Context, id string) error {
		return f.host.Bus.Event(ctx, "post-container-create", "app", id, d.app, "deploy", w.process)
	}
	args, err := f.collectArgs(ctx, "docker-args-deploy", append([]string{d.app, d.tag}, w.args()...)...)
	if err != nil {
		return spec, err
	}
	more, err := f.collectArgs(ctx, "docker-args-process-deploy", append([]string{d.app, string(kind), d.tag}, w.args()...)...)
	if err != nil {
		return spec, err
	}
	spec.Args, spec.Restart = takeRestart(slices.Concat(spec.Args, args, more))
	if spec.Restart == "" { // plugins/ps, which says it, has been replaced
		spec.Restart, err = f.host.Computed("ps", "restart-policy", d.app)
	}
	return spec, err
}

// takeRestart takes the restart policy out of the options of a container: it
// counts from the time on when the instance is live. The last one wins, as with
// docker.
func takeRestart(args []string) (rest []string, policy string) {
	for i := 0; i < len(args); i++ {
		value, is := strings.CutPrefix(args[i], "--restart=")
		switch {
		case is:
			policy = value
		case args[i] == "--restart" && i+1 < len(args):
			policy = args[i+1]
			i++
		default:
			rest = append(rest, args[i])
		}
	}
	return rest, policy
}

// startAndCheck starts all new instances beside the old and checks them. When
// one fails, all new ones are discarded and the old ones were never touched.
func (f *Flow) startAndCheck(ctx context.Context, s schedule.Scheduler, d *deployment, plan rollout) (fresh []schedule.Instance, err error) {
	d.out.Title("Processing deployment checks")
	d.out.Step("Deploying %s via the %s scheduler...", d.app, s.Name())
	counts := map[string]int{}
	for _, spec := range plan.specs {
		counts[spec.Process]++
	}
	for _, p := range slices.SortedFunc(maps.Keys(counts), schedule.ProcessOrder) {
		d.out.Step("Deploying %s (count=%d)", p, counts[p])
		if err := f.stopWithDowntime(ctx, s, d, plan, p, counts[p]); err != nil {
			return nil, err
		}
	}
	defer d.out.Busy("Starting and checking %s", d.app)()
	started := make([]*schedule.Instance, len(plan.specs))
	defer func() {
		for _, i := range started {
			if i != nil {
				fresh = append(fresh, *i)
			}
		}
		if err != nil {
			err = errors.Join(err, s.Discard(context.WithoutCancel(ctx), d.app, fresh))
		}
	}()
	pace, err := f.paceOf(d.app, plan)
	if err != nil {
		return nil, err
	}
	err = pace.start(ctx, plan.specs, func(ctx context.Context, n int) error {
		i, err := s.Start(ctx, plan.specs[n])
		if err != nil {
			return command.Fail("%w", err)
		}
		started[n] = &i
		reached, err := f.addressed(ctx, []schedule.Instance{i})
		if err != nil {
			return err
		}
		started[n] = &reached[0]
		return f.check(ctx, d, plan, reached[0])
	})
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil {
		err = f.enter(d, StepCheck)
	}
	return nil, err // fresh is set above
}

// stopWithDowntime stops the old instances of a process type whose checks are
// disabled before the new ones start: two must not run at once. Where they will,
// it warns of what cannot.
func (f *Flow) stopWithDowntime(ctx context.Context, s schedule.Scheduler, d *deployment, plan rollout, process string, count int) error {
	disabled, err := f.listed("disabled", d.app, process)
	if err != nil {
		return err
	}
	if published := slices.ContainsFunc(plan.specs, func(spec schedule.Spec) bool {
		return spec.Process == process && publishes(spec.Args)
	}); published && count > 1 {
		d.out.Warn("Deploys may fail when publishing ports and scaling to multiple containers. Consider scaling process type %s to 1.", process)
	} else if published && !disabled {
		d.out.Warn("Deploys may fail when publishing ports and enabling zero downtime. Consider disabling zero downtime for process type %s.", process)
	}
	if !disabled {
		return nil
	}
	d.out.Text("Zero downtime is disabled, stopping currently running containers  (%s)", process)
	stop := schedule.Of(schedule.In(plan.old, schedule.Live), process)
	if len(stop) == 0 {
		return nil
	}
	for _, i := range stop {
		d.out.Text("Stopping %s (%s)", i.ID, process)
	}
	grace, err := f.seconds("ps", "stop-timeout-seconds", d.app)
	if err != nil {
		return err
	}
	return s.Stop(ctx, stop, grace)
}

// publishes tells whether options of docker give a container ports of the
// host, of which two containers cannot have the same at once.
func publishes(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(arg, "--publish") || strings.HasPrefix(arg, "-p") || arg == "-P"
	})
}

// listed tells whether the checks property ("disabled", "skipped": none, _all_
// or a comma-separated list) names a process type.
func (f *Flow) listed(property, name, process string) (bool, error) {
	v, err := f.host.Computed("checks", property, name)
	return v == "_all_" || slices.Contains(strings.Split(v, ","), process), err
}

// check waits until one new instance is ready.
func (f *Flow) check(ctx context.Context, d *deployment, plan rollout, i schedule.Instance) error {
	if off, err := f.listed("disabled", d.app, i.Process); err != nil || off {
		return err
	}
	out := d.out
	if len(plan.specs) > 1 { // what instances say side by side stays apart
		var flush func()
		out, flush = d.out.Buffered()
		defer flush()
	}
	out.Text("Attempting pre-flight checks (%s)", i.Dyno())
	settings, err := check.Load(func(property string) (string, error) { return f.host.Computed("checks", property, d.app) })
	if err != nil {
		return command.BadInput("%w", err)
	}
	if err := f.host.Bus.Event(ctx, "check-deploy", d.app, i.ID, i.Process, portOf(i), i.IP, itoa(i.Index)); err != nil {
		return err
	}
	if skipped, err := f.listed("skipped", d.app, i.Process); err != nil || skipped {
		if err == nil {
			out.Headers().Title("Zero downtime checks have been skipped (%s)", i.Dyno())
		}
		return err
	}
	start := time.Now()
	target := f.target(i, plan.host)
	declared := plan.manifest.Healthchecks[i.Process]
	err = check.Run(ctx, f.host.Docker, target, check.Config{
		// A new instance gets traffic once it has started and is ready.
		Checks: append(check.OfType(declared, check.Startup), check.OfType(declared, check.Readiness)...),
		Web:    i.Process == "web", Lenient: !plan.listens, Settings: settings,
	}, out)
	if ctx.Err() == nil { // as Dokku: what it said is shown however the checks ended
		// A log driver that cannot be read (--log-driver=none) is no reason to fail.
		if showErr := check.ShowOutput(ctx, f.host.Docker, target, outputLines, out); showErr != nil {
			f.host.Log.Warn("the output of an instance cannot be shown", "app", d.app, "dyno", i.Dyno(), "err", showErr)
		}
	}
	if err != nil {
		return err
	}
	f.host.Log.Debug("instance is ready", "app", d.app, "dyno", i.Dyno(), "took", time.Since(start))
	return nil
}

// portOf is where an instance listens, as triggers have it: "" for one that does not.
func portOf(i schedule.Instance) string {
	if i.Port == 0 {
		return ""
	}
	return itoa(i.Port)
}

// target is an instance as checks see it.
func (f *Flow) target(i schedule.Instance, host string) check.Target {
	return check.Target{
		App: i.App, Process: i.Process, Index: i.Index, ContainerID: i.ID, IP: i.IP, Port: i.Port,
		Host: host, TLS: f.certificate(i.App) != nil,
	}
}
