package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CoreMarker is the file in $DOKKU_LIB_ROOT/core-plugins that says that the folder is Slipway's.
const CoreMarker = ".slipway"

// OwnsCore tells whether core-plugins below DOKKU_LIB_ROOT may be written: it is not there, it is empty, or it has our marker.
// That of a Dokku is not ours: `slipway migrate` takes it away. See docs/adr/0008.
func OwnsCore(lib string) (bool, error) {
	dir := filepath.Join(lib, "core-plugins")
	if _, err := os.Lstat(filepath.Join(dir, CoreMarker)); err == nil {
		return true, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot look into %s: %w", dir, err)
	}
	for _, e := range entries {
		inside, err := os.ReadDir(filepath.Join(dir, e.Name()))
		if err != nil || len(inside) > 0 { // a file, or a folder that is not empty
			return false, nil //nolint:nilerr // a file is no folder
		}
	}
	return true, nil
}

// IsCore tells whether the enabled plugin at path is one of Dokku's own: a link that leads into core-plugins, over
// plugins/available where plugn made it. Dokku: debian/postinst, setup-plugins.
func IsCore(path string) bool {
	for range 3 {
		target, err := os.Readlink(path)
		if err != nil {
			return false
		}
		if strings.Contains(target, "core-plugins") {
			return true
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return false
}
