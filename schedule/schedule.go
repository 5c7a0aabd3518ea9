// Package schedule has what the deploy flow needs of a scheduler: to start
// instances of processes beside the old ones, to make them the app's own, and
// to retire what they replace.
//
//	fresh, err := s.Start(ctx, schedule.Spec{App: "blog", Process: "web", Index: 1, …})
//	// checked, then routed
//	err = s.Promote(ctx, "blog", []schedule.Instance{fresh}, old)
//	err = s.Retire(ctx, old, 30*time.Second)
package schedule

import (
	"context"
	"time"
)

// Scheduler runs the processes of apps. Each method may be called from
// several goroutines.
type Scheduler interface {
	// Name is the type's name in properties, such as "docker-local".
	Name() string
	// Start makes and starts one instance beside whatever runs already. On an
	// error nothing of it is left. The instance is upcoming until Promote.
	Start(ctx context.Context, spec Spec) (Instance, error)
	// Instances lists all instances of an app ("" for every app): live,
	// upcoming and retired, running or not, from one query.
	Instances(ctx context.Context, app string) ([]Instance, error)
	// Promote makes fresh the live instances under their lasting names; old
	// ones of the same place become retired. It can be repeated after a crash.
	Promote(ctx context.Context, app string, fresh, old []Instance) error
	// Retire stops the instances (SIGTERM, then SIGKILL after grace) and
	// removes them; one that is gone is no error.
	Retire(ctx context.Context, instances []Instance, grace time.Duration) error
	// Discard is Retire for instances that failed their checks: they are
	// stopped but kept for logs:failed until the app's next deploy.
	Discard(ctx context.Context, app string, instances []Instance) error
	// Stop stops live instances without removing them (SIGTERM, then SIGKILL
	// after grace).
	Stop(ctx context.Context, instances []Instance, grace time.Duration) error
	// Resume starts instances again that have stopped, and returns them in the
	// same order with their new addresses.
	Resume(ctx context.Context, instances []Instance) ([]Instance, error)
}

// Spec is one instance to start.
type Spec struct {
	App     string
	Process string // "web"
	Index   int    // from 1
	Deploy  string // id of the deploy that starts it
	Release int    // number of the release that it runs
	Image   string // reference or ID
	Command []string
	Env     map[string]string // the app's variables; PORT and DYNO are added
	Port    int               // $PORT; 0: the process has none
	Ports   []int             // container ports to publish when the app binds all interfaces
	Labels  map[string]string
	Args    []string // more options of `docker container create`, as argv
	Restart string   // restart policy from Promote on, such as "on-failure:10"; until then it ends when it ends
	Init    bool     // run an init process as PID 1
	// Created is called with the ID once the container is there, before it
	// starts: what else it needs, such as networks. Its error is Start's. May
	// be nil.
	Created func(ctx context.Context, id string) error
}

// State is where an instance is in its life.
type State string

// The states of an instance.
const (
	Upcoming State = "upcoming" // started by a deploy that is not through
	Live     State = "live"
	Retired  State = "retired" // replaced; to be removed
)

// Instance is one container of an app's process.
type Instance struct {
	ID      string // of the container
	Name    string
	App     string
	Process string
	Index   int
	Deploy  string
	Release int
	State   State
	Running bool
	Status  string // the engine's word: running, exited, …
	IP      string // "" when it does not run
	Port    int    // $PORT, 0 when it has none
	Restart string // restart policy of a live one; "" = none
	Created time.Time
	Started time.Time // zero from Instances
}

// Dyno is Heroku's name of an instance: "web.1".
func (i Instance) Dyno() string { return dyno(i.Process, i.Index) }

// Dyno is Spec's place: "web.1".
func (s Spec) Dyno() string { return dyno(s.Process, s.Index) }
