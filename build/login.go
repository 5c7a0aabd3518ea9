package build

import (
	"os"
	"path/filepath"

	"github.com/slipwayhq/slipway/state"
)

// DockerConfig is the folder with an app's own registry logins, "" where it has
// none.
func DockerConfig(store *state.Store, app string) string {
	folder := store.LibPath("config", "registry", app)
	if _, err := os.Stat(filepath.Join(folder, "config.json")); err != nil {
		return ""
	}
	return folder
}
