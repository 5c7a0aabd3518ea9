package server

import (
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/state"
)

func TestSSHCommandIsWrittenOnce(t *testing.T) {
	for _, test := range []struct{ socket, want string }{
		{"/var/lib/dokku/run/slipwayd.sock", "/usr/local/bin/dokku\n"},
		{"/tmp/x/run/s.sock", "env SLIPWAY_SOCKET=/tmp/x/run/s.sock /usr/local/bin/dokku\n"},
	} {
		dir := t.TempDir()
		store, err := state.Open(state.Config{Root: filepath.Join(dir, "root"), Lib: filepath.Join(dir, "lib")})
		if err != nil {
			t.Fatal(err)
		}
		for _, bin := range []string{"/usr/local/bin", "/elsewhere"} { // the second time it is there
			if err := writeSSHCommand(store, Config{BinDir: bin, Socket: test.socket}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := store.ReadFile(store.RootPath(".sshcommand")); err != nil || got != test.want {
			t.Errorf("%q %v, want %q", got, err, test.want)
		}
	}
}
