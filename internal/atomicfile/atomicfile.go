// Package atomicfile replaces files so that a crash, a full disk or a kill at
// any instant leaves either the old content or the new one, never a mixture.
//
//	err := atomicfile.Write("/var/lib/dokku/config/ps/blog/scale", []byte("web=1\n"), 0o600)
package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
)

// Owner is who a written file shall belong to; a nil Owner leaves it to the
// process that writes.
type Owner struct{ UID, GID int }

// Write replaces the file at path by data with the given permission bits. The
// folder must exist. The order is: temporary file beside it, write, fsync,
// chmod, rename, fsync of the folder; on any error the old file is untouched
// and the temporary one is gone.
func Write(path string, data []byte, perm os.FileMode) error {
	return WriteAs(path, data, perm, nil)
}

// WriteAs is Write with an owner, set before the file becomes visible.
func WriteAs(path string, data []byte, perm os.FileMode, owner *Owner) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".tmp-"+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
			err = fmt.Errorf("cannot write %s: %w", path, err)
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return err
	}
	if err = tmp.Chmod(perm); err != nil {
		return err
	}
	if owner != nil {
		if err = tmp.Chown(owner.UID, owner.GID); err != nil {
			return err
		}
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
