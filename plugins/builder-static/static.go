// Package builderstatic builds apps that are only files: HTML, images, the
// output of a site generator. It needs no base image and no registry.
//
// A source with an index.html at its root, and with nothing that says how to
// build it otherwise (a Dockerfile, package.json and the like), is such an app.
// Where the site is in a folder of the source, say which:
//
//	dokku builder-static:set APP root public
//
// The image has the site and a small file server, which knows index files,
// clean URLs (/about for about.html), a page 404.html, compression and caching.
//
// Left out of the image are files and folders whose name begins with a dot, all
// but .well-known; links that lead out of the site; and where the site is the
// whole source, the files that tell about the deploy (Procfile, app.json).
package builderstatic

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

const feature = "builder-static"

var rootProperty = state.Property{
	Plugin: feature, Name: "root", Default: ".",
	Help:     "The folder of the source that has the site",
	Validate: inSource,
}

var properties = []state.Property{rootProperty}

// Plugin is the feature's commands, property and trigger.
func Plugin(h *plugin.Host) plugin.Plugin {
	return plugin.Plugin{
		Name:       feature,
		Help:       "Manage the static site builder for an app",
		Properties: properties,
		Commands:   plugin.Settings(h, feature, properties),
		Triggers:   plugin.Triggers{"builder-detect": builder{h: h}.onDetect},
	}
}

// onDetect answers builder-detect(app, dir). It is asked last of all, by the
// order of plugins' names.
func (b builder) onDetect(ctx context.Context, c *trigger.Call) error {
	found, err := b.Detect(ctx, c.Arg(0), c.Arg(1))
	if found {
		fmt.Fprintln(c.Out, b.Name())
	}
	return err
}

func inSource(path string) error {
	if !filepath.IsLocal(path) {
		return errors.New("root must be a folder relative to the root of the source and stay inside it")
	}
	return nil
}
