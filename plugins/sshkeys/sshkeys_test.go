package sshkeys_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/sshkeys"
)

const keyA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHwZWTXVotJYt0OGOFonX8oP/e1AWW2+3xTEejVr7UE+ a"

func TestStories(t *testing.T) { plugintest.Run(t, sshkeys.Plugin) }

// Security: only root and keys with admin in their name change keys.
func TestAccess(t *testing.T) {
	for name, allowed := range map[string]bool{"ann": false, "admin": true, "ann-admin": true} {
		w := plugintest.Make(t, sshkeys.Plugin)
		caller := command.Actor{User: "dokku", KeyName: name}
		if r := w.Run(caller, keyA, "ssh-keys:add", "new"); (r.Code == 0) != allowed {
			t.Errorf("%s adds: %+v", name, r)
		}
		if r := w.Run(caller, "", "ssh-keys:remove", "new"); (r.Code == 0) != allowed {
			t.Errorf("%s removes: %+v", name, r)
		}
	}
}

func TestFileIsPrivate(t *testing.T) {
	w := plugintest.Make(t, sshkeys.Plugin)
	dir := w.Host.Store.RootPath(".ssh")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if r := w.Run(plugintest.Root, keyA, "ssh-keys:add", "ann"); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "authorized_keys"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

func TestTwoAtOnceAreBothAdded(t *testing.T) {
	w := plugintest.Make(t, sshkeys.Plugin)
	var adding sync.WaitGroup
	letters := "ABCDEFGH"
	for _, c := range letters {
		adding.Go(func() {
			key := strings.Replace(keyA, "IHwZ", "IHw"+string(c), 1)
			if r := w.Run(plugintest.Root, key, "ssh-keys:add", string(c)); r.Code != 0 {
				t.Errorf("%c: %+v", c, r)
			}
		})
	}
	adding.Wait()
	if n := strings.Count(w.Dokku("ssh-keys:list").Stdout, "\n"); n != len(letters) {
		t.Errorf("%d keys", n)
	}
}
