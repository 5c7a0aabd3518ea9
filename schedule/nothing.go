package schedule

import (
	"context"
	"fmt"
	"time"
)

// Nothing is what a Scheduler also is when it runs nothing: the flow builds and
// releases, starts no instance, and routes only where the operator says so.
type Nothing interface{ RunsNothing() }

// Elsewhere is a Scheduler of this name, and a Nothing: the processes of its
// apps are somebody else's business.
type Elsewhere string

var (
	_ Scheduler = Elsewhere("")
	_ Nothing   = Elsewhere("")
)

// Name is the name.
func (e Elsewhere) Name() string { return string(e) }

// RunsNothing implements Nothing.
func (Elsewhere) RunsNothing() {}

// Start fails: nobody may believe that something runs.
func (e Elsewhere) Start(context.Context, Spec) (Instance, error) {
	return Instance{}, fmt.Errorf("the scheduler %s starts nothing", string(e))
}

// Instances are none.
func (Elsewhere) Instances(context.Context, string) ([]Instance, error) { return nil, nil }

// Promote does nothing.
func (Elsewhere) Promote(context.Context, string, []Instance, []Instance) error { return nil }

// Retire does nothing.
func (Elsewhere) Retire(context.Context, []Instance, time.Duration) error { return nil }

// Discard does nothing.
func (Elsewhere) Discard(context.Context, string, []Instance) error { return nil }

// Stop does nothing.
func (Elsewhere) Stop(context.Context, []Instance, time.Duration) error { return nil }

// Resume starts nothing.
func (Elsewhere) Resume(context.Context, []Instance) ([]Instance, error) { return nil, nil }
