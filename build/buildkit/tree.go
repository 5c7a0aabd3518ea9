package buildkit

import (
	"io/fs"

	"github.com/tonistiigi/fsutil"
)

// Tree is a set of files to build from. Owners are not sent: all belong to
// root. Symbolic links are sent as links and never followed.
type Tree struct {
	root string // a folder
	keep Keep
	file string // one file of this machine, called name
	name string
	mode fs.FileMode
	subs map[string]Tree // folders by name
}

// Keep decides about one file or folder of a tree, which is named relative to
// the tree's root with slashes: whether it is sent, and with what permissions.
type Keep func(path string, mode fs.FileMode) (perm fs.FileMode, keep bool)

// Folder is the folder at root on this machine with all that is in it.
func Folder(root string) Tree { return Tree{root: root} }

// Filtered is the folder without what keep refuses.
func (t Tree) Filtered(keep Keep) Tree {
	t.keep = keep
	return t
}

// File is a folder with one file, that at path on this machine, under the given
// name.
func File(name, path string, perm fs.FileMode) Tree { return Tree{file: path, name: name, mode: perm} }

// Folders has each of the trees below a folder with the given name.
func Folders(trees map[string]Tree) Tree { return Tree{subs: trees} }

func (t Tree) open() (fsutil.FS, error) {
	switch {
	case t.file != "":
		return filesFS{t.name: {path: t.file, mode: t.mode}}, nil
	case t.subs == nil:
		return newFolderFS(t.root, t.keep)
	}
	folders := foldersFS{}
	for name, sub := range t.subs {
		opened, err := sub.open()
		if err != nil {
			return nil, err
		}
		folders[name] = opened
	}
	return folders, nil
}
