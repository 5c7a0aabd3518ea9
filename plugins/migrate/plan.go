package migrate

import (
	"context"
)

// plan is what a survey of the machine found, and what migrate would do: --check prints it, migrate applies it.
type plan struct {
	Ready    bool      `json:"ready"` // nothing stands in the way
	Done     bool      `json:"done"`  // there is nothing to do
	Dokku    dokku     `json:"dokku"`
	Apps     []appSeen `json:"apps"`
	Keys     int       `json:"ssh_keys"`
	Plugins  []string  `json:"plugins"`  // enabled, of the community
	Services []string  `json:"services"` // TYPE NAME
	Changes  []change  `json:"changes"`
	Host     []step    `json:"host"`
	Problems []remark  `json:"problems"`
	Notes    []remark  `json:"notes"`
	Backup   backup    `json:"backup"`
}

// dokku says which Dokku this is.
type dokku struct {
	Version string `json:"version"` // "" when its files do not say
	Root    string `json:"root"`
	Lib     string `json:"lib"`
}

// appSeen is one app.
type appSeen struct {
	Name       string    `json:"name"`
	Deployed   bool      `json:"deployed"`
	Release    int       `json:"release"` // the current one of ours, 0: none yet
	Containers []running `json:"containers"`
	Retiring   int       `json:"retiring"` // containers that a deploy of Dokku's replaced and has not removed yet
}

// running is a container of an app in its lasting place.
type running struct {
	Dyno    string `json:"dyno"`
	ID      string `json:"id"`
	Running bool   `json:"running"`
	IP      string `json:"ip"`
	Image   string `json:"-"`
}

// change is one thing that migrate does to the files, or to an app. apply can be repeated.
type change struct {
	App   string `json:"app,omitempty"`
	What  string `json:"what"`
	apply func(context.Context) error
}

// step is one thing that has to be done to the host.
type step struct {
	What      string   `json:"what"`
	Command   string   `json:"command"`   // that does it
	Undo      string   `json:"undo"`      // that takes it back
	Automatic bool     `json:"automatic"` // migrate does it; otherwise it only says so
	apply     hostStep // nil unless it is automatic
}

// remark is something that an operator has to know. Fix is the next step, "" when there is none.
type remark struct {
	App  string `json:"app,omitempty"`
	What string `json:"what"`
	Fix  string `json:"fix,omitempty"`
}

// backup says where what is there is kept.
type backup struct {
	Folder string `json:"folder"`
	Bytes  int64  `json:"bytes"` // of what is packed, before it is
	Free   int64  `json:"free"`  // where it goes
}

func (p *plan) problem(app, fix, what string) {
	p.Problems = append(p.Problems, remark{App: app, What: what, Fix: fix})
}

func (p *plan) note(app, fix, what string) {
	p.Notes = append(p.Notes, remark{App: app, What: what, Fix: fix})
}

func (p *plan) change(app, what string, apply func(context.Context) error) {
	p.Changes = append(p.Changes, change{App: app, What: what, apply: apply})
}
