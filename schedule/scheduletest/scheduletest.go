// Package scheduletest is the suite that every scheduler passes.
//
//	func TestConformance(t *testing.T) {
//		scheduletest.Run(t, func(t *testing.T) scheduletest.Subject { … })
//	}
package scheduletest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/schedule"
)

// Subject is a scheduler under test, with nothing running.
type Subject struct {
	Scheduler schedule.Scheduler
	App       string   // an app that exists, of this test alone
	Image     string   // an image that is there
	Command   []string // runs in it until it is told to stop
	// Env is what an instance's process got, by name.
	Env func(id string) map[string]string
}

// Run runs the suite; make is called once per test.
func Run(t *testing.T, make func(t *testing.T) Subject) {
	for name, test := range map[string]func(*testing.T, Subject){
		"Start makes an upcoming instance that runs":     startMakesUpcoming,
		"a process gets its environment":                 environment,
		"an instance that cannot start leaves nothing":   failedStart,
		"what is to be done before the start is done":    beforeStart,
		"Promote makes live and retires the old":         promote,
		"Promote can be repeated":                        promoteTwice,
		"Retire removes, and removing again is no error": retire,
		"Discard takes instances out of the app":         discard,
		"Stop keeps the instance and Resume brings back": stopResume,
		"Instances are listed by app, web first":         listed,
	} {
		t.Run(name, func(t *testing.T) { test(t, make(t)) })
	}
}

func (s Subject) spec(process string, index int, deploy string) schedule.Spec {
	return schedule.Spec{
		App: s.App, Process: process, Index: index, Deploy: deploy, Release: 7, Image: s.Image, Command: s.Command,
		Env: map[string]string{"GREETING": "it's \"two\nlines\" $HOME"}, Port: 5000,
	}
}

func (s Subject) start(t *testing.T, process string, index int, deploy string) schedule.Instance {
	t.Helper()
	i, err := s.Scheduler.Start(context.Background(), s.spec(process, index, deploy))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (s Subject) list(t *testing.T) []schedule.Instance {
	t.Helper()
	all, err := s.Scheduler.Instances(context.Background(), s.App)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s Subject) only(t *testing.T, state schedule.State) schedule.Instance {
	t.Helper()
	in := schedule.In(s.list(t), state)
	if len(in) != 1 {
		t.Fatalf("%d instances are %s, want 1: %+v", len(in), state, s.list(t))
	}
	return in[0]
}

func startMakesUpcoming(t *testing.T, s Subject) {
	made := s.start(t, "web", 1, "d1")
	for _, i := range []schedule.Instance{made, s.only(t, schedule.Upcoming)} {
		if i.ID != made.ID || i.App != s.App || i.Process != "web" || i.Index != 1 || i.Deploy != "d1" || i.Release != 7 ||
			i.State != schedule.Upcoming || !i.Running || i.IP == "" || i.Port != 5000 {
			t.Errorf("instance: %+v", i)
		}
	}
}

func environment(t *testing.T, s Subject) {
	env := s.Env(s.start(t, "worker", 2, "d1").ID)
	for k, want := range map[string]string{"GREETING": "it's \"two\nlines\" $HOME", "DYNO": "worker.2", "PORT": "5000"} {
		if env[k] != want {
			t.Errorf("%s is %q, want %q", k, env[k], want)
		}
	}
}

func failedStart(t *testing.T, s Subject) {
	spec := s.spec("web", 1, "d1")
	spec.Image = strings.Split(s.Image, ":")[0] + ":there-is-no-such-tag"
	if _, err := s.Scheduler.Start(context.Background(), spec); err == nil {
		t.Fatal("it started")
	}
	if all := s.list(t); len(all) != 0 {
		t.Errorf("left over: %+v", all)
	}
}

func beforeStart(t *testing.T, s Subject) {
	spec := s.spec("web", 1, "d1")
	seen := ""
	spec.Created = func(_ context.Context, id string) error {
		for _, i := range s.list(t) {
			if i.ID == id && !i.Running {
				seen = id
			}
		}
		return nil
	}
	i, err := s.Scheduler.Start(context.Background(), spec)
	if err != nil || i.ID != seen || !i.Running {
		t.Errorf("%+v %v; seen before its start: %q", i, err, seen)
	}
	spec.Index = 2
	spec.Created = func(context.Context, string) error { return errors.New("no network") }
	if _, err := s.Scheduler.Start(context.Background(), spec); err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("the error is %v", err)
	}
	if all := s.list(t); len(all) != 1 {
		t.Errorf("left over: %+v", all)
	}
}

func promote(t *testing.T, s Subject) {
	ctx := context.Background()
	old := s.start(t, "web", 1, "d1")
	if err := s.Scheduler.Promote(ctx, s.App, []schedule.Instance{old}, nil); err != nil {
		t.Fatal(err)
	}
	live := s.only(t, schedule.Live)
	if live.ID != old.ID {
		t.Fatalf("live: %+v", live)
	}
	fresh := s.start(t, "web", 1, "d2")
	if err := s.Scheduler.Promote(ctx, s.App, []schedule.Instance{fresh}, []schedule.Instance{live}); err != nil {
		t.Fatal(err)
	}
	if got := s.only(t, schedule.Live); got.ID != fresh.ID {
		t.Errorf("live: %+v", got)
	}
	if got := s.only(t, schedule.Retired); got.ID != old.ID || !got.Running {
		t.Errorf("retired: %+v", got)
	}
}

func promoteTwice(t *testing.T, s Subject) {
	ctx := context.Background()
	old := s.start(t, "web", 1, "d1")
	if err := s.Scheduler.Promote(ctx, s.App, []schedule.Instance{old}, nil); err != nil {
		t.Fatal(err)
	}
	fresh := s.start(t, "web", 1, "d2")
	old = s.only(t, schedule.Live)
	for range 2 {
		if err := s.Scheduler.Promote(ctx, s.App, []schedule.Instance{fresh}, []schedule.Instance{old}); err != nil {
			t.Fatal(err)
		}
		// After a crash both are read anew.
		fresh, old = s.only(t, schedule.Live), s.only(t, schedule.Retired)
	}
}

func retire(t *testing.T, s Subject) {
	i := s.start(t, "web", 1, "d1")
	for range 2 {
		if err := s.Scheduler.Retire(context.Background(), []schedule.Instance{i}, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if all := s.list(t); len(all) != 0 {
		t.Errorf("left over: %+v", all)
	}
}

func discard(t *testing.T, s Subject) {
	ctx := context.Background()
	i := s.start(t, "web", 1, "d1")
	if err := s.Scheduler.Discard(ctx, s.App, []schedule.Instance{i}); err != nil {
		t.Fatal(err)
	}
	if all := s.list(t); len(all) != 0 {
		t.Errorf("still the app's: %+v", all)
	}
	if err := s.Scheduler.Discard(ctx, s.App, nil); err != nil {
		t.Errorf("cleaning up: %v", err)
	}
}

func stopResume(t *testing.T, s Subject) {
	ctx := context.Background()
	i := s.start(t, "web", 1, "d1")
	if err := s.Scheduler.Promote(ctx, s.App, []schedule.Instance{i}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Scheduler.Stop(ctx, schedule.In(s.list(t), schedule.Live), time.Second); err != nil {
		t.Fatal(err)
	}
	stopped := s.only(t, schedule.Live)
	if stopped.Running || stopped.IP != "" {
		t.Errorf("stopped: %+v", stopped)
	}
	back, err := s.Scheduler.Resume(ctx, []schedule.Instance{stopped})
	if err != nil {
		t.Fatal(err)
	}
	if len(back) != 1 || !back[0].Running || back[0].IP == "" || back[0].ID != i.ID {
		t.Errorf("resumed: %+v", back)
	}
}

func listed(t *testing.T, s Subject) {
	s.start(t, "worker", 1, "d1")
	s.start(t, "web", 2, "d1")
	s.start(t, "web", 1, "d1")
	var got []string
	for _, i := range s.list(t) {
		got = append(got, i.Dyno())
	}
	if want := []string{"web.1", "web.2", "worker.1"}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if other, err := s.Scheduler.Instances(context.Background(), "another-app"); err != nil || len(other) != 0 {
		t.Errorf("of another app: %+v %v", other, err)
	}
}
