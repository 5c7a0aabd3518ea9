package scheduletest

import (
	"testing"
	"time"

	"github.com/slipwayhq/slipway/schedule"
)

// RunNothing is the suite for a scheduler that is a schedule.Nothing: it has no
// instances, refuses to start any, and there is nothing that it cannot end.
func RunNothing(t *testing.T, s schedule.Scheduler) {
	ctx := t.Context()
	if _, ok := s.(schedule.Nothing); !ok {
		t.Fatalf("the scheduler %s is no schedule.Nothing", s.Name())
	}
	if i, err := s.Start(ctx, schedule.Spec{App: "blog", Process: "web", Index: 1, Image: "box:1"}); err == nil {
		t.Errorf("it started %+v", i)
	}
	for _, app := range []string{"blog", ""} {
		if all, err := s.Instances(ctx, app); err != nil || len(all) != 0 {
			t.Errorf("instances of %q: %+v %v", app, all, err)
		}
	}
	gone := []schedule.Instance{{ID: "0123456789ab", Name: "blog.web.1", App: "blog", Process: "web", Index: 1, State: schedule.Live}}
	for what, err := range map[string]error{
		"promote": s.Promote(ctx, "blog", nil, gone), "retire": s.Retire(ctx, gone, time.Second),
		"discard": s.Discard(ctx, "blog", gone), "stop": s.Stop(ctx, gone, time.Second),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if resumed, err := s.Resume(ctx, gone); err != nil || len(resumed) != 0 {
		t.Errorf("resume: %+v %v", resumed, err)
	}
}
