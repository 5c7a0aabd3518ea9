package cron

import (
	"os"
	"path/filepath"
	"testing"
)

// block puts a folder in the place of a file, so that it cannot be written.
func block(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
}
