package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/state"
)

// writeSSHCommand writes $DOKKU_ROOT/.sshcommand when it is missing: what the
// forced command of an authorized_keys line runs behind the host's own sshd.
// One that came from Dokku stays.
func writeSSHCommand(store *state.Store, cfg Config) error {
	path := store.RootPath(".sshcommand")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	argv := []string{filepath.Join(cfg.BinDir, "dokku")}
	if cfg.Socket != filepath.Join("/var/lib/dokku", "run", "slipwayd.sock") {
		argv = append([]string{"env", "SLIPWAY_SOCKET=" + cfg.Socket}, argv...)
	}
	return store.WriteFile(path, []byte(words.Quote(argv)+"\n"), 0o644)
}
