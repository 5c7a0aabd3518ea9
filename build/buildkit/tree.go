package buildkit

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/fnv"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/slipwayhq/slipway/command"
)

// Tree is a set of files to build from. Owners are not sent: all belong to
// root. Symbolic links are sent as links and never followed.
type Tree struct {
	root string
	keep func(path string, mode fs.FileMode) bool
	subs map[string]Tree
}

// Folder is the folder at root on this machine with all that is in it.
func Folder(root string) Tree { return Tree{root: root} }

// Filtered is the tree without the files and folders that keep refuses. path is
// relative to the tree's root, mode that of the file itself.
func (t Tree) Filtered(keep func(path string, mode fs.FileMode) bool) Tree {
	t.keep = keep
	return t
}

// Folders has each of the trees below a folder with the given name.
func Folders(trees map[string]Tree) Tree { return Tree{subs: trees} }

func (t Tree) open() (fsutil.FS, error) {
	if t.subs == nil {
		return newFolderFS(t.root, t.keep)
	}
	var dirs []fsutil.Dir
	for name, sub := range t.subs {
		opened, err := sub.open()
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, fsutil.Dir{Stat: &types.Stat{Path: name, Mode: uint32(fs.ModeDir | 0o755)}, FS: opened})
	}
	return fsutil.SubDirFS(dirs)
}

// folderFS is a folder as the engine sees it. The engine keeps what it was sent
// and takes a file to be unchanged when size, mode and time are. Trees from
// archives and git often have made-up times, and a changed file would be
// missed; so the nanoseconds of the time, which no image keeps, are made from
// what identifies this very file on this machine.
type folderFS struct {
	fsutil.FS
	root string
	keep func(path string, mode fs.FileMode) bool
}

func newFolderFS(root string, keep func(string, fs.FileMode) bool) (fsutil.FS, error) {
	inner, err := fsutil.NewFS(root)
	if err != nil {
		return nil, command.Fail("Cannot read the source: %w", err)
	}
	return &folderFS{FS: inner, root: root, keep: keep}, nil
}

func (f *folderFS) Walk(ctx context.Context, target string, visit fs.WalkDirFunc) error {
	return f.FS.Walk(ctx, target, func(name string, entry fs.DirEntry, walkErr error) error {
		if walkErr != nil || entry == nil {
			return visit(name, entry, walkErr)
		}
		if f.keep != nil && !f.keep(filepath.ToSlash(name), entry.Type()) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*types.Stat)
		if ok && entry.Type().IsRegular() {
			if stat.ModTime, err = f.timeOf(name, stat.ModTime); err != nil {
				return err
			}
			entry = &fsutil.DirEntryInfo{Stat: stat}
		}
		return visit(name, entry, nil)
	})
}

func (f *folderFS) timeOf(name string, modified int64) (int64, error) {
	info, err := os.Lstat(filepath.Join(f.root, name))
	if err != nil {
		return 0, err
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return modified, nil
	}
	hash := fnv.New64a()
	for _, part := range []uint64{uint64(sys.Dev), sys.Ino, uint64(sys.Ctim.Sec), uint64(sys.Ctim.Nsec)} {
		_ = binary.Write(hash, binary.LittleEndian, part)
	}
	second := int64(time.Second)
	return modified - modified%second + int64(hash.Sum64()%uint64(second)), nil
}

// memoryFS is a folder of files in memory, by name. Their times are made from
// their content, see folderFS.
type memoryFS map[string][]byte

func (m memoryFS) Walk(_ context.Context, target string, visit fs.WalkDirFunc) error {
	target = path.Clean("/" + filepath.ToSlash(target))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if target != "/" && target != "/"+name {
			continue
		}
		hash := fnv.New64a()
		hash.Write(m[name])
		stat := &types.Stat{Path: name, Mode: 0o644, Size: int64(len(m[name])), ModTime: int64(hash.Sum64() >> 1)}
		if err := visit(name, &fsutil.DirEntryInfo{Stat: stat}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (m memoryFS) Open(name string) (io.ReadCloser, error) {
	content, ok := m[path.Clean(name)]
	if !ok {
		return nil, &os.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}
