package server

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugins/migrate"
)

// Streams are the standard streams of a process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Offline runs one command without a daemon, and returns its exit code. It is refused while a daemon runs on the same state:
// the thin client is the way to that one.
func Offline(ctx context.Context, cfg Config, all Plugins, log *slog.Logger, argv []string, streams Streams) (int, error) {
	if err := requireMounts(cfg); err != nil {
		return 1, err
	}
	release, err := takeOver(cfg)
	if err != nil {
		return 1, err
	}
	defer release()
	cp, err := newControlPlane(ctx, cfg, all, log)
	if err != nil {
		return 1, err
	}
	defer cp.flow.Close()
	defer cp.host.External.Close()
	code := cp.table.Run(ctx, &command.Call{
		Actor: command.Actor{User: "root", Root: os.Geteuid() == 0 || cfg.Instance != ""},
		In:    streams.In, Out: command.NewOutput(streams.Out, streams.Err),
		Env: map[string]string{migrate.Offline: "1", "SLIPWAY_PROGRAM": "slipway"},
	}, argv)
	return code, nil
}
