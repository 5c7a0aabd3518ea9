package pluginctl

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
)

// skeletons are the files of new plugins: those of all languages, and of each
// one. Each file has .txt behind its name, so that none is taken for ours.
//
//go:embed skeleton
var skeletons embed.FS

// languages are what a new plugin can be written in: how it is tested, and which
// of its files are links to its one program.
var languages = map[string]struct{ test, program string }{
	"bash":   {test: "test/run"},
	"go":     {test: "go test ./...", program: "bin/@NAME@"},
	"python": {test: "python3 -m unittest", program: "plugin.py"},
	"node":   {test: "node --test", program: "plugin.js"},
}

// called are the links.
var called = []string{"commands", "post-create", "subcommands/hello"}

type newArgs struct {
	Name     string `arg:"name" missing:"Please specify a name for the plugin"`
	Language string `flag:"lang" default:"bash" help:"bash, go, python or node"`
	Dir      string `flag:"dir" help:"the folder to make; NAME where it is not given"`
	Format   string `flag:"format" default:"folder" help:"folder, or tar: an archive on stdout"`
}

// newName is stricter than ParseName: it begins the commands of the plugin, and
// in Go it names a module.
var newName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// create makes the skeleton of a plugin, in a folder of the caller.
func (p *plugins) create(ctx context.Context, c *command.Call, in newArgs) error {
	switch {
	case !newName.MatchString(in.Name):
		return command.BadInput("%q is no name for a new plugin: it begins with a small letter, and has small letters, digits and - only", in.Name)
	case p.host.Compiled(in.Name):
		return command.BadInput("A plugin %s would take the place of the feature %s of Slipway. Choose another name", in.Name, in.Name)
	}
	files, err := skeleton(in.Name, in.Language)
	if err != nil {
		return err
	}
	switch in.Format {
	case "tar":
		archive, err := pack(in.Name+"/", files)
		if err != nil {
			return err
		}
		_, err = c.Out.Stdout().Write(archive)
		return err
	case "folder":
	default:
		return command.BadInput("Invalid format specified, supported formats: folder, tar")
	}
	folders, ok := c.Files.(command.Folders)
	if !ok {
		return command.BadInput("Nothing is written to this machine for who comes by SSH. Get an archive: plugin:new %s --lang %s --format tar | tar -x", in.Name, in.Language)
	}
	archive, err := pack("", files)
	if err != nil {
		return err
	}
	dir := cmp.Or(in.Dir, in.Name)
	if err := folders.MakeFolder(ctx, dir, bytes.NewReader(archive)); err != nil {
		return err
	}
	c.Out.Headers().Step("The plugin %s is in %s", in.Name, folders.Path(dir))
	c.Out.Text("test it:     cd %s && %s", dir, languages[in.Language].test)
	c.Out.Text("look at it:  dokku plugin:lint %s", dir)
	c.Out.Text("install it:  dokku plugin:install file://%s", folders.Path(dir))
	return nil
}

// newFile is a file of a new plugin, or a link.
type newFile struct {
	text, link string
}

// skeleton is the files of a new plugin by their path.
func skeleton(name, language string) (map[string]newFile, error) {
	about, ok := languages[language]
	if !ok {
		return nil, command.BadInput("%q is none of the languages %s", language, strings.Join(slices.Sorted(maps.Keys(languages)), ", "))
	}
	fill := strings.NewReplacer("@NAME@", name, "@TEST@", about.test)
	files := map[string]newFile{}
	for _, dir := range []string{"all", language} {
		root := path.Join("skeleton", dir)
		err := fs.WalkDir(skeletons, root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := skeletons.ReadFile(file)
			if err != nil {
				return err
			}
			to := strings.TrimSuffix(strings.TrimPrefix(file, root+"/"), ".txt")
			if to == "gitignore" {
				to = ".gitignore"
			}
			files[to] = newFile{text: fill.Replace(string(text))}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if about.program != "" {
		for _, link := range called {
			files[link] = newFile{link: strings.Repeat("../", strings.Count(link, "/")) + fill.Replace(about.program)}
		}
	}
	return files, nil
}

// pack makes a tar archive. What begins with #! may be run.
func pack(prefix string, files map[string]newFile) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	folders := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := files[name]
		if dir := path.Dir(prefix + name); dir != "." && !folders[dir] {
			folders[dir] = true
			if err := w.WriteHeader(&tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: epoch}); err != nil {
				return nil, err
			}
		}
		header := &tar.Header{Name: prefix + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(file.text)), ModTime: epoch}
		switch {
		case file.link != "":
			header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, file.link, 0o777
		case strings.HasPrefix(file.text, "#!"):
			header.Mode = 0o755
		}
		err := w.WriteHeader(header)
		if err == nil {
			_, err = w.Write([]byte(file.text))
		}
		if err != nil {
			return nil, fmt.Errorf("cannot pack %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, errors.Join(errors.New("cannot pack the plugin"), err)
	}
	return out.Bytes(), nil
}

// epoch is the time of the files of a new plugin: the same archive comes out of
// the same words.
var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
