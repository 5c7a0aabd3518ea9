// Package builder chooses how the image of an app is built.
//
//	dokku builder:set blog selected dockerfile   instead of what its files say
//	dokku builder:set blog build-dir frontend    the folder of the source that is built
//	dokku builder:set blog skip-cleanup true     keep images that are no longer needed
//	dokku builder:report blog
//
// Each property can be set for one app or, with --global, for all. Without
// `selected` the builder is found by the files of the source; which one the
// last build used is in the report as `detected`.
package builder

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var properties = []state.Property{
	{Plugin: "builder", Name: "selected", Help: "The builder of the app, instead of the one that its files ask for"},
	{Plugin: "builder", Name: "build-dir", Validate: validDir, Help: "The folder of the source that is built"},
	{Plugin: "builder", Name: "skip-cleanup", Default: "false", Validate: validBool, Help: "Keep images that are no longer needed"},
	// Listed among the properties as Dokku lists it, but written by deploys.
	{Plugin: "builder", Name: "detected", Scope: state.AppOnly, Validate: readOnly, Help: "The builder of the last build"},
}

func validBool(v string) error {
	if v != "true" && v != "false" {
		return errors.New("Invalid skip-cleanup value, must be true or false") //nolint:staticcheck // shown as it is
	}
	return nil
}

// validDir keeps the build in the source's tree. Dokku takes slashes at the ends.
func validDir(v string) error {
	if !filepath.IsLocal(strings.Trim(v, "/")) {
		return errors.New("Invalid build-dir value, must be a folder of the source, such as frontend") //nolint:staticcheck // shown as it is
	}
	return nil
}

func readOnly(string) error { return errors.New("detected is a read-only property") }

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	b := &builder{h}
	return plugin.Plugin{
		Name: "builder", Help: "Manage builder settings for an app",
		Commands: []*command.Command{
			plugin.SetCommand(h, "builder", plugin.BadProperty, properties, nil),
			plugin.Report{
				Feature: "builder", Legacy: true,
				App:    func(_ context.Context, app string) (plugin.Rows, error) { return b.rows(app) },
				Global: func(context.Context) (plugin.Rows, error) { return b.rows(state.Global) },
			}.Command(h),
		},
		Properties: properties,
		Triggers: plugin.Triggers{
			"builder-detect":       b.detect,
			"core-post-extract":    b.extract,
			"builder-get-property": b.getProperty,
			"builder-set-property": b.setProperty,

			"builder-image-is-cnb":       b.imageIsCNB,
			"builder-image-is-herokuish": b.imageIsHerokuish,
		},
	}
}

type builder struct{ host *plugin.Host }

// rows are those of the report. Dokku shows `detected` only as it is.
func (b *builder) rows(app string) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(b.host, "builder-", properties, app)
	delete(rows, "builder-computed-detected")
	return rows, err
}
