package tool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// Feature is a plugin whose builder looks for one file of the source, which may
// be called otherwise by a property.
type Feature struct {
	Name     string // builder-nixpacks
	Builder  string // nixpacks
	File     string // nixpacks.toml
	Property string // nixpackstoml-path
	Help     string // one line
}

// Setting is the property that names the file.
func (f Feature) Setting() state.Property {
	return state.Property{
		Plugin: f.Name, Name: f.Property, Default: f.File, Help: "The file " + f.File + " of the app, relative to the root of the source",
		Validate: func(path string) error {
			if !filepath.IsLocal(path) {
				return errors.New(f.Property + " must be relative to the root of the source and stay inside it")
			}
			return nil
		},
	}
}

// Plugin is the feature's commands, property and triggers.
func (f Feature) Plugin(h *plugin.Host) plugin.Plugin {
	properties := []state.Property{f.Setting()}
	return plugin.Plugin{
		Name: f.Name, Help: f.Help, Properties: properties, Commands: plugin.Settings(h, f.Name, properties),
		Triggers: plugin.Triggers{
			"builder-detect": func(_ context.Context, c *trigger.Call) error {
				if f.Detect(c.Arg(1)) {
					fmt.Fprintln(c.Out, f.Builder)
				}
				return nil
			},
			"core-post-extract": func(_ context.Context, c *trigger.Call) error {
				path, err := h.Store.Computed(properties[0], c.Arg(0))
				if err != nil {
					return err
				}
				return Rename(c.Arg(1), filepath.Clean(path), f.File)
			},
		},
	}
}

// Detect tells whether the source has the file.
func (f Feature) Detect(dir string) bool { return build.HasFile(dir, f.File) }
