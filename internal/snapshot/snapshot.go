// Package snapshot keeps folders as they are at one moment, and gives them back: content, modes, owners, times and links.
//
//	tree := snapshot.Tree{Roots: []string{"/home/dokku", "/var/lib/dokku"}, Skip: isCache}
//	before, err := snapshot.Pack(ctx, tree, archive)       // archive: a tar.gz, for `tar -xpzf FILE -C /` too
//	now, err := snapshot.Scan(ctx, tree)
//	changes := snapshot.Compare(before, now)
//	err = snapshot.Restore(ctx, tree, before, open)        // what did not change is not touched
//
// Restore may be cut off at any instant and begun again: each file is replaced at once, and what is done is left alone.
// Sockets, devices and pipes are neither kept nor removed; extended attributes are not kept.
package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Tree says which folders are meant. A root that is a link stands for what it leads to.
type Tree struct {
	Roots []string // absolute
	// Skip is asked about each path below the roots; what it says yes to is left out, with all that is in it. nil: nothing.
	Skip func(path string) bool
}

// Kind is what an entry is.
type Kind string

// The kinds of entries.
const (
	File   Kind = "file"
	Folder Kind = "folder"
	Link   Kind = "link"
)

// Entry is one file, folder or link.
type Entry struct {
	Path   string      `json:"path"` // absolute
	Kind   Kind        `json:"kind"`
	Mode   fs.FileMode `json:"mode"` // permissions with setuid, setgid and sticky; 0 for links
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
	Time   int64       `json:"time"` // of the last change of its content, nanoseconds since 1970
	Size   int64       `json:"size,omitempty"`
	SHA256 string      `json:"sha256,omitempty"`
	Target string      `json:"target,omitempty"` // of a link
}

// Manifest has the entries of a tree by path.
type Manifest map[string]Entry

// Change is one difference between two manifests.
type Change struct {
	Path   string
	Before *Entry // nil: it is new
	After  *Entry // nil: it is gone
}

// Content tells whether more than owner, mode or time differs.
func (c Change) Content() bool {
	return c.Before == nil || c.After == nil || c.Before.Kind != c.After.Kind || c.Before.SHA256 != c.After.SHA256 || c.Before.Target != c.After.Target
}

// same tells whether two entries are alike but for their time.
func same(a, b Entry) bool {
	return a.Kind == b.Kind && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && a.SHA256 == b.SHA256 && a.Target == b.Target
}

// Compare lists the differences in content, mode and owner, by path. Times do not count.
func Compare(before, after Manifest) []Change {
	var changes []Change
	for path, b := range before {
		if a, ok := after[path]; !ok {
			changes = append(changes, Change{Path: path, Before: &b})
		} else if !same(a, b) {
			changes = append(changes, Change{Path: path, Before: &b, After: &a})
		}
	}
	for path, a := range after {
		if _, ok := before[path]; !ok {
			changes = append(changes, Change{Path: path, After: &a})
		}
	}
	slices.SortFunc(changes, func(x, y Change) int { return strings.Compare(x.Path, y.Path) })
	return changes
}

// Scan reads the tree.
func Scan(ctx context.Context, tree Tree) (Manifest, error) {
	manifest := Manifest{}
	err := tree.walk(ctx, func(entry Entry) error {
		if entry.Kind == File {
			file, err := os.Open(entry.Path)
			if err != nil {
				return err
			}
			defer file.Close()
			hash := sha256.New()
			if entry.Size, err = io.Copy(hash, file); err != nil {
				return err
			}
			entry.SHA256 = hex.EncodeToString(hash.Sum(nil))
		}
		manifest[entry.Path] = entry
		return nil
	})
	return manifest, err
}

// Size is how many bytes the files of the tree have, and how many files, folders and links there are.
func Size(ctx context.Context, tree Tree) (size int64, entries int, err error) {
	err = tree.walk(ctx, func(entry Entry) error {
		size, entries = size+entry.Size, entries+1
		return nil
	})
	return size, entries, err
}

// walk visits every entry, folders before what is in them. What vanishes meanwhile is left out.
func (t Tree) walk(ctx context.Context, visit func(Entry) error) error {
	roots, err := t.roots()
	if err != nil {
		return err
	}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return gone(err)
			}
			if path != root && t.Skip != nil && t.Skip(path) {
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			found, err := lstat(path)
			if err != nil || found.Kind == "" {
				return gone(err)
			}
			return gone(visit(found))
		})
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", root, err)
		}
	}
	return nil
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// roots are the roots, links resolved, without those inside of others.
func (t Tree) roots() ([]string, error) {
	var all []string
	for _, root := range t.Roots {
		real, err := filepath.EvalSymlinks(root)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, real)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(slices.Clone(all), func(path string) bool {
		return slices.ContainsFunc(all, func(other string) bool {
			return other != path && strings.HasPrefix(path, strings.TrimSuffix(other, "/")+"/")
		})
	}), nil
}

// lstat is the entry at a path, without hash; one without Kind is a socket or the like.
func lstat(path string) (Entry, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Path: path, Time: info.ModTime().UnixNano(), Mode: info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		e.UID, e.GID = int(st.Uid), int(st.Gid)
	}
	switch {
	case info.Mode().IsRegular():
		e.Kind, e.Size = File, info.Size()
	case info.IsDir():
		e.Kind = Folder
	case info.Mode()&fs.ModeSymlink != 0:
		e.Kind, e.Mode = Link, 0
		if e.Target, err = os.Readlink(path); err != nil {
			return e, err
		}
	}
	return e, nil
}
