package migrate

import (
	"context"
	"os"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
)

// What tests from outside see: they need every feature, which this package cannot import.
type (
	Migration = migration
	Plan      = plan
)

const (
	ArchiveFile = archiveFile
	BackupsDir  = backupsDir
)

var (
	Ours         = ours
	ParseScale   = parseScale
	ParseOptions = parseOptions
	TakeRestart  = takeRestart
	PortMaps     = portMaps
	ParseSocket  = parseSocket
	CronTasks    = cronTasks
)

// New makes the feature for a host that is a folder, where exec stands for its commands.
func New(h *plugin.Host, flow *deploy.Flow, root string, exec func(ctx context.Context, argv ...string) (string, error)) (*Migration, plugin.Plugin) {
	m := &migration{h, flow, machine{root: root, binDir: "/usr/local/bin", exec: exec}}
	return m, m.plugin()
}

func (m *migration) HostPath(elem ...string) string { return m.machine.path(elem...) }

func (m *migration) Survey(ctx context.Context) (*plan, error) {
	return m.survey(ctx, m.defaultFolder())
}

func (m *migration) Take(ctx context.Context, p *plan) error {
	return m.take(ctx, command.Discard(), p, false)
}

// CutOff lets the plan fail after so many of its changes.
func (p *plan) CutOff(after int, err error) {
	p.Changes = append(p.Changes[:after:after], change{What: "killed", apply: func(context.Context) error { return err }})
}

// DieHoldingLocks leaves what a process leaves that is killed while it holds the locks.
func (m *migration) DieHoldingLocks(ctx context.Context) error {
	l, err := m.lockAll(ctx)
	if err != nil {
		return err
	}
	note, err := os.ReadFile(m.locksPath())
	if err != nil {
		return err
	}
	l.unlock() // the kernel does that
	names, err := m.host.Store.Apps()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := m.host.Store.WriteFile(m.host.Store.DeployLockPath(name), nil, 0o644); err != nil {
			return err
		}
	}
	return m.host.Store.WriteFile(m.locksPath(), note, 0o600)
}
