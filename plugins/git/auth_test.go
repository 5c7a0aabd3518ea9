package git

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNetrcIsPrivate(t *testing.T) {
	h := newHarness(t)
	path := h.host.Store.RootPath(".netrc")
	must(t, os.WriteFile(path, nil, 0o644))
	if r := h.dokku("git:auth", "git.example.com", "ann", "secret"); r.code != 0 || strings.Contains(r.stdout+r.stderr, "secret") {
		t.Errorf("%+v", r)
	}
	st, err := os.Stat(path)
	must(t, err)
	if st.Mode() != 0o600 {
		t.Errorf("security: mode %v", st.Mode())
	}
}

func TestDeployKey(t *testing.T) {
	h := newHarness(t)
	r := h.dokku("git:generate-deploy-key")
	contains(t, r.stdout, "Generating public/private ed25519 key pair", "dokku@")
	public := h.dokku("git:public-key")
	if !strings.HasPrefix(public.stdout, "ssh-ed25519 ") || public.code != 0 {
		t.Errorf("%+v", public)
	}
	contains(t, h.dokku("git:generate-deploy-key").stdout, " !     A deploy key already exists for this host")
	if again := h.dokku("git:public-key"); again != public {
		t.Error("the key was replaced")
	}
	for name, mode := range map[string]os.FileMode{".ssh": 0o700 | os.ModeDir, ".ssh/id_ed25519": 0o600} {
		st, err := os.Stat(h.host.Store.RootPath(name))
		must(t, err)
		if st.Mode() != mode {
			t.Errorf("security: %s has mode %v", name, st.Mode())
		}
	}
}

func TestAllowHost(t *testing.T) {
	h := newHarness(t)
	known := h.host.Store.RootPath(".ssh", "known_hosts")
	must(t, os.Mkdir(filepath.Dir(known), 0o700))
	must(t, os.WriteFile(known, []byte("old.example.com ssh-rsa AAA"), 0o644))
	// ssh-keyscan always speaks to port 22.
	script := "#!/bin/sh\nfor host; do :; done\necho \"# $host\"\necho \"$host ssh-rsa BBB\"\necho \"$host ssh-ed25519 CCC\"\n"
	must(t, os.WriteFile(filepath.Join(h.dir, "bin", "ssh-keyscan"), []byte(script), 0o755))
	t.Setenv("PATH", filepath.Join(h.dir, "bin")+":"+os.Getenv("PATH"))
	for range 2 {
		r := h.dokku("git:allow-host", "git.example.com")
		if r.stdout != "-----> git.example.com added to known hosts\n" {
			t.Errorf("%+v", r)
		}
	}
	got, err := os.ReadFile(known)
	must(t, err)
	if want := "old.example.com ssh-rsa AAA\ngit.example.com ssh-rsa BBB\ngit.example.com ssh-rsa BBB\n"; string(got) != want {
		t.Errorf("got %q", got)
	}
}
