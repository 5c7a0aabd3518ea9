package route

import (
	"os"
	"path/filepath"

	"github.com/slipwayhq/slipway/internal/atomicfile"
)

// writeFile replaces path by data. A temporary file that a kill left behind starts with
// a dot, which no app name does, so Apps never lists it.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	return atomicfile.Write(path, data, fileMode)
}

// syncDir makes a removal in dir survive a power cut.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	return f.Sync()
}
