package tool

import (
	"context"

	"github.com/slipwayhq/slipway/plugin"
)

// Builder is what a feature's build.Builder has besides Build:
//
//	type builder struct{ tool.Builder }
//
//	func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error { … }
//
// It uses the host's programs, Docker and Store at each build.
type Builder struct {
	Feature Feature
	Host    *plugin.Host
}

// Name implements build.Builder.
func (b Builder) Name() string { return b.Feature.Builder }

// Detect implements build.Builder.
func (b Builder) Detect(_ context.Context, _, dir string) (bool, error) {
	return b.Feature.Detect(dir), nil
}
