package snapshot

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Restore brings the tree back to the manifest: what is new is removed, what is gone or different is put back from the
// archive, which open opens when something has to be read from it. What is as it was is not touched, but for its time.
func Restore(ctx context.Context, tree Tree, to Manifest, open func() (io.ReadCloser, error)) error {
	now, err := Scan(ctx, tree)
	if err != nil {
		return err
	}
	changes := Compare(to, now)
	// From the leaves: a folder goes when it is empty.
	for _, c := range slices.Backward(changes) {
		if c.Before == nil || (c.After != nil && c.Before.Kind != c.After.Kind) {
			err := os.Remove(c.Path)
			if errors.Is(err, syscall.ENOTEMPTY) && c.Before == nil {
				continue // something is in it that is no part of the tree
			}
			if gone(err) != nil {
				return err
			}
		}
	}
	files := map[string]Entry{}
	for _, c := range changes {
		switch {
		case c.Before == nil:
		case c.Before.Kind == Folder:
			err = restoreFolder(*c.Before)
		case c.Before.Kind == Link:
			err = restoreLink(*c.Before)
		case c.Content():
			files[c.Path] = *c.Before
		default:
			err = attributes(c.Path, *c.Before)
		}
		if err != nil {
			return fmt.Errorf("cannot restore %s: %w", c.Path, err)
		}
	}
	if len(files) > 0 {
		if err := unpack(ctx, files, open); err != nil {
			return err
		}
	}
	return restoreTimes(to)
}

// unpack replaces files by those in the archive.
func unpack(ctx context.Context, files map[string]Entry, open func() (io.ReadCloser, error)) error {
	file, err := open()
	if err != nil {
		return err
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("cannot read the archive: %w", err)
	}
	for archive := tar.NewReader(packed); len(files) > 0; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the archive lacks %d files, %s among them", len(files), anyOf(files))
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("cannot read the archive: %w", err)
		}
		path := "/" + strings.Trim(header.Name, "/")
		entry, wanted := files[path]
		if !wanted || header.Typeflag != tar.TypeReg {
			continue
		}
		if err := restoreFile(entry, archive); err != nil {
			return fmt.Errorf("cannot restore %s: %w", path, err)
		}
		delete(files, path)
	}
	return nil
}

func anyOf(files map[string]Entry) string {
	for path := range files {
		return path
	}
	return ""
}

// restoreFile writes the file beside itself and puts it in place at once.
func restoreFile(entry Entry, from io.Reader) (err error) {
	if err := makeWay(entry); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(entry.Path), ".tmp-restore-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, sum), from)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if hexSum(sum) != entry.SHA256 {
		return errors.New("the archive has something else than the manifest says")
	}
	if err = attributes(tmp.Name(), entry); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), entry.Path)
}

// makeWay makes sure that the folder of an entry is there, and that no folder stands in its place.
func makeWay(entry Entry) error {
	if err := os.MkdirAll(filepath.Dir(entry.Path), 0o755); err != nil {
		return err
	}
	if st, err := os.Lstat(entry.Path); err == nil && st.IsDir() {
		return os.RemoveAll(entry.Path)
	}
	return nil
}

func restoreFolder(entry Entry) error {
	if err := os.Mkdir(entry.Path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return attributes(entry.Path, entry)
}

func restoreLink(entry Entry) error {
	if err := makeWay(entry); err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(entry.Path), fmt.Sprintf(".tmp-restore-link-%d", time.Now().UnixNano()))
	if err := os.Symlink(entry.Target, tmp); err != nil {
		return err
	}
	err := os.Lchown(tmp, entry.UID, entry.GID)
	if err == nil {
		err = os.Rename(tmp, entry.Path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(tmp))
	}
	return err
}

// attributes sets owner, mode and time; the owner first, which clears setuid.
func attributes(path string, entry Entry) error {
	if now, err := lstat(path); err != nil || now.UID != entry.UID || now.GID != entry.GID {
		if err := os.Lchown(path, entry.UID, entry.GID); err != nil {
			return err
		}
	}
	if err := os.Chmod(path, entry.Mode); err != nil {
		return err
	}
	return os.Chtimes(path, time.Time{}, time.Unix(0, entry.Time))
}

// restoreTimes sets the times of files and folders back, also of those that have the same content as ever, and of folders that
// restoring has changed.
func restoreTimes(to Manifest) error {
	for path, entry := range to {
		if entry.Kind == Link {
			continue
		}
		now, err := lstat(path)
		if err == nil && now.Kind == entry.Kind && now.Time != entry.Time {
			err = os.Chtimes(path, time.Time{}, time.Unix(0, entry.Time))
		}
		if gone(err) != nil {
			return fmt.Errorf("cannot restore the time of %s: %w", path, err)
		}
	}
	return nil
}
