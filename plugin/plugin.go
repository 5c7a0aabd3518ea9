// Package plugin is the kit that features are made with. A compiled plugin is
// a value: its commands, its properties, its report and the triggers that it
// answers.
//
//	func Plugin(h *plugin.Host) plugin.Plugin {
//		return plugin.Plugin{
//			Name: "domains", Help: "Manage domains used by the proxy",
//			Commands: []*command.Command{command.New("domains:add", …)},
//			Triggers: plugin.Triggers{"domains-list": list},
//		}
//	}
//
// What a plugin needs it gets from the Host; other plugins it reaches only
// through triggers and through properties (Host.Computed).
package plugin

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// Triggers maps a trigger's name to the function that answers it.
type Triggers map[string]func(ctx context.Context, c *trigger.Call) error

// Plugin is one feature.
type Plugin struct {
	Name     string // as in the properties' folder and the order of triggers
	Feature  string // the name in front of the colon of its commands, where it is not Name
	Help     string // one line for `help`; "" keeps the feature out of it
	About    string // what NAME:help says where Dokku has other words there; "" = Help
	WideHelp bool   // NAME:help has three blanks between its columns, as those of Dokku that are bash
	Commands []*command.Command
	// Programs are what scripts of plugins call by a name of its own, such as
	// plugn. They answer local callers alone, and never as `dokku NAME`.
	Programs   []*command.Command
	Properties []state.Property
	Triggers   Triggers
	// Serve, if not nil, is what the feature does by itself. It is called once,
	// when the control plane serves, on a goroutine of its own, and returns when
	// ctx ends; its error stops the control plane.
	Serve func(ctx context.Context) error
}

// Called is the name of the feature on the command line.
func (p Plugin) Called() string {
	if p.Feature != "" {
		return p.Feature
	}
	return p.Name
}

// Host is what plugins work with. It is complete before the first command.
type Host struct {
	Store  *state.Store
	Bus    *trigger.Bus
	Docker docker.Engine
	CLI    docker.CLI
	Names  docker.Names
	Log    *slog.Logger
	// Exec says how child processes are started: the environment and the user.
	Exec Exec
	// PublicPort maps port 80 or 443 to the port at which users reach the
	// proxy, where the two differ (a demo); nil changes nothing.
	PublicPort func(port int) int
	// Crontab is the file in which the host's cron looks for the tasks of the
	// system user; "" where there is no such user.
	Crontab string
	// Dispatch runs a command line for a caller, with the access checks of any
	// call, and gives its exit code. It is set once all commands are known.
	Dispatch func(ctx context.Context, c *command.Call, argv []string) int

	// Client is the path of the thin client, "" where there is none.
	Client string

	// Version is that of Slipway.
	Version string
	// External is the plugins of others, set by NewExternal; nil where there can be none.
	External *External
	// NoPlugins leaves external plugins out: for a server on which one of them breaks everything.
	NoPlugins bool

	properties map[string]state.Property
	compiled   []string // names of plugins
}

// log is Log, also where a test has none.
func (h *Host) log() *slog.Logger {
	if h.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.Log
}

// Exec describes the child processes that plugins start (git, hooks).
type Exec struct {
	Env  []string // the base environment: PATH with our own binaries first, DOKKU_ROOT, …
	User *Credential
	// More gives variables that may change while we run, for executables of
	// plugins: those of dokkurc. May be nil.
	More func() []string
}

// Credential is the user that child processes run as; nil: our own. Groups are
// the others that it is in, for executables of plugins.
type Credential struct {
	UID, GID uint32
	Groups   []uint32
}

// Register adds the plugins' triggers and properties to the host.
func (h *Host) Register(plugins ...Plugin) error {
	if h.properties == nil {
		h.properties = map[string]state.Property{}
	}
	for _, p := range plugins {
		h.compiled = append(h.compiled, p.Name)
		if report := p.report(); report != nil {
			h.Bus.Handle(*report)
		}
		for name, run := range p.Triggers {
			h.Bus.Handle(trigger.Handler{Plugin: p.Name, Trigger: name, Run: run})
		}
		for _, prop := range p.Properties {
			key := prop.Plugin + "." + prop.Name
			if _, dup := h.properties[key]; dup {
				return fmt.Errorf("the property %s is declared twice", key)
			}
			h.properties[key] = prop
		}
	}
	return nil
}

// Property is the declaration of a property by plugin and name. It panics when
// there is none: a mistake in the code.
func (h *Host) Property(plugin, name string) state.Property {
	p, ok := h.properties[plugin+"."+name]
	if !ok {
		panic("no property " + plugin + "." + name)
	}
	return p
}

// Computed is the value in force of a property of any plugin.
func (h *Host) Computed(plugin, name, app string) (string, error) {
	return h.Store.Computed(h.Property(plugin, name), app)
}

// Properties lists all declared properties, unordered.
func (h *Host) Properties() []state.Property {
	all := make([]state.Property, 0, len(h.properties))
	for _, p := range h.properties {
		all = append(all, p)
	}
	return all
}
