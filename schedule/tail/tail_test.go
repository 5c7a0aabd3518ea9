package tail_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/schedule/tail"
)

// A line that is written between what was shown and what is followed appears
// once, whatever the engine makes of the same time twice.
func TestFollowingShowsEachLineOnceOnARealEngine(t *testing.T) {
	engine := dockertest.Connect(t)
	image := dockertest.BusyBox(t, engine)
	script := `i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; read x; echo end`
	id := dockertest.CreateWith(t, engine, []string{"--interactive"}, image, "sh", "-c", script)
	if err := engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen dockertest.Buffer
	view := tail.New(engine, command.NewOutput(&seen, &seen), true)
	source := tail.Source{ID: id, Name: "web.1"}
	if err := view.Recent(ctx, []tail.Source{source}, 10000); err != nil {
		t.Fatal(err)
	}
	view.Follow(ctx, source, time.Now())
	dockertest.Eventually(t, "all lines are shown", func() bool { return strings.Contains(seen.String(), "line 2000\n") })
	cancel()
	if err := view.Wait(); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&want, "line %d\n", i+1)
	}
	if got := seen.String(); got != want.String() {
		t.Errorf("%d lines, want 2000; from the first that differs:\n%.200s", strings.Count(got, "\n"), difference(got, want.String()))
	}
}

func difference(got, want string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return got[max(i-40, 0):]
		}
	}
	return got[min(len(got), len(want)):]
}

func TestARestartedContainerIsFollowedOn(t *testing.T) {
	engine := dockertest.Connect(t)
	image := dockertest.BusyBox(t, engine)
	id := dockertest.Create(t, engine, image, "sh", "-c", "echo run $(cat /proc/sys/kernel/random/uuid); exec sleep 1000")
	if err := engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen dockertest.Buffer
	view := tail.New(engine, command.NewOutput(&seen, &seen), false)
	source := tail.Source{ID: id, Name: "web.1"}
	view.Follow(ctx, source, time.Time{})
	shows := func(lines int) {
		t.Helper()
		dockertest.Eventually(t, fmt.Sprintf("%d lines are shown", lines), func() bool { return strings.Count(seen.String(), "app[web.1]: run ") == lines })
	}
	shows(1)
	for n := range 3 {
		if err := engine.Stop(ctx, id, 0); err != nil {
			t.Fatal(err)
		}
		if err := engine.Start(ctx, id); err != nil {
			t.Fatal(err)
		}
		view.Follow(ctx, source, time.Time{})
		shows(n + 2)
	}
	if err := engine.Remove(ctx, id); err != nil {
		t.Fatal(err)
	}
	if err := view.Wait(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(seen.String(), "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, seen.String())
	}
}

func TestAContainerThatIsGoneHasNoOutput(t *testing.T) {
	engine := dockertest.Connect(t)
	var seen dockertest.Buffer
	view := tail.New(engine, command.NewOutput(&seen, &seen), false)
	gone := tail.Source{ID: dockertest.Name(t), Name: "web.1"}
	if err := view.Recent(t.Context(), []tail.Source{gone}, 10); err != nil {
		t.Error(err)
	}
	view.Follow(t.Context(), gone, time.Time{})
	if err := view.Wait(); err != nil || seen.String() != "" {
		t.Errorf("%v %s", err, seen.String())
	}
}

var _ tail.Engine = docker.Engine(nil)
