package sshkeys_test

import (
	"bytes"
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

func TestOptionsOfAKey(t *testing.T) {
	for options, want := range map[string]string{
		`from="10.0.0.0/8",no-pty`: "",
		"no-such-option":           "the option no-such-option is not supported",
		`command="sh"`:             "sshd could not read the line",
		"no-pty ssh-ed25519 AAAA":  "sshd could not read the line",
		"no-pty\nssh-ed25519 AAAA": "they must be one line",
		`from="10.0.0.0/8`:         "sshd could not read the line",
		`expiry-time="tomorrow"`:   "expiry-time",
	} {
		w := plugintest.Make(t, sshkeys.Plugin)
		var out, stderr bytes.Buffer
		code := w.Table.Run(t.Context(), &command.Call{
			Actor: plugintest.Root, In: strings.NewReader(keyA), Out: command.NewOutput(&out, &stderr),
			Env: map[string]string{"SSHCOMMAND_ALLOWED_KEYS": options},
		}, []string{"ssh-keys:add", "ann"})
		list := w.Dokku("ssh-keys:list").Stdout
		if want == "" {
			if code != 0 || !strings.HasSuffix(list, `SSHCOMMAND_ALLOWED_KEYS="`+options+"\"\n") {
				t.Errorf("%s: %d %s%s", options, code, list, stderr.String())
			}
			continue
		}
		if code == 0 || list != "" || !strings.Contains(stderr.String(), "SSHCOMMAND_ALLOWED_KEYS has options that a key cannot have: ") ||
			!strings.Contains(stderr.String(), want) {
			t.Errorf("security: %s: %d %s%s", options, code, list, stderr.String())
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
