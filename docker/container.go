package docker

import (
	"slices"
	"time"
)

// Version is what an engine says of itself.
type Version struct {
	Engine string // "20.10.24+dfsg1"
	API    string // the API version in use, "1.41": the highest that both sides know
	OS     string // "linux"
	Arch   string // "amd64"
}

// Container is one container, from Inspect or List. Fields marked with (I) are zero in a List.
type Container struct {
	ID           string            // 64 hex digits
	Name         string            // without the leading slash
	Image        string            // as given at creation; in a List the image ID once the tag has moved on
	ImageID      string            // "sha256:…"
	Labels       map[string]string // never nil
	State        string            // created, running, paused, restarting, removing, exited or dead
	ExitCode     int               // of the last run; 0 while it runs
	Restarting   bool              // ended, and waiting to be started again by its restart policy
	RestartCount int               // (I) how often its restart policy started it again
	Health       string            // starting, healthy, unhealthy; empty without a health check
	OOMKilled    bool              // (I) the last run was ended for lack of memory
	Error        string            // (I) why the last start failed
	StartedAt    time.Time         // (I) zero when never started
	FinishedAt   time.Time         // (I) zero when never ended
	Created      time.Time         // in a List to the second
	IPs          map[string]string // network name to IPv4 address; only networks with an address; never nil
	Networks     []string          // names of all networks that it is attached to, with an address or not, sorted

	Hostname      string   // (I) its own name for itself: the first 12 digits of the ID where nothing else was asked for
	Env           []string // (I) "KEY=VALUE", the image's included
	Cmd           []string // (I)
	Entrypoint    []string // (I)
	WorkingDir    string   // (I)
	User          string   // (I)
	TTY           bool     // (I) created with a terminal
	NetworkMode   string   // "default", "bridge", "host", "none", "container:…" or a network's name
	RestartPolicy string   // (I) in the form that SetRestartPolicy takes
}

// Running reports whether the container's process runs (it may be paused).
func (c Container) Running() bool { return c.State == "running" || c.State == "paused" }

// IP is the address to reach the container at: that of the network that it was created in, else of the first network by
// name; the host's own for one in the host's network, which has no other; empty when it has none.
func (c Container) IP() string {
	first := c.NetworkMode
	switch first {
	case "host":
		if c.Running() {
			return "127.0.0.1"
		}
		return ""
	case "default", "":
		first = "bridge"
	}
	if ip := c.IPs[first]; ip != "" {
		return ip
	}
	var networks []string
	for network := range c.IPs {
		networks = append(networks, network)
	}
	if len(networks) == 0 {
		return ""
	}
	return c.IPs[slices.Min(networks)]
}

// Filter chooses containers for List.
type Filter struct {
	Labels map[string]string // all must match; an empty value matches any value
	All    bool              // also those that do not run
}

// LogOptions say which part of a container's log to read.
type LogOptions struct {
	Follow     bool      // go on until the container ends
	Tail       int       // the last lines; -1 all, 0 none
	Since      time.Time // only what came after; zero: from the start
	Timestamps bool      // put the time (RFC 3339, nanoseconds) and a space before each line
}

// ExecOptions say what Exec runs.
type ExecOptions struct {
	Cmd  []string // argument vector; not empty
	Env  []string // "KEY=VALUE", in addition to the container's
	User string   // "name", "uid", "uid:gid"; empty: the container's
	Dir  string   // working folder; empty: the container's, which must then exist
}

// Event is something that happened to a container or to its networks.
type Event struct {
	Type     string            // "container" or "network"
	Action   string            // start, die, stop, destroy, oom, rename; connect, disconnect
	ID       string            // the container's ID, for network events too
	Name     string            // the container's name at that time (after a rename the new one); empty for network events
	OldName  string            // rename: the name before
	ExitCode int               // die: the exit code
	Network  string            // network events: the network's name
	Labels   map[string]string // the container's labels; nil for network events
	Time     time.Time
}

// Image is one image, from ImageInspect or ImageList. Fields marked with (I) are zero in a list.
type Image struct {
	ID           string            // "sha256:…"
	Tags         []string          // "dokku/blog:latest"
	Labels       map[string]string // never nil
	Env          []string          // (I)
	Cmd          []string          // (I)
	Entrypoint   []string          // (I)
	ExposedPorts []string          // (I) "5000/tcp", by number, then protocol
	WorkingDir   string            // (I)
	User         string            // (I)
	Created      time.Time
	Size         int64  // bytes, shared layers included
	Architecture string // (I) "amd64"
}
