package deploy

import "context"

// turns are how many instances of a process type may be started and checked at
// once: a channel with that many places. A type without one has no limit.
type turns map[string]chan struct{}

// turns reads max_parallel of app.json's formation.
func (f *Flow) turns(d *deployment) (turns, error) {
	manifest, err := parseAppJSON(d.journal.Release)
	if err != nil {
		return nil, err
	}
	t := turns{}
	for process, formation := range manifest.Formation {
		if n := formation.MaxParallel; n != nil && *n > 0 {
			t[process] = make(chan struct{}, *n)
		}
	}
	return t, nil
}

// take waits until it is the turn of one more instance of a process type; end
// gives the turn back. The error is ctx's.
func (t turns) take(ctx context.Context, process string) (end func(), err error) {
	places, limited := t[process]
	if !limited {
		return func() {}, nil
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
