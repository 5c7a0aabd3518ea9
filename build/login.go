package build

import (
	"path/filepath"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/state"
)

// DockerConfig is the folder of docker's configuration with the registry logins
// that hold for an app: its own (registry:login APP), else those for all
// (registry:login --global); "" where there are none. app "" asks for the
// latter.
func DockerConfig(store *state.Store, app string) string {
	folders := []string{GlobalDockerConfig(store)}
	if app != "" {
		folders = []string{AppDockerConfig(store, app), folders[0]}
	}
	for _, folder := range folders {
		text, err := store.ReadFile(filepath.Join(folder, "config.json"))
		if err == nil && docker.HasLogin(text) {
			return folder
		}
	}
	return ""
}

// AppDockerConfig is the folder of an app's own logins. Source: Dokku
// plugins/registry/functions.go.
func AppDockerConfig(store *state.Store, app string) string {
	return store.LibPath("config", "registry", app)
}

// GlobalDockerConfig is the folder of the logins for all apps: that of Dokku's
// user.
func GlobalDockerConfig(store *state.Store) string { return store.RootPath(".docker") }
