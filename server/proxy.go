package server

import (
	"context"
	"log/slog"

	"github.com/slipwayhq/slipway/proxy/dataplane"
)

// Proxy runs the data plane until ctx ends.
func Proxy(ctx context.Context, cfg Config, log *slog.Logger) error {
	if err := requireMounts(cfg); err != nil {
		return err
	}
	return dataplane.New(dataplane.Config{
		Lib: cfg.Lib, Listen: cfg.Listen, HTTPPort: cfg.HTTPPort, HTTPSPort: cfg.HTTPSPort, Version: cfg.Version, TakeOver: cfg.TakeOver, Log: log,
	}).Run(ctx)
}
