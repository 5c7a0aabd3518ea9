package sshkeys

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipwayhq/slipway/internal/authkeys"
)

// path is the file that the SSH front end and the host's sshd read.
func (f *feature) path() string { return f.store.RootPath(".ssh", "authorized_keys") }

// read returns the lines of the file in their order; a missing file has none.
func (f *feature) read() ([]authkeys.Line, error) {
	text, err := f.store.ReadFile(f.path())
	if err != nil {
		return nil, err
	}
	return authkeys.Parse(text), nil
}

// write replaces the file. Nobody else may read the folder: sshd refuses keys
// that others can write.
func (f *feature) write(lines []authkeys.Line) error {
	dir := filepath.Dir(f.path())
	if err := f.store.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("cannot write the SSH keys: %w", err)
	}
	return f.store.WriteFile(f.path(), []byte(authkeys.Format(lines)), 0o600)
}
