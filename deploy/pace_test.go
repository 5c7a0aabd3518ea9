package deploy

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipwayhq/slipway/schedule"
)

func some(process string, n int) (specs []schedule.Spec) {
	for i := range n {
		specs = append(specs, schedule.Spec{Process: process, Index: i + 1})
	}
	return specs
}

func TestPace(t *testing.T) {
	specs := slices.Concat(some("web", 2), some("a", 3), some("b", 3), some("c", 1))
	for name, test := range map[string]struct {
		pace         pace
		most         int // at once
		mostOf       map[string]int
		webFirst     bool
		wantDuration time.Duration // each takes a second
	}{
		"nothing set":         {pace{}, 4, nil, false, 3 * time.Second},
		"only app.json":       {pace{of: map[string]int{"a": 1, "b": 1}}, 4, map[string]int{"a": 1, "b": 1}, false, 4 * time.Second},
		"one after the other": {pace{types: 1}, 1, nil, true, 9 * time.Second},
		"two types":           {pace{types: 2}, 2, map[string]int{"a": 1, "web": 1}, true, 6 * time.Second},
		"two types, app.json": {pace{types: 2, of: map[string]int{"a": 3, "web": 2}}, 4, map[string]int{"a": 3, "b": 1}, true, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				now := map[string]int{}
				var order []string
				most, mostOf := 0, map[string]int{}
				began := time.Now()
				err := test.pace.start(t.Context(), specs, func(_ context.Context, n int) error {
					process := specs[n].Process
					mu.Lock()
					now[process]++
					order = append(order, process)
					total := 0
					for _, k := range now {
						total += k
					}
					most, mostOf[process] = max(most, total), max(mostOf[process], now[process])
					mu.Unlock()
					<-time.After(time.Second)
					mu.Lock()
					now[process]--
					mu.Unlock()
					return nil
				})
				if err != nil || len(order) != len(specs) {
					t.Fatalf("%v, started %v", err, order)
				}
				if most > test.most {
					t.Errorf("%d at once, at most %d should be", most, test.most)
				}
				for process, want := range test.mostOf {
					if mostOf[process] != want {
						t.Errorf("%d of %s at once, want %d", mostOf[process], process, want)
					}
				}
				if test.webFirst && (order[0] != "web" || order[1] != "web") {
					t.Errorf("the order was %v", order)
				}
				if took := time.Since(began); took > test.wantDuration {
					t.Errorf("it took %v, want %v", took, test.wantDuration)
				}
			})
		})
	}
}

func TestAFailureStartsNothingMore(t *testing.T) {
	for _, p := range []pace{{types: 1}, {types: 2}} {
		started := 0
		err := p.start(t.Context(), slices.Concat(some("web", 1), some("a", 5)), func(context.Context, int) error {
			started++
			return errors.New("no")
		})
		if err == nil || started != 1 {
			t.Errorf("%+v: %v, %d started", p, err, started)
		}
	}
}
