package buildkit

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// filesFS is a folder of single files by name.
type filesFS map[string]file

// file is in memory, or at a path on this machine.
type file struct {
	content []byte
	path    string
	mode    fs.FileMode
}

// Walk implements fsutil.FS: target is "" or the name of one file.
func (f filesFS) Walk(_ context.Context, target string, visit fs.WalkDirFunc) error {
	target = path.Clean("/" + filepath.ToSlash(target))
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if target != "/" && target != "/"+name {
			continue
		}
		stat, err := f[name].stat(name)
		if err != nil {
			return err
		}
		switch err := visit(name, &fsutil.DirEntryInfo{Stat: stat}, nil); {
		case errors.Is(err, fs.SkipDir), errors.Is(err, fs.SkipAll):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

func (f file) stat(name string) (*types.Stat, error) {
	stat := &types.Stat{Path: name, Mode: uint32(f.mode.Perm()), Size: int64(len(f.content))}
	if f.path == "" {
		hash := fnv.New64a()
		hash.Write(f.content)
		stat.ModTime = int64(hash.Sum64() >> 1) // see folderFS
		return stat, nil
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	stat.Size, stat.ModTime = info.Size(), distinctTime(info)
	return stat, nil
}

// Open implements fsutil.FS.
func (f filesFS) Open(name string) (io.ReadCloser, error) {
	file, ok := f[path.Clean(filepath.ToSlash(name))]
	switch {
	case !ok:
		return nil, &os.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case file.path != "":
		return os.Open(file.path)
	}
	return io.NopCloser(bytes.NewReader(file.content)), nil
}

// foldersFS has other trees as its folders, by name. fsutil's own SubDirFS
// cannot be filtered: it fails when a whole folder is skipped.
type foldersFS map[string]fsutil.FS

// Walk implements fsutil.FS.
func (f foldersFS) Walk(ctx context.Context, target string, visit fs.WalkDirFunc) error {
	first, below, _ := strings.Cut(strings.Trim(path.Clean("/"+filepath.ToSlash(target)), "/"), "/")
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if first != "" && first != name {
			continue
		}
		folder := &types.Stat{Path: name, Mode: uint32(fs.ModeDir | 0o755)}
		switch err := visit(name, &fsutil.DirEntryInfo{Stat: folder}, nil); {
		case errors.Is(err, fs.SkipDir):
			continue
		case err != nil:
			return err
		}
		err := f[name].Walk(ctx, below, func(inner string, entry fs.DirEntry, walkErr error) error {
			if walkErr != nil || entry == nil {
				return visit(filepath.Join(name, inner), entry, walkErr)
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			stat, ok := info.Sys().(*types.Stat)
			if !ok {
				return &fs.PathError{Op: "stat", Path: inner, Err: errors.ErrUnsupported}
			}
			stat.Path = path.Join(name, stat.Path)
			return visit(filepath.Join(name, inner), &fsutil.DirEntryInfo{Stat: stat}, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Open implements fsutil.FS.
func (f foldersFS) Open(name string) (io.ReadCloser, error) {
	folder, inner, _ := strings.Cut(path.Clean(filepath.ToSlash(name)), "/")
	tree, ok := f[folder]
	if !ok {
		return nil, &os.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return tree.Open(filepath.FromSlash(inner))
}
