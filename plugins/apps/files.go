package apps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/app"
)

// repository are the parts of a bare git repository; hooks are left out, as
// they name the app.
var repository = []string{"HEAD", "config", "description", "packed-refs", "info", "logs", "objects", "refs", "shallow", "modules"}

// copyFiles gives an app what another one has and is, without what happened to
// it.
func (a apps) copyFiles(from, to string) error {
	for _, part := range repository {
		source, target := filepath.Join(a.h.Store.AppDir(from), part), filepath.Join(a.h.Store.AppDir(to), part)
		if err := a.h.Store.CopyTree(source, target); err != nil {
			return fmt.Errorf("cannot copy the repository of %s: %w", from, err)
		}
	}
	if err := a.h.Store.CopyData(from, to); err != nil {
		return err
	}
	if err := a.h.Store.CopyProperties(from, to); err != nil {
		return err
	}
	if err := a.h.Store.Set(propCreated, to, strconv.FormatInt(a.now().Unix(), 10)); err != nil {
		return err
	}
	if err := a.h.Store.Unset(propDeployed, to); err != nil {
		return err
	}
	env, err := a.h.Store.Env(from)
	if err != nil {
		return err
	}
	return a.h.Store.SetEnv(to, env)
}

// wipe removes all files of an app, but its persistent folders.
func (a apps) wipe(name string) error {
	// The last guard before files are removed by name. Old Dokku allowed "_".
	if _, err := app.ParseName(strings.ReplaceAll(name, "_", "-")); err != nil {
		return fmt.Errorf("refusing to remove the files of %q: %w", name, err)
	}
	err := errors.Join(a.h.Store.DestroyProperties(name), a.h.Store.DestroyEnv(name), a.h.Store.DestroyData(name),
		removeApp(a.h.Store.AppDir(name)))
	if err != nil {
		return fmt.Errorf("cannot remove all of %s: %w", name, err)
	}
	return nil
}

// removeApp removes the app's folder, which may be a link to another place;
// then what is there goes too.
func removeApp(dir string) error {
	target, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.RemoveAll(dir)
	}
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(target), os.RemoveAll(dir))
}
