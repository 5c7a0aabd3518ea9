package main

import (
	"context"
	"slices"
	"time"
)

// sample is what one thing took, sorted.
type sample []time.Duration

func (s sample) median() time.Duration            { return s.quantile(0.5) }
func (s sample) quantile(q float64) time.Duration { return s[min(int(q*float64(len(s))), len(s)-1)] }

func (s sample) sorted() sample { slices.Sort(s); return s }

// A task is one thing to measure.
type task struct {
	before func() error // not timed; may be nil
	do     func() error
}

func only(do func() error) task { return task{do: do} }

// inTurn does each of the tasks n times, one after the other, so that a load
// that comes and goes on the machine hits all alike. A first round, in which
// caches fill, does not count.
func inTurn(ctx context.Context, n int, tasks ...task) ([]sample, error) {
	out := make([]sample, len(tasks))
	for round := range n + 1 {
		for i, t := range tasks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if t.before != nil {
				if err := t.before(); err != nil {
					return nil, err
				}
			}
			start := time.Now()
			if err := t.do(); err != nil {
				return nil, err
			}
			if round > 0 {
				out[i] = append(out[i], time.Since(start))
			}
		}
	}
	for _, s := range out {
		s.sorted()
	}
	return out, nil
}
