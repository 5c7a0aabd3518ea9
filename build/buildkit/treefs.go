package buildkit

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/slipwayhq/slipway/command"
)

// folderFS is a folder as the engine sees it.
//
// The engine keeps what it was sent, and takes a file to be unchanged when
// size, permissions and time are. Trees from archives and from git often have
// made-up times, so that a changed file would be missed. Hence the nanoseconds
// of the time, which images do not keep, are made from what identifies this
// very file on this machine.
type folderFS struct {
	fsutil.FS
	root string
	keep Keep
}

func newFolderFS(root string, keep Keep) (fsutil.FS, error) {
	inner, err := fsutil.NewFS(root)
	if err != nil {
		return nil, command.Fail("Cannot read the source: %w", err)
	}
	return &folderFS{FS: inner, root: root, keep: keep}, nil
}

// Walk implements fsutil.FS.
func (f *folderFS) Walk(ctx context.Context, target string, visit fs.WalkDirFunc) error {
	return f.FS.Walk(ctx, target, func(name string, entry fs.DirEntry, walkErr error) error {
		if walkErr != nil || entry == nil {
			return visit(name, entry, walkErr)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*types.Stat)
		if !ok {
			return visit(name, entry, nil)
		}
		if f.keep != nil {
			perm, keep := f.keep(filepath.ToSlash(name), info.Mode())
			switch {
			case !keep && info.IsDir():
				return filepath.SkipDir
			case !keep:
				return nil
			}
			stat.Mode = stat.Mode&^uint32(fs.ModePerm) | uint32(perm.Perm())
		}
		if info.Mode().IsRegular() {
			if err := complete(stat, filepath.Join(f.root, name)); err != nil {
				return err
			}
		}
		return visit(name, &fsutil.DirEntryInfo{Stat: stat}, nil)
	})
}

// complete says of a file what fsutil leaves out when it is a hard link to one
// that it saw before, which a filter may have refused, and gives it a time that
// tells it from every other file.
func complete(stat *types.Stat, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat.Linkname, stat.Size, stat.ModTime = "", info.Size(), distinctTime(info)
	return nil
}

// distinctTime is the time of a file, in nanoseconds since 1970, with a
// fraction of the second that is made from its identity.
func distinctTime(info fs.FileInfo) int64 {
	modified := info.ModTime().UnixNano()
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return modified
	}
	hash := fnv.New64a()
	for _, part := range []uint64{sys.Dev, sys.Ino, uint64(sys.Ctim.Sec), uint64(sys.Ctim.Nsec)} {
		hash.Write(binary.LittleEndian.AppendUint64(nil, part))
	}
	second := int64(time.Second)
	return modified - modified%second + int64(hash.Sum64()%uint64(second))
}
