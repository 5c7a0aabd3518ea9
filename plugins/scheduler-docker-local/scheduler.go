// Package schedulerdockerlocal runs the processes of apps as containers on
// this host's Docker engine. It is the scheduler `docker-local`.
//
//	dokku scheduler-docker-local:set blog init-process false   the image has an init process of its own
//	dokku scheduler-docker-local:report blog
//
// Each container has Docker's init as its first process, which passes signals
// on and reaps what has ended; images of linuxserver.io bring one of their own
// and get it only when init-process is set to true.
//
// New instances start, and are checked, up to four at once. To go easier on the
// host, or where the other process types need web to be up:
//
//	dokku scheduler-docker-local:set blog parallel-schedule-count 1
//
// starts web first, and then that many process types at a time. Of each type as
// many instances start at once as max_parallel in app.json's formation says;
// with parallel-schedule-count set and no max_parallel, one after the other.
//
// Containers are named APP.TYPE.N, carry Dokku's labels, and stand beside the
// containers that they replace as APP.TYPE.N.upcoming-ID until they have been
// checked and routed; a replaced one is APP.TYPE.N.EPOCH until it is removed.
package schedulerdockerlocal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
)

// Scheduler implements schedule.Scheduler.
type Scheduler struct {
	engine docker.Engine
	names  docker.Names
	store  *state.Store
	now    func() time.Time

	retired *sync.Mutex // while the list of registered containers is changed
}

// New makes the scheduler of one engine.
func New(engine docker.Engine, names docker.Names, store *state.Store) *Scheduler {
	return &Scheduler{engine: engine, names: names, store: store, now: time.Now, retired: &sync.Mutex{}}
}

var _ schedule.Scheduler = (*Scheduler)(nil)

// Name is "docker-local".
func (s *Scheduler) Name() string { return "docker-local" }

// Start implements schedule.Scheduler.
func (s *Scheduler) Start(ctx context.Context, spec schedule.Spec) (schedule.Instance, error) {
	id, err := s.engine.Create(ctx, s.createArgs(spec))
	if err != nil {
		return schedule.Instance{}, fmt.Errorf("cannot create the container of %s.%s: %w", spec.App, spec.Dyno(), err)
	}
	var container docker.Container
	if spec.Created != nil {
		err = spec.Created(ctx, id)
	}
	if err == nil {
		container, err = s.startAndInspect(ctx, id)
	}
	if err != nil {
		rmCtx := context.WithoutCancel(ctx)
		return schedule.Instance{}, errors.Join(
			fmt.Errorf("cannot start the container of %s.%s: %w", spec.App, spec.Dyno(), err), ignoreGone(s.engine.Remove(rmCtx, id)))
	}
	return s.instance(container), nil
}

func (s *Scheduler) startAndInspect(ctx context.Context, id string) (docker.Container, error) {
	if err := s.engine.Start(ctx, id); err != nil {
		return docker.Container{}, err
	}
	return s.engine.Inspect(ctx, id)
}

// createArgs is the argument vector of `docker container create`. The env
// comes first: docker.Engine keeps the values of those out of process lists.
func (s *Scheduler) createArgs(spec schedule.Spec) []string {
	env := maps.Clone(spec.Env)
	if env == nil {
		env = map[string]string{}
	}
	env["DYNO"] = spec.Dyno()
	if spec.Port > 0 {
		env["PORT"] = strconv.Itoa(spec.Port)
	}
	var args []string
	for _, k := range slices.Sorted(maps.Keys(env)) {
		args = append(args, "--env="+k+"="+env[k])
	}
	labels := s.names.Labels(docker.Labelled{App: spec.App, ContainerType: "deploy", Process: spec.Process, Dyno: spec.Dyno()})
	labels[schedule.LabelDeploy] = spec.Deploy
	labels[schedule.LabelRelease] = strconv.Itoa(spec.Release)
	labels[schedule.LabelPort] = strconv.Itoa(spec.Port)
	if spec.Restart != "" {
		labels[schedule.LabelRestart] = spec.Restart
	}
	maps.Copy(labels, spec.Labels)
	args = append(args, docker.LabelArgs(labels)...)
	args = append(args, "--name="+s.names.Container(spec.App, spec.Process, spec.Index)+".upcoming-"+spec.Deploy)
	if spec.Init {
		args = append(args, "--init")
	}
	for _, p := range spec.Ports {
		args = append(args, "--publish="+strconv.Itoa(p))
	}
	args = append(args, spec.Args...)
	args = append(args, spec.Image)
	return append(args, spec.Command...)
}

// Instances implements schedule.Scheduler.
func (s *Scheduler) Instances(ctx context.Context, app string) ([]schedule.Instance, error) {
	labels := s.names.Owned(app)
	labels[docker.LabelContainerType] = "deploy"
	containers, err := s.engine.List(ctx, docker.Filter{Labels: labels, All: true})
	if err != nil {
		return nil, fmt.Errorf("cannot list the containers: %w", err)
	}
	var out []schedule.Instance
	for _, c := range containers {
		if s.names.Owns(c.Labels) && !strings.Contains(c.Name, failedMark) {
			out = append(out, s.instance(c))
		}
	}
	schedule.Sort(out)
	return out, nil
}

// instance reads an instance back from its container.
func (s *Scheduler) instance(c docker.Container) schedule.Instance {
	return schedule.FromContainer(s.names, c)
}

// Promote implements schedule.Scheduler.
func (s *Scheduler) Promote(ctx context.Context, app string, fresh, old []schedule.Instance) error {
	epoch := strconv.FormatInt(s.now().Unix(), 10)
	for _, o := range old {
		if o.State != schedule.Live {
			continue
		}
		lasting := s.names.Container(app, o.Process, o.Index)
		if err := s.engine.Rename(ctx, o.ID, lasting+"."+epoch+"-"+o.ID[:6]); ignoreGone(err) != nil {
			return fmt.Errorf("cannot rename the old container %s: %w", o.Name, err)
		}
		// Nobody takes its place: its files are not to tell of it while it drains.
		if !slices.ContainsFunc(fresh, func(f schedule.Instance) bool { return f.Dyno() == o.Dyno() }) {
			if err := s.removeFiles(o); err != nil {
				return err
			}
		}
	}
	for _, f := range fresh {
		// Only now: one that fails its checks is to end, not to begin again.
		if f.Restart != "" {
			err := s.engine.SetRestartPolicy(ctx, f.ID, f.Restart)
			if errors.Is(err, docker.ErrNotFound) {
				continue // removed behind our back: the flow puts it back
			}
			if err != nil {
				return fmt.Errorf("cannot set the restart policy of %s: %w", f.Name, err)
			}
		}
		lasting := s.names.Container(app, f.Process, f.Index)
		if f.Name != lasting {
			if err := s.engine.Rename(ctx, f.ID, lasting); err != nil {
				return fmt.Errorf("cannot rename the new container %s: %w", f.Name, err)
			}
		}
		if err := s.writeFiles(app, f); err != nil {
			return err
		}
	}
	return nil
}

// Retire implements schedule.Scheduler.
func (s *Scheduler) Retire(ctx context.Context, instances []schedule.Instance, grace time.Duration) error {
	return each(ctx, instances, func(ctx context.Context, i schedule.Instance) error {
		// A policy that restarts would bring back what is to be stopped.
		if err := s.engine.Stop(ctx, i.ID, grace); ignoreGone(err) != nil {
			return fmt.Errorf("cannot stop %s: %w", i.Name, err)
		}
		if err := s.engine.Remove(ctx, i.ID); ignoreGone(err) != nil {
			return fmt.Errorf("cannot remove %s: %w", i.Name, err)
		}
		return s.removeFiles(i)
	})
}

// Stop implements schedule.Scheduler.
func (s *Scheduler) Stop(ctx context.Context, instances []schedule.Instance, grace time.Duration) error {
	return each(ctx, instances, func(ctx context.Context, i schedule.Instance) error {
		if err := s.engine.Stop(ctx, i.ID, grace); ignoreGone(err) != nil {
			return fmt.Errorf("cannot stop %s: %w", i.Name, err)
		}
		return nil
	})
}

// Resume implements schedule.Scheduler.
func (s *Scheduler) Resume(ctx context.Context, instances []schedule.Instance) ([]schedule.Instance, error) {
	out := slices.Clone(instances)
	for n, i := range out {
		c, err := s.startAndInspect(ctx, i.ID)
		if err != nil {
			return nil, fmt.Errorf("cannot start %s: %w", i.Name, err)
		}
		out[n] = s.instance(c)
		if err := s.writeFiles(i.App, out[n]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// each does one thing with all instances at once. One that fails does not keep
// the others from being done.
func each(ctx context.Context, instances []schedule.Instance, f func(context.Context, schedule.Instance) error) error {
	errs := make([]error, len(instances))
	var all sync.WaitGroup
	for n, i := range instances {
		all.Go(func() { errs[n] = f(ctx, i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func ignoreGone(err error) error {
	if errors.Is(err, docker.ErrNotFound) {
		return nil
	}
	return err
}
