package server

import (
	"context"
	"log/slog"

	"github.com/slipwayhq/slipway/proxy/dataplane"
)

// Proxy runs the data plane until ctx ends.
func Proxy(ctx context.Context, cfg Config, log *slog.Logger) error {
	return dataplane.New(dataplane.Config{
		Lib: cfg.Lib, Listen: cfg.Listen, HTTPPort: cfg.HTTPPort, HTTPSPort: cfg.HTTPSPort, Version: cfg.Version, Log: log,
	}).Run(ctx)
}
