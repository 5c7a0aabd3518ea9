package schedule

// Nothing is what a Scheduler also is when it runs nothing: the flow builds and
// releases, starts no instance, and routes only where the operator says so.
type Nothing interface{ RunsNothing() }
