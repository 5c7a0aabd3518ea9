package sshd

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestHostKeyIsMadeOnceAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ssh")
	first, err := hostKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := hostKey(dir)
	if err != nil || !bytes.Equal(first.PublicKey().Marshal(), second.PublicKey().Marshal()) {
		t.Errorf("another key: %v", err)
	}
	path := filepath.Join(dir, hostKeyName)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := hostKey(dir); err == nil {
		t.Error("an unreadable host key was replaced")
	}
}
