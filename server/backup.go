package server

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/state"
)

// notBackedUp are the folders below data/ that no upgrade touches: what users mount, logs of builds, and our own
// backups.
var notBackedUp = []string{"storage", "builds", "slipway"}

// backupPath is where the state of a version is kept: `tar -xzf FILE -C /` restores it.
func backupPath(store *state.Store, version int) string {
	return store.LibPath("data", "slipway", "state-"+strconv.Itoa(version)+".tar.gz")
}

// backUp writes what an upgrade may touch to an archive at path: properties, config, data, keys, and the files beside
// each app's repository. Names in it are absolute but for the leading slash. A backup that is there is kept: it was made
// before an earlier attempt at the same upgrade.
func backUp(store *state.Store, path string) (err error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := store.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // 0600: there are secrets in it
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	packed := gzip.NewWriter(tmp)
	archive := tar.NewWriter(packed)
	for _, folder := range []struct {
		path string
		skip func(rel string) bool
	}{
		{store.LibPath("config"), func(string) bool { return false }},
		{store.LibPath("data"), func(rel string) bool { return slices.Contains(notBackedUp, rel) }},
		{store.Root(), func(rel string) bool { // a folder in an app's folder is of its repository
			return strings.Contains(rel, "/") && !strings.HasPrefix(rel, ".ssh/")
		}},
	} {
		if err = addFolder(archive, folder.path, folder.skip); err != nil {
			return errors.Join(err, tmp.Close())
		}
	}
	if err = errors.Join(archive.Close(), packed.Close(), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// addFolder adds the files below root; skip is asked about each folder.
func addFolder(archive *tar.Writer, root string, skip func(rel string) bool) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() && rel != "." && skip(rel) {
			return fs.SkipDir
		}
		if err := addEntry(archive, path, entry); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// addEntry adds a folder, a file or a link with its mode and owner. Sockets and the like are left out.
func addEntry(archive *tar.Writer, path string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	var target string
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	case !info.Mode().IsRegular() && !info.IsDir():
		return nil
	}
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	header.Name = strings.TrimPrefix(path, "/")
	if err := archive.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(archive, file)
	return err
}
