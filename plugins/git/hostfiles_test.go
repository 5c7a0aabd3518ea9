package git

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
)

// Security: where there is no system user, an SSH key could read folders and
// repositories of the server as root by git:from-image --build-dir and git:sync.
func TestKeysReadNothingOfTheHostWithoutSystemUser(t *testing.T) {
	h := newHarness(t)
	h.create("blog")
	elsewhere := h.newClone(map[string]string{"secret": "s"})
	key := command.Call{In: strings.NewReader(""), Actor: command.Actor{User: "dokku", KeyName: "ann", Fingerprint: "SHA256:x", Remote: "192.0.2.1:1"}}
	for _, argv := range [][]string{
		{"git:sync", "blog", elsewhere.dir},
		{"git:sync", "blog", "file://" + elsewhere.dir},
		{"git:sync", "blog", "FILE://" + elsewhere.dir},
		{"git:sync", "--build", "blog", "." + elsewhere.dir},
		{"git:from-image", "--build-dir", elsewhere.dir, "blog", "busybox"},
		{"git:load-image", "--build-dir", elsewhere.dir, "blog", "busybox"},
	} {
		r := h.dokkuWith(key, argv...)
		if r.code != 1 || !strings.Contains(r.stderr, "is on this server") || r.stdout != "" {
			t.Errorf("security: %v: %+v", argv, r)
		}
	}
	if _, err := os.Stat(filepath.Join(h.host.Store.AppDir("blog"), "refs", "heads", "master")); err == nil {
		t.Error("security: something was fetched")
	}
}

func TestOnThisHost(t *testing.T) {
	for url, want := range map[string]bool{
		"/srv/x": true, "x": true, "./a:b": true, "file:///srv": true, "weird://x": true, "": true, "~/x": true,
		"https://e.com/x": false, "ssh://e.com/x": false, "git@e.com:x": false, "e.com:/x": false, "GIT://e.com/x": false,
	} {
		if onThisHost(url) != want {
			t.Errorf("%q: %v", url, !want)
		}
	}
}
