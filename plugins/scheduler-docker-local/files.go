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

	"github.com/slipwayhq/slipway/schedule"
)

// failedMark is in the name of a container that failed its checks and is kept
// for logs:failed.
const failedMark = ".failed-"

// failedGrace is how long a container that failed its checks gets to stop.
const failedGrace = 10 * time.Second

// writeFiles writes CONTAINER.TYPE.N, IP.TYPE.N and PORT.TYPE.N in the app's
// folder, which bash plugins read. Source: Dokku plugins/network.
func (s *Scheduler) writeFiles(app string, i schedule.Instance) error {
	// Only the first has a line's end, as with Dokku.
	values := map[string]string{"CONTAINER": i.ID + "\n", "IP": i.IP}
	if i.Port > 0 {
		values["PORT"] = strconv.Itoa(i.Port)
	}
	for kind, v := range values {
		if err := s.store.WriteFile(s.store.RootPath(app, kind+"."+i.Dyno()), []byte(v), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// removeFiles removes those files when they still tell of this container.
func (s *Scheduler) removeFiles(i schedule.Instance) error {
	path := s.store.RootPath(i.App, "CONTAINER."+i.Dyno())
	id, err := s.store.ReadFile(path)
	if err != nil || strings.TrimSpace(id) != i.ID {
		return err
	}
	for _, kind := range []string{"CONTAINER", "IP", "PORT"} {
		if err := os.Remove(s.store.RootPath(i.App, kind+"."+i.Dyno())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cannot remove the files of %s: %w", i.Name, err)
		}
	}
	return nil
}

func (s *Scheduler) failedPath(app string) string {
	return s.store.LibPath("data", "scheduler-docker-local", app, "failed-containers")
}

// Discard implements schedule.Scheduler. Those kept from an earlier deploy are
// removed.
func (s *Scheduler) Discard(ctx context.Context, app string, instances []schedule.Instance) error {
	if err := s.removeFailed(ctx, app, instances); err != nil {
		return err
	}
	var lines []string
	err := each(ctx, instances, func(ctx context.Context, i schedule.Instance) error {
		if err := s.engine.Stop(ctx, i.ID, failedGrace); ignoreGone(err) != nil {
			return err
		}
		name := strings.Replace(i.Name, ".upcoming-", failedMark, 1)
		return ignoreGone(s.engine.Rename(ctx, i.ID, name))
	})
	for _, i := range instances {
		lines = append(lines, i.ID+" "+i.Dyno())
	}
	if len(lines) == 0 {
		return err
	}
	return errors.Join(err, s.store.WriteLines(s.failedPath(app), lines, 0o644))
}

// removeFailed removes the containers kept by an earlier Discard, except keep.
func (s *Scheduler) removeFailed(ctx context.Context, app string, keep []schedule.Instance) error {
	lines, err := s.store.ReadLines(s.failedPath(app))
	if err != nil {
		return err
	}
	for _, l := range lines {
		id, _, _ := strings.Cut(l, " ")
		if slices.ContainsFunc(keep, func(i schedule.Instance) bool { return i.ID == id }) {
			continue
		}
		if err := s.engine.Remove(ctx, id); ignoreGone(err) != nil {
			return fmt.Errorf("cannot remove the container of a failed deploy: %w", err)
		}
	}
	if len(lines) > 0 {
		return os.Remove(s.failedPath(app))
	}
	return nil
}
