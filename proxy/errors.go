package proxy

import "fmt"

// InvalidError says that what was asked makes no sense. Nothing was changed.
type InvalidError struct {
	App    string
	Reason string // completes "cannot route blog: "
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("cannot route %s: %s", e.App, e.Reason)
}

// TakenError says that a host or port belongs to another app. Nothing was changed.
type TakenError struct {
	App   string // the app that asked
	What  string // "blog.example.com", "port 8080"
	Owner string // the app that has it
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("cannot route %s: %s already belongs to app %s", e.App, e.What, e.Owner)
}

// PortError says that a port cannot be opened. Nothing was changed.
type PortError struct {
	App    string
	Port   int
	Reason string // "address already in use"
}

func (e *PortError) Error() string {
	return fmt.Sprintf("cannot route %s: cannot listen on port %d: %s; free it or choose another with ports:set", e.App, e.Port, e.Reason)
}
