package fake

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// container is one container. Its fields are guarded by the engine's mu.
type container struct {
	docker.Container
	args      Args
	image     *image
	files     tree
	behaviour Behaviour
	aliases   map[string][]string // on the networks that it was attached to
	log       []logLine
	exits     int  // how often its program ended
	lastCode  int  // with which code the last time
	stopping  bool // told to end: its restart policy does not apply
	removed   bool
}

// find returns the container with an ID, the unambiguous start of one, or a name; nil when there is none. The caller holds mu.
func (e *Engine) find(id string) *container {
	var byPrefix []*container
	for _, c := range e.containers {
		if c.ID == id || c.Name == id {
			return c
		}
		if strings.HasPrefix(c.ID, id) {
			byPrefix = append(byPrefix, c)
		}
	}
	if len(byPrefix) == 1 && id != "" {
		return byPrefix[0]
	}
	return nil
}

// onContainer runs one call about one container, with mu held.
func (e *Engine) onContainer(ctx context.Context, method, doing, id string, call func(*container) error) error {
	if err := docker.CheckContainerID(id); err != nil {
		return err
	}
	if err := e.enter(ctx, method, id); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	if c := e.find(id); c == nil {
		err = docker.Errorf(docker.ErrNotFound, "No such container: %s", id)
	} else {
		err = call(c)
	}
	if err != nil {
		return fmt.Errorf("cannot %s container %s: %w", doing, id, err)
	}
	return nil
}

// Start implements docker.Engine.
func (e *Engine) Start(ctx context.Context, id string) error {
	return e.onContainer(ctx, "Start", "start", id, func(c *container) error {
		if c.Running() {
			return nil
		}
		c.RestartCount, c.stopping = 0, false
		return e.begin(c)
	})
}

// Stop implements docker.Engine.
func (e *Engine) Stop(ctx context.Context, id string, timeout time.Duration) error {
	var c *container
	var exits int
	err := e.onContainer(ctx, "Stop", "stop", id, func(found *container) error {
		c, exits = found, found.exits
		if c.State == "restarting" {
			c.State, c.Restarting = "exited", false
		}
		if c.Running() {
			e.signalStop(c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if timeout < 0 {
		timeout = 10 * time.Second // docker's own, for a container that sets none
	}
	whole := (timeout + time.Second - 1).Truncate(time.Second)
	patience, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	if err := e.waitFor(patience, func() bool { return !c.Running() || c.exits > exits }); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.Running() && c.exits == exits {
		e.exit(c, 137, false)
	}
	if c.exits > exits {
		e.announce(c, "stop")
	}
	return nil
}

// Kill implements docker.Engine.
func (e *Engine) Kill(ctx context.Context, id, signal string) error {
	return e.onContainer(ctx, "Kill", "signal", id, func(c *container) error {
		if !c.Running() {
			return docker.Errorf(docker.ErrConflict, "Container %s is not running", c.ID)
		}
		switch strings.TrimPrefix(strings.ToUpper(signal), "SIG") {
		case "", "KILL", "9":
			c.stopping = true
			e.exit(c, 137, false)
		case "TERM", "15", "INT", "2", "QUIT", "3":
			e.signalStop(c)
		}
		return nil
	})
}

// Remove implements docker.Engine.
func (e *Engine) Remove(ctx context.Context, id string) error {
	return e.onContainer(ctx, "Remove", "remove", id, func(c *container) error {
		c.stopping = true
		if c.Running() {
			e.exit(c, 137, false)
		}
		c.removed = true
		e.containers = slices.DeleteFunc(e.containers, func(other *container) bool { return other == c })
		e.announce(c, "destroy")
		return nil
	})
}

// Rename implements docker.Engine.
func (e *Engine) Rename(ctx context.Context, id, name string) error {
	if err := docker.CheckContainerID(name); err != nil {
		return err
	}
	return e.onContainer(ctx, "Rename", "rename", id, func(c *container) error {
		if c.Name == name {
			return docker.Errorf(docker.ErrInvalid, "Renaming a container with the same name as its current name")
		}
		if err := e.checkName(name); err != nil {
			return err
		}
		old := c.Name
		c.Name = name
		e.publish(docker.Event{Type: "container", Action: "rename", ID: c.ID, Name: name, OldName: old, Labels: c.Labels})
		return nil
	})
}

// SetRestartPolicy implements docker.Engine.
func (e *Engine) SetRestartPolicy(ctx context.Context, id, policy string) error {
	if _, _, err := docker.ParseRestartPolicy(policy); err != nil {
		return err
	}
	return e.onContainer(ctx, "SetRestartPolicy", "set the restart policy of", id, func(c *container) error {
		c.RestartPolicy = policy
		return nil
	})
}

// Wait implements docker.Engine.
func (e *Engine) Wait(ctx context.Context, id string) (exitCode int, err error) {
	var c *container
	var exits int
	var running bool
	err = e.onContainer(ctx, "Wait", "wait for", id, func(found *container) error {
		c, exits, running, exitCode = found, found.exits, found.Running(), found.ExitCode
		return nil
	})
	if err != nil || !running {
		return exitCode, err
	}
	if err := e.waitFor(ctx, func() bool { exitCode = c.lastCode; return c.exits > exits }); err != nil {
		return 0, err
	}
	return exitCode, nil
}

// begin starts a container's program. The caller holds mu.
func (e *Engine) begin(c *container) error {
	networks := slices.DeleteFunc(slices.Clone(c.Networks), func(name string) bool { return name == "host" || name == "none" })
	for _, network := range networks {
		if e.network(network) == nil {
			return docker.Errorf(docker.ErrNotFound, "network %s not found", network)
		}
	}
	c.behaviour = Behaviour{}
	if e.Behaviour != nil {
		c.behaviour = e.Behaviour(c.snapshot())
	}
	if words := c.behaviour.StartError; words != "" {
		c.ExitCode, c.Error = 127, words
		return docker.Errorf(nil, "%s", words)
	}
	c.State, c.ExitCode, c.Error, c.OOMKilled, c.Restarting = "running", 0, "", false, false
	c.StartedAt, c.Health = now(), c.behaviour.Health
	for _, network := range networks {
		e.attach(c, network)
	}
	e.announce(c, "start")
	c.write(c.behaviour.Stdout, c.behaviour.Stderr)
	if c.behaviour.Exits {
		e.exit(c, c.behaviour.ExitCode, false)
	}
	return nil
}

// signalStop is what the stop signal does to a running container's program. The caller holds mu.
func (e *Engine) signalStop(c *container) {
	c.stopping = true
	if c.behaviour.IgnoresStop {
		return
	}
	c.write(c.behaviour.Farewell, "")
	e.exit(c, c.behaviour.StopCode, false)
}

// exit is the end of a running container's program. The caller holds mu.
func (e *Engine) exit(c *container, code int, oom bool) {
	c.State, c.ExitCode, c.OOMKilled, c.FinishedAt, c.Health = "exited", code, oom, now(), ""
	c.exits, c.lastCode = c.exits+1, code
	e.publish(docker.Event{Type: "container", Action: "die", ID: c.ID, Name: c.Name, Labels: c.Labels, ExitCode: code})
	for network := range c.IPs {
		e.publish(docker.Event{Type: "network", Action: "disconnect", ID: c.ID, Network: network})
	}
	clear(c.IPs)
	if c.stopping || !c.restartsAfter(code) {
		return
	}
	if c.RestartCount >= maxRestarts && c.RestartPolicy != "on-failure:"+strconv.Itoa(c.RestartCount) {
		c.State, c.Restarting = "restarting", true
		return
	}
	c.RestartCount++
	if err := e.begin(c); err != nil {
		c.State = "exited"
	}
}

// maxRestarts is how often a program is started again that ends each time at once; the real engine takes ever longer
// breaks, so that it is found restarting.
const maxRestarts = 10

// restartsAfter reports whether the restart policy asks for another run.
func (c *container) restartsAfter(code int) bool {
	mode, retries, err := docker.ParseRestartPolicy(c.RestartPolicy)
	switch {
	case err != nil || mode == "no":
		return false
	case mode == "on-failure":
		return code != 0 && (retries == 0 || c.RestartCount < retries)
	}
	return true
}
