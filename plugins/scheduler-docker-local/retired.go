package schedulerdockerlocal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// retiredPath has a line "APP CONTAINER EPOCH" for each container that a plugin
// gave to scheduler-register-retired. Source: Dokku's own file.
func (s *Scheduler) retiredPath() string {
	return s.store.LibPath("data", "scheduler-docker-local", "dead-containers")
}

// registerRetired notes that a container is to be removed after wait.
func (s *Scheduler) registerRetired(app, id string, wait time.Duration) error {
	if err := docker.CheckContainerID(id); err != nil {
		return err
	}
	if strings.ContainsAny(app, " \n") {
		return fmt.Errorf("%q is not an app", app)
	}
	s.retired.Lock()
	defer s.retired.Unlock()
	lines, err := s.store.ReadLines(s.retiredPath())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, " "+id+" ") }) {
		return nil
	}
	lines = append(lines, app+" "+id+" "+strconv.FormatInt(s.now().Add(wait).Unix(), 10))
	return s.store.WriteLines(s.retiredPath(), lines, 0o644)
}

// retireRegistered removes the containers whose time has come, of one app or
// with "" of all. Only what this installation made is touched, whatever the file
// says: others may write it.
func (s *Scheduler) retireRegistered(ctx context.Context, app string) error {
	s.retired.Lock()
	defer s.retired.Unlock()
	lines, err := s.store.ReadLines(s.retiredPath())
	if err != nil || len(lines) == 0 {
		return err
	}
	var keep []string
	var failed []error
	for _, l := range lines {
		parts := strings.Fields(l)
		if len(parts) != 3 {
			continue // nobody can make sense of it
		}
		at, err := strconv.ParseInt(parts[2], 10, 64)
		if err == nil && (s.now().Unix() < at || (app != "" && app != parts[0])) {
			keep = append(keep, l)
			continue
		}
		if err := s.removeOwn(ctx, parts[1]); err != nil {
			failed = append(failed, err)
			keep = append(keep, l)
		}
	}
	if len(keep) == 0 {
		return errors.Join(append(failed, os.Remove(s.retiredPath()))...)
	}
	return errors.Join(append(failed, s.store.WriteLines(s.retiredPath(), keep, 0o644))...)
}

// removeOwn stops and removes a container of ours.
func (s *Scheduler) removeOwn(ctx context.Context, id string) error {
	c, err := s.engine.Inspect(ctx, id)
	if errors.Is(err, docker.ErrNotFound) || errors.Is(err, docker.ErrInvalid) {
		return nil
	}
	if err != nil {
		return err
	}
	if !s.names.Owns(c.Labels) {
		return nil
	}
	if err := s.engine.Stop(ctx, c.ID, -1); ignoreGone(err) != nil {
		return fmt.Errorf("cannot stop the retired container %s: %w", c.Name, err)
	}
	return ignoreGone(s.engine.Remove(ctx, c.ID))
}
