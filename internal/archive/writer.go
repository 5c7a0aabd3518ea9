package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// writer writes entries below root and counts them.
type writer struct {
	ctx    context.Context //nolint:containedctx // lives for one call of Unpack
	root   *os.Root
	limits Limits
	result Result
}

// entry counts one entry and checks its name. skip is true for the folder
// itself ("./").
func (w *writer) entry(name string) (clean string, skip bool, err error) {
	if err := w.ctx.Err(); err != nil {
		return "", false, err
	}
	if w.result.Files++; w.result.Files > w.limits.Files {
		return "", false, tooMany(w.limits.Files)
	}
	switch {
	case strings.HasPrefix(name, "/"):
		return "", false, unsafe("Archive contains entries with absolute paths: %q", name)
	case hasParent(name):
		return "", false, unsafe("Archive contains entries with parent directory traversal: %q", name)
	case strings.ContainsRune(name, 0):
		return "", false, unsafe("The archive has an invalid path: %q", name)
	}
	clean = path.Clean(name)
	return clean, clean == ".", nil
}

// hasParent tells whether ".." is among the elements of a slash path.
func hasParent(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// folder makes a folder and its parents.
func (w *writer) folder(name string) error {
	return w.writing(name, w.root.MkdirAll(name, 0o755))
}

// file writes a regular file in place of whatever is there.
func (w *writer) file(name string, mode fs.FileMode, content io.Reader) error {
	if err := w.replace(name); err != nil {
		return err
	}
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := w.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return w.writing(name, err)
	}
	n, err := io.Copy(f, io.LimitReader(content, w.limits.Bytes-w.result.Bytes+1))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return w.count(n)
}

// count counts the bytes of a file.
func (w *writer) count(n int64) error {
	if w.result.Bytes += n; w.result.Bytes > w.limits.Bytes {
		return tooBig(w.limits.Bytes)
	}
	return nil
}

// symlink makes a symbolic link. Where it leads is checked again at the end,
// when all other links are there.
func (w *writer) symlink(name, target string) error {
	if filepath.IsAbs(target) || hasParent(path.Clean(path.Join(path.Dir(name), target))) {
		return linkOut(name, target)
	}
	if err := w.replace(name); err != nil {
		return err
	}
	return w.writing(name, w.root.Symlink(target, name))
}

// hardLink makes a second name of a file of the archive. Its bytes count once
// more: whoever reads the tree reads them twice.
func (w *writer) hardLink(name, target string) error {
	if filepath.IsAbs(target) || hasParent(target) {
		return linkOut(name, target)
	}
	target = path.Clean(target)
	st, err := w.root.Lstat(target)
	if err != nil || !st.Mode().IsRegular() {
		return unsafe("The archive has a link %q to %q, which is no file of it", name, target)
	}
	if err := w.count(st.Size()); err != nil || name == target {
		return err
	}
	if err := w.replace(name); err != nil {
		return err
	}
	return w.writing(name, w.root.Link(target, name))
}

func linkOut(name, target string) error {
	if filepath.IsAbs(target) {
		return unsafe("Archive contains symlinks with absolute targets: %q to %q", name, target)
	}
	return unsafe("Archive contains symlinks pointing outside extraction directory: %q to %q", name, target)
}

// replace makes the parents of name, and removes a file or link of that name.
func (w *writer) replace(name string) error {
	if dir := path.Dir(name); dir != "." {
		if err := w.folder(dir); err != nil {
			return err
		}
	}
	err := w.root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return w.writing(name, err)
}

// writing turns an error of the file system into one of the archive where the
// archive is at fault: a path through a link that leads out, a file below a
// file.
func (w *writer) writing(name string, err error) error {
	var pathErr *fs.PathError
	if err == nil || !errors.As(err, &pathErr) && !errors.As(err, new(*os.LinkError)) {
		return err
	}
	if escapes(w.root, path.Dir(name)) {
		return unsafe("Archive contains entries with parent directory traversal: %q", name)
	}
	return fmt.Errorf("cannot unpack %q: %w", name, err)
}

// escapes tells whether a path leads out of root through a link.
func escapes(root *os.Root, name string) bool {
	_, err := root.Stat(name)
	var pathErr *fs.PathError
	// os does not export this error. Source: os/root.go, errPathEscapes.
	return errors.As(err, &pathErr) && pathErr.Err.Error() == "path escapes from parent"
}

// checkLinks refuses symbolic links that lead out of the finished tree, also
// through other links.
func checkLinks(root *os.Root) error {
	// Not root.FS(), which knows no folders whose names are not UTF-8.
	return filepath.WalkDir(root.Name(), func(full string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("cannot unpack: %w", err)
		}
		if e.Type() != fs.ModeSymlink {
			return nil
		}
		name, err := filepath.Rel(root.Name(), full)
		if err != nil {
			return fmt.Errorf("cannot unpack: %w", err)
		}
		target, err := root.Readlink(name)
		if err != nil {
			return fmt.Errorf("cannot unpack: %w", err)
		}
		if filepath.IsAbs(target) || hasParent(path.Join(path.Dir(name), target)) || escapes(root, name) {
			return linkOut(name, target)
		}
		return nil
	})
}

// strip moves the content of the one top folder up.
func strip(root *os.Root) (bool, error) {
	top, err := fs.ReadDir(root.FS(), ".")
	if err != nil || len(top) != 1 || !top[0].IsDir() {
		return false, err
	}
	// Out of the way, because the folder may have an entry of its own name.
	const aside = ".slipway-top-folder"
	if err := root.Rename(top[0].Name(), aside); err != nil {
		return false, err
	}
	inner, err := fs.ReadDir(root.FS(), aside)
	if err != nil {
		return false, err
	}
	for _, e := range inner {
		if e.Name() == aside {
			return false, unsafe("The archive has an invalid path: %q", aside)
		}
		if err := root.Rename(path.Join(aside, e.Name()), e.Name()); err != nil {
			return false, err
		}
	}
	return true, root.Remove(aside)
}
