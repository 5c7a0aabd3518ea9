package migrate

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/slipwayhq/slipway/internal/snapshot"
	"github.com/slipwayhq/slipway/plugin"
)

// surveyCore finds Dokku's own plugins. Plugins of others source what is in them, and Slipway writes the same for itself, in
// answer to slipway-start, once these are gone. See docs/adr/0008.
func (m *migration) surveyCore(p *plan) error {
	lib := m.host.Store.Lib()
	ours, err := plugin.OwnsCore(lib)
	if err != nil || ours {
		return err
	}
	core := m.host.Store.LibPath("core-plugins")
	p.change("", "Dokku's own plugins in "+core+" make way for Slipway's. The backup has them", func(context.Context) error {
		if err := os.RemoveAll(core); err != nil {
			return fmt.Errorf("cannot remove Dokku's own plugins: %w", err)
		}
		return nil
	})
	return nil
}

// isCore tells whether an entry below DOKKU_LIB_ROOT, given by its path from there, belongs to the plugins of Dokku or
// Slipway itself: it is in core-plugins, or a link that leads there in one of the manifests.
func isCore(rel, lib string, manifests ...snapshot.Manifest) bool {
	parts := strings.Split(rel, "/")
	if parts[0] == "core-plugins" {
		return true
	}
	if len(parts) != 3 || parts[0] != "plugins" {
		return false
	}
	for _, m := range manifests {
		if e := m[lib+"/plugins/available/"+parts[2]]; e.Kind == snapshot.Link && strings.Contains(e.Target, "core-plugins/") {
			return true
		}
	}
	return false
}
