package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/slipwayhq/slipway/command"
)

// chowns are the users of well-known images.
// Source: Dokku plugins/storage/subcommands.go, ResolveChownID.
var chowns = map[string]int{"herokuish": 32767, "heroku": 1000, "paketo": 2000, "packeto": 2000, "root": 0}

// remapped is by how much an engine with user namespaces moves users; Dokku
// supposes the usual /etc/subuid.
const remapped = 165536

// nobody is the owner of a folder that stays as it is.
const nobody = -1

// owner is the user, and group, that --chown names: nobody for false and "".
func (s storage) owner(ctx context.Context, out *command.Output, chown string) (int, error) {
	if chown == "" || chown == "false" {
		return nobody, nil
	}
	if chown == "packeto" {
		out.Text("Detected deprecated chown flag 'packeto'. Using 'paketo' instead. Please update your configuration.")
	}
	id, known := chowns[chown]
	if !known {
		n, err := strconv.ParseUint(chown, 10, 16)
		if err != nil {
			return 0, errChown
		}
		id = int(n)
	}
	on, err := s.h.Docker.RemapsUsers(ctx)
	if on {
		id += remapped
	}
	return id, err
}

var errChown = command.BadInput("Unsupported chown permissions")

// usual tells whether the entry is the folder of its name, the only place whose
// owner and rights are ours to change.
func (s storage) usual(e entry) bool { return e.HostPath == filepath.Join(s.home(), e.Name) }

func (s storage) notUsual(e entry, flag string) error {
	return command.BadInput("%s is only supported when the storage entry uses the default host path (%s); omit %s and manage %s manually",
		flag, filepath.Join(s.home(), e.Name), flag, e.HostPath)
}

// checkFolder refuses what ensureFolder could not do. It changes nothing.
func (s storage) checkFolder(ctx context.Context, out *command.Output, e entry) (owner int, err error) {
	if e.Chown != "" && e.Chown != "false" && !s.usual(e) {
		return 0, s.notUsual(e, "--chown")
	}
	if e.Mode != "" && !s.usual(e) {
		return 0, s.notUsual(e, "--mode")
	}
	if e.isFolder() {
		info, err := os.Stat(e.HostPath)
		if err == nil && !info.IsDir() {
			return 0, command.BadInput("storage entry path %s exists but is not a directory", e.HostPath)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("unable to stat %s: %w", e.HostPath, err)
		}
	}
	return s.owner(ctx, out, e.Chown)
}

// ensureFolder makes the folder of an entry and gives it its owner and rights.
// A volume of docker is docker's to make.
func (s storage) ensureFolder(ctx context.Context, out *command.Output, e entry, owner int) error {
	if !e.isFolder() {
		return nil
	}
	if _, err := os.Stat(e.HostPath); errors.Is(err, fs.ErrNotExist) {
		if err := s.h.Store.MkdirAll(e.HostPath, 0o755); err != nil {
			return err
		}
		out.Text("Created %s", e.HostPath)
	}
	if e.Mode != "" {
		out.Text("Setting directory mode to %s", e.Mode)
		if err := s.chmod(e.Name, e.Mode); err != nil {
			return err
		}
	}
	if owner != nobody {
		out.Text("Setting directory ownership to %d:%d", owner, owner)
		return s.chown(ctx, e.Name, "", owner)
	}
	return nil
}

// open opens the folder NAME of home, which must not be a link: as root we
// would change what it leads to.
func (s storage) open(name string, do func(home, folder *os.Root) error) error {
	home, err := os.OpenRoot(s.home())
	if err != nil {
		return err
	}
	defer home.Close()
	info, err := home.Lstat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return command.Fail("%s is a link, or no folder. Change its owner and rights by hand", filepath.Join(s.home(), name))
	}
	folder, err := home.OpenRoot(name)
	if err != nil {
		return err
	}
	defer folder.Close()
	return do(home, folder)
}

// chmod sets the rights of a folder of home, but not of what is in it.
func (s storage) chmod(name, mode string) error {
	bits, err := strconv.ParseUint(mode, 8, 12)
	if err != nil {
		return err
	}
	perm := fs.FileMode(bits & 0o777)
	for bit, m := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if bits&bit != 0 {
			perm |= m
		}
	}
	err = s.open(name, func(home, _ *os.Root) error { return home.Chmod(name, perm) })
	if err != nil {
		return fmt.Errorf("unable to chmod %s: %w", filepath.Join(s.home(), name), err)
	}
	return nil
}

// chown gives a folder of home, or the one at sub below it, with all that is in
// it to a user and the group of the same number. Links are given away
// themselves, never what they lead to, and nothing outside of the folder is
// touched, whatever an app does in it meanwhile.
func (s storage) chown(ctx context.Context, name, sub string, id int) error {
	err := s.open(name, func(_, folder *os.Root) error {
		start := "."
		if sub != "" {
			start = filepath.ToSlash(filepath.Clean(sub))
		}
		return fs.WalkDir(folder.FS(), start, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			return folder.Lchown(path, id, id)
		})
	})
	if errors.Is(err, fs.ErrPermission) {
		return command.Fail("unable to chown %s: slipwayd does not run as root here. Use --chown false", filepath.Join(s.home(), name))
	}
	if err != nil {
		return fmt.Errorf("unable to chown %s: %w", filepath.Join(s.home(), name), err)
	}
	return nil
}

// destroyFolder removes a folder of home with all that is in it; one that is
// not there is no error.
func (s storage) destroyFolder(name string) error {
	home, err := os.OpenRoot(s.home())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer home.Close()
	path := filepath.Join(s.home(), name)
	info, err := home.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.IsDir():
		return command.Fail("%s exists but is not a directory", path)
	case err == nil:
		err = home.RemoveAll(name)
	}
	if err != nil {
		return fmt.Errorf("unable to remove %s: %w", path, err)
	}
	return nil
}
