// Package build has what the build step needs of a builder.
//
//	b, ok := build.Find(builders, "dockerfile")
//	err := b.Build(ctx, build.Request{App: "blog", Dir: dir, Image: "dokku/blog:latest"}, out)
package build

import (
	"context"
	"io"

	"github.com/slipwayhq/slipway/command"
)

// Builder makes an image from a folder. Each is selected by name
// (builder:set selected) or because it detects its files.
type Builder interface {
	// Name is the type's name in properties and labels, such as "dockerfile".
	Name() string
	// Detect tells whether the folder has what asks for this builder. Its
	// plugin answers the trigger builder-detect with it.
	Detect(ctx context.Context, app, dir string) (bool, error)
	// Build makes the image and tags it as req.Image. It returns when the
	// image is loaded in the engine. A failing build is a command.Error that
	// says which step failed; its last output was already shown.
	Build(ctx context.Context, req Request, out *command.Output) error
}

// Request is one build.
type Request struct {
	App    string
	Dir    string            // the extracted tree (builder:set build-dir already applied)
	Image  string            // reference to tag, such as "dokku/blog:latest"
	Env    map[string]string // the app's variables
	Labels map[string]string // for the image
	Args   []string          // of docker-options for the build phase, as argv
	Log    io.Writer         // for more than out shows, which is logged too; not nil
}

// Titled is a Builder that the build step names other than by Name: "Dockerfile"
// for dockerfile.
type Titled interface {
	Title(ctx context.Context, app string) string
}

// Title is what the build step calls a builder: "Building blog from Dockerfile".
func Title(ctx context.Context, b Builder, app string) string {
	if t, ok := b.(Titled); ok {
		return t.Title(ctx, app)
	}
	return b.Name()
}
