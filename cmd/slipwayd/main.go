// Command slipwayd is the daemon: the control plane (serve), the data plane
// (proxy), or a supervisor of both (up).
//
//	slipwayd serve             takes commands and pushes, deploys
//	slipwayd serve --no-plugins  leaves plugins of others out: when one of them breaks everything
//	slipwayd proxy             answers HTTP; goes on while the control plane is replaced
//	slipwayd proxy --take-over takes the ports of a proxy that runs, without losing a request
//	slipwayd up                both of them, where there is no systemd
//	slipwayd migrate --check   slipway migrate, where no daemon runs
//	slipwayd plugin disable X  slipway plugin:disable X, likewise; also enable and list
//
// It runs in the foreground until SIGTERM or SIGINT and logs to stderr. It is
// configured by the environment, see docs/configuration.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/slipwayhq/slipway/plugins"
	"github.com/slipwayhq/slipway/server"
	"github.com/slipwayhq/slipway/server/supervise"
	"github.com/slipwayhq/slipway/state"
)

// version is set by the build.
var version = "0.0.0-dev"

// exit is the exit code of a command that has said everything.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:])
	if code := exit(0); errors.As(err, &code) {
		os.Exit(int(code))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "slipwayd: %v\n", err)
		os.Exit(1)
	}
}

const usage = `usage: slipwayd serve|proxy|up|migrate|plugin|health|version

  serve    the control plane: commands, deploys, SSH
           --no-plugins: leave plugins of others out, when one of them breaks everything
  proxy    the data plane: HTTP and HTTPS for the apps
           --take-over: replace a proxy that runs, losing no request; stop it afterwards
  up       both, restarted when one dies (where there is no systemd)
  migrate  takes the machine over from Dokku, or gives it back, while slipwayd does not run: slipway migrate:help
  plugin   disable NAME, enable NAME or list, while slipwayd does not run: slipway plugin:help
  health   succeeds when those of the two that run here answer; for containers
`

func run(ctx context.Context, args []string) error {
	takeOver := len(args) == 2 && args[0] == "proxy" && args[1] == "--take-over"
	noPlugins := len(args) == 2 && args[0] == "serve" && args[1] == "--no-plugins"
	if len(args) > 0 && args[0] == "migrate" {
		return offline(ctx, args)
	}
	if len(args) > 1 && args[0] == "plugin" && slices.Contains([]string{"disable", "enable", "list"}, args[1]) {
		return offline(ctx, append([]string{"plugin:" + args[1]}, args[2:]...))
	}
	if len(args) != 1 && !takeOver && !noPlugins {
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
		cfg.NoPlugins = noPlugins
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

// settingsFile is what the systemd units read the environment from; hack/install.
const settingsFile = "/etc/default/slipway"

// offline runs a command that an operator types, without a daemon. Settings that the environment lacks are those that the
// daemon would have.
func offline(ctx context.Context, args []string) error {
	text, err := os.ReadFile(settingsFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	settings, err := state.ParseDotenv(string(text))
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", settingsFile, err)
	}
	cfg, err := server.Load(func(name string) string {
		if value := os.Getenv(name); value != "" {
			return value
		}
		return settings[name]
	}, version)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	code, err := server.Offline(ctx, cfg, plugins.All, log, args, server.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	if err == nil && code != 0 {
		return exit(code)
	}
	return err
}
