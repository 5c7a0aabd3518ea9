package build

import (
	"bufio"
	"os"
	"strings"
)

// WantsBuildpack tells whether a source or its app's config asks for a
// buildpack by name, which goes before a Dockerfile.
// Source: Dokku plugins/builder-herokuish/functions.
func WantsBuildpack(dir string, env map[string]string) bool {
	return HasFile(dir, ".buildpacks") || mentions(dir, ".env", "BUILDPACK_URL") || env["BUILDPACK_URL"] != ""
}

// HasFile tells whether a source has the file, not over a link that leads out
// of it.
func HasFile(dir, path string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer root.Close()
	info, err := root.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func mentions(dir, path, text string) bool {
	file, err := os.OpenInRoot(dir, path)
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.Contains(lines.Text(), text) {
			return true
		}
	}
	return false
}
