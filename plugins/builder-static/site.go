package builderstatic

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/build/buildkit"
)

// otherwise are the files at the root of a source that say how to build or run
// it, so that an index.html beside them is not all there is.
var otherwise = []string{
	".buildpacks", ".golang", ".meteor", ".release", ".static", "Aptfile", "Cargo.toml", "Dockerfile", "Gemfile", "Gopkg.lock", "Pipfile",
	"Procfile", "build.gradle", "build.gradle.kts", "build.sbt", "bun.lock", "bun.lockb", "composer.json", "deno.json", "go.mod", "gradlew",
	"index.php", "lambda.yml", "main.py", "mix.exs", "nixpacks.toml", "package.json", "pom.atom", "pom.clj", "pom.groovy", "pom.rb", "pom.scala",
	"pom.xml", "pom.yaml", "pom.yml", "project.clj", "project.toml", "pyproject.toml", "railpack.json", "rebar.config", "requirements.txt",
	"settings.gradle", "settings.gradle.kts", "setup.py", "uv.lock",
}

// aboutDeploy are files at the root of a source that are for the deploy and not
// for visitors.
var aboutDeploy = []string{"Procfile", "app.json", "CHECKS", "nginx.conf.sigil", "Dockerfile"}

// siteFolder is the real path of the site in the source. ok is false when the
// source has no such folder, or when it is a link out of the source.
func siteFolder(source, root string) (folder string, ok bool) {
	opened, err := os.OpenRoot(source)
	if err != nil {
		return "", false
	}
	defer opened.Close()
	info, err := opened.Stat(root)
	if err != nil || !info.IsDir() {
		return "", false
	}
	folder, err = filepath.EvalSymlinks(filepath.Join(source, root))
	return folder, err == nil
}

func hasFile(folder, name string) bool {
	info, err := os.Lstat(filepath.Join(folder, name))
	return err == nil && !info.IsDir()
}

// visitors decides which files of the site its visitors see. All of them can be
// read by the server's user, whatever the checkout's permissions.
func visitors(folder string, whole bool) buildkit.Keep {
	return func(name string, mode fs.FileMode) (fs.FileMode, bool) {
		base := path.Base(name)
		switch {
		case strings.HasPrefix(base, ".") && base != ".well-known":
			return 0, false
		case whole && slices.Contains(aboutDeploy, name):
			return 0, false
		case mode.IsDir():
			return 0o755, true
		case mode.IsRegular():
			return 0o644, true
		case mode&fs.ModeSymlink != 0:
			return 0o777, staysInside(folder, name)
		}
		return 0, false
	}
}

// staysInside tells whether a link leads to something in the folder, over any
// number of links.
func staysInside(folder, link string) bool {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return false
	}
	defer root.Close()
	_, err = root.Stat(filepath.FromSlash(link))
	return err == nil
}
