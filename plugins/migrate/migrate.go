// Package migrate takes a machine over from Dokku in place, and gives it back.
//
//	slipway migrate --check                what is here, what would change, and whether it can go; changes nothing
//	slipway migrate --check --format json  the same for programs
//	slipway migrate                        takes over
//	slipway migrate --backup /mnt/disk/b   keeps the backup there
//	slipway migrate --undo                 gives the machine back to Dokku
//	slipway migrate --undo --force         also when apps were deployed or changed since; what goes is kept
//
// The whole way, step by step, is in docs/migrating.md. All of it is for root
// on the machine, and works whether slipwayd runs or not.
//
// --check ends with exit code 0 when migrate can go ahead, and with 1 and the
// reasons when it cannot.
//
// migrate first keeps a whole backup of both state folders (modes, owners and
// links too; not what apps and services store, which nobody changes). Then it
// brings files of Dokku 0.30 to 0.37 to the layout of 0.38, makes what each app
// runs its release v1 without restarting it, routes it, and switches off the
// parts of Dokku that would act on it too: units, cron, /usr/bin/dokku, and
// last the host's nginx. Where there is no systemd it says what to do by hand.
// Run again it finds nothing to do; one that was cut off is finished by running
// it again.
//
// --undo puts every file back as it was, byte for byte, and starts Dokku's parts
// again. Containers run on. When apps were deployed, made, destroyed or changed
// since, it says so and refuses; with --force it does it nevertheless, and keeps
// an archive of what it removes or replaces beside the backup.
//
// An app of Dokku's is left alone until it is taken over: slipwayd on such a
// machine routes it, and neither restarts nor removes anything of it.
//
// This is not about the state of Slipway itself: that one, slipwayd brings to
// its own version by itself at its start.
package migrate

import (
	"context"
	"path/filepath"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
)

// Offline is the variable by which the call says that it runs without a daemon beside it. No client can set it.
const Offline = "SLIPWAY_OFFLINE"

type migration struct {
	host    *plugin.Host
	flow    *deploy.Flow
	machine machine
}

// Plugin makes the feature. binDir is where our own programs are.
func Plugin(h *plugin.Host, flow *deploy.Flow, binDir string) plugin.Plugin {
	m := &migration{h, flow, thisMachine(binDir)}
	return m.plugin()
}

func (m *migration) plugin() plugin.Plugin {
	return plugin.Plugin{
		Name: "migrate", Help: "Take a machine over from Dokku, or give it back",
		Commands: []*command.Command{
			command.New("migrate", "Take this machine over from Dokku, keeping what runs", m.command, command.Root,
				command.Usage("[--check] [--undo] [--force] [--backup folder] [--format stdout|json]")),
		},
		Triggers: m.triggers(),
	}
}

// Pending tells whether a Dokku has this machine still: its version stands in its folder, or it runs apps, and nobody took
// them over. slipwayd then changes nothing by itself, and --undo finds the files as Dokku left them.
func Pending(ctx context.Context, h *plugin.Host, flow *deploy.Flow) (bool, error) {
	m := &migration{host: h, flow: flow}
	rec, known, err := m.readRecord()
	if err != nil || known {
		return rec.Phase != taken, err
	}
	if m.dokkuVersion() != "" {
		return true, nil
	}
	return flow.AnyForeign(ctx)
}

type args struct {
	Check  bool   `flag:"check" help:"Only say what is here and what would change"`
	Undo   bool   `flag:"undo" help:"Give the machine back to Dokku"`
	Force  bool   `flag:"force" help:"With --undo: also when something was changed since"`
	Backup string `flag:"backup" help:"The folder that the backup goes into; it must not exist yet"`
	Format string `flag:"format" default:"stdout" enum:"stdout,json"`
}

func (m *migration) command(ctx context.Context, c *command.Call, in args) error {
	folder := in.Backup
	switch {
	case in.Check && in.Undo:
		return command.BadInput("Give one of --check and --undo")
	case in.Undo && folder != "":
		return command.BadInput("--backup is for the way there: --undo knows where the backup is")
	case folder != "" && !filepath.IsAbs(folder):
		return command.BadInput("The folder of the backup has to be absolute, such as /var/backups/dokku")
	case folder == "":
		folder = m.defaultFolder()
	}
	out := c.Out
	if in.Format == "json" {
		out = command.Discard()
	}
	if in.Undo {
		return m.undo(ctx, c, out, undoing{force: in.Force || c.Flags.Force, json: in.Format == "json", offline: c.Env[Offline] != ""})
	}
	p, err := m.survey(ctx, filepath.Clean(folder))
	if err != nil {
		return err
	}
	if in.Check {
		printPlan(out, p)
	} else {
		err = m.take(ctx, out, p, c.Env[Offline] != "")
	}
	if in.Format == "json" {
		if jsonErr := c.Out.JSON(p); jsonErr != nil {
			return jsonErr
		}
	}
	if err == nil && !p.Ready {
		return command.Exit{Code: 1}
	}
	return err
}

// actor is who migrates, for the release that an app gets.
func actor(ctx context.Context) string { return command.ActorOf(ctx).String() }
