package migrate

import (
	"context"

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
	CronLines    = withoutCronLines
)

// New makes the feature for a host that is a folder, where run stands for its commands.
func New(h *plugin.Host, flow *deploy.Flow, root string, run func(ctx context.Context, argv ...string) error) (*Migration, plugin.Plugin) {
	m := &migration{h, flow, machine{root: root, binDir: "/usr/local/bin", run: run}}
	return m, m.plugin()
}

func (m *migration) HostPath(elem ...string) string { return m.machine.path(elem...) }

func (m *migration) Survey(ctx context.Context) (*plan, error) {
	return m.survey(ctx, m.defaultFolder())
}

func (m *migration) Take(ctx context.Context, p *plan) error {
	return m.take(ctx, command.Discard(), p)
}

// CutOff lets the plan fail after half of its changes.
func (p *plan) CutOff(err error) {
	half := len(p.Changes) / 2
	p.Changes = append(p.Changes[:half:half], change{What: "killed", apply: func(context.Context) error { return err }})
}
