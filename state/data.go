package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// appData are the folders below data/ that have one folder per app. Others
// below data/ have folders whose names only look like those of apps:
// data/storage is what users mount and outlives the app, data/proxy/routes
// belongs to the proxy. Plugins of others clean up in post-delete.
var appData = []string{"app-json", "apps", "builder-lambda", "builds", "cron", "docker-options", "git", "ps", "releases", "scheduler-docker-local"}

// copiedData are those among them that an app keeps under another name; the
// rest says what happened to the one app.
var copiedData = []string{"app-json", "builder-lambda", "docker-options", "git", "ps"}

// newData are those that an app has from the start, so that scripts can write
// into them. Source: Dokku's handlers of post-create.
var newData = []string{"app-json", "apps", "ps", "scheduler-docker-local"}

// MakeAppData makes them for a new app.
func (s *Store) MakeAppData(app string) error {
	for _, feature := range newData {
		if err := s.MkdirAll(s.DataDir(feature, app), 0o755); err != nil {
			return fmt.Errorf("cannot make the data folders of %s: %w", app, err)
		}
	}
	return nil
}

// MakeAppDir makes the folder of a new app. Errors: fs.ErrExist when there is
// one, so that of two who create an app one is told so.
func (s *Store) MakeAppDir(app string) error {
	if err := os.Mkdir(s.AppDir(app), 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of %s: %w", app, err)
	}
	if s.cfg.Owner == nil {
		return nil
	}
	if err := os.Chown(s.AppDir(app), s.cfg.Owner.UID, s.cfg.Owner.GID); err != nil {
		return fmt.Errorf("cannot hand over the folder of %s: %w", app, err)
	}
	return nil
}

// DestroyData removes the app's folders below data/.
func (s *Store) DestroyData(app string) error {
	for _, feature := range appData {
		if err := os.RemoveAll(s.DataDir(feature, app)); err != nil {
			return fmt.Errorf("cannot remove the data of %s: %w", app, err)
		}
	}
	return nil
}

// CopyData copies the app's folders below data/ for an app of another name,
// without records and locks.
func (s *Store) CopyData(from, to string) error {
	for _, feature := range copiedData {
		if err := s.CopyTree(s.DataDir(feature, from), s.DataDir(feature, to)); err != nil {
			return fmt.Errorf("cannot copy the data of %s: %w", from, err)
		}
	}
	return nil
}

// CopyTree copies a file, or a folder with what is in it, over what is there.
// It is no error when from does not exist; links and special files are left
// out.
func (s *Store) CopyTree(from, to string) error {
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, rel); {
		case entry.IsDir():
			return s.MkdirAll(target, info.Mode().Perm())
		case entry.Type().IsRegular():
			return s.copyFile(path, target, info.Mode().Perm())
		default:
			return nil
		}
	})
}

// copyFile streams: a pack of git may be large.
func (s *Store) copyFile(from, to string, perm fs.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if s.cfg.Owner != nil {
		if err := out.Chown(s.cfg.Owner.UID, s.cfg.Owner.GID); err != nil {
			return err
		}
	}
	_, err = io.Copy(out, in)
	return err
}
