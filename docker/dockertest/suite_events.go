package dockertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

func (s *suite) events(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, _ := s.Engine.Events(ctx)
	name := Name(t)
	id := CreateWith(t, s.Engine, []string{"--label=role=web", "--name=" + name + "-old"}, s.image, polite.Cmd...)
	check(t, s.Engine.Rename(ctx, id, name))
	check(t, s.Engine.Start(ctx, id))
	s.logged(t, id, "ready\n")
	check(t, s.Engine.Stop(ctx, id, Patience))
	check(t, s.Engine.Remove(ctx, id))

	// The engine tells of networks and containers apart, so that only the order within each is certain.
	seen := map[string][]docker.Event{}
	for len(seen["container"]) < 5 || len(seen["network"]) < 2 {
		select {
		case event, open := <-events:
			if !open {
				t.Fatal("the events ended")
			}
			if event.ID == id {
				seen[event.Type] = append(seen[event.Type], event)
			}
		case <-time.After(Patience):
			t.Fatalf("events are missing; seen: %+v", seen)
		}
	}
	equalSlices(t, "container events", actions(seen["container"]), []string{"rename", "start", "die", "stop", "destroy"})
	equalSlices(t, "network events", actions(seen["network"]), []string{"connect", "disconnect"})
	for _, event := range seen["container"] {
		equal(t, event.Action+": name", event.Name, name)
		equal(t, event.Action+": label", event.Labels["role"], "web")
		equal(t, event.Action+": number of labels", len(event.Labels), 1)
		if age := time.Since(event.Time); age < -time.Minute || age > time.Minute {
			t.Errorf("%s was %v ago", event.Action, age)
		}
	}
	equal(t, "old name", seen["container"][0].OldName, name+"-old")
	equal(t, "exit code", seen["container"][2].ExitCode, polite.StopCode)
	for _, event := range seen["network"] {
		equal(t, event.Action+": network", event.Network, "bridge")
	}
}

func actions(events []docker.Event) (all []string) {
	for _, event := range events {
		all = append(all, event.Action)
	}
	return all
}

func (s *suite) eventsEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	events, failed := s.Engine.Events(ctx)
	cancel()
	err := within(t, "the end of the events", func() error {
		for range events { // other tests' events may still be there
		}
		return <-failed
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the events ended with %v", err)
	}
	if _, open := <-failed; open {
		t.Error("there is more than one reason")
	}
}
