// Command slipwayd is the daemon: the control plane (serve), the data plane
// (proxy), or a supervisor of both (up).
//
//	slipwayd serve             takes commands and pushes, deploys
//	slipwayd proxy             answers HTTP; goes on while the control plane is replaced
//	slipwayd proxy --take-over takes the ports of a proxy that runs, without losing a request
//	slipwayd up                both of them, where there is no systemd
//
// It runs in the foreground until SIGTERM or SIGINT and logs to stderr. It is
// configured by the environment, see docs/configuration.md.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/slipwayhq/slipway/plugins"
	"github.com/slipwayhq/slipway/server"
	"github.com/slipwayhq/slipway/server/supervise"
)

// version is set by the build.
var version = "0.0.0-dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "slipwayd: %v\n", err)
		os.Exit(1)
	}
}

const usage = `usage: slipwayd serve|proxy|up|health|version

  serve    the control plane: commands, deploys, SSH
  proxy    the data plane: HTTP and HTTPS for the apps
           --take-over: replace a proxy that runs, losing no request; stop it afterwards
  up       both, restarted when one dies (where there is no systemd)
  health   succeeds when those of the two that run here answer; for containers
`

func run(ctx context.Context, args []string) error {
	takeOver := len(args) == 2 && args[0] == "proxy" && args[1] == "--take-over"
	if len(args) != 1 && !takeOver {
		return fmt.Errorf("one command is expected\n%s", usage)
	}
	level := slog.LevelInfo
	if os.Getenv("SLIPWAY_DEBUG") != "" {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	cfg, err := server.Load(os.Getenv, version)
	if err != nil {
		return err
	}
	switch args[0] {
	case "serve":
		return server.Serve(ctx, cfg, plugins.All, log)
	case "proxy":
		cfg.TakeOver = takeOver
		return server.Proxy(ctx, cfg, log)
	case "up":
		self, err := os.Executable()
		if err != nil {
			return err
		}
		return supervise.Up(ctx, self)
	case "health":
		return server.Health(ctx, cfg)
	case "version":
		fmt.Printf("slipwayd %s\n", version)
		return nil
	}
	return fmt.Errorf("unknown command %q\n%s", args[0], usage)
}
