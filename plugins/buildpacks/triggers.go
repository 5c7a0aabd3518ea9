package buildpacks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// onStackName answers buildpack-stack-name(app) with what was set, if anything
// was.
func (b *buildpacks) onStackName(_ context.Context, c *trigger.Call) error {
	name, err := b.stack(c.Arg(0))
	if err == nil && name != "" {
		fmt.Fprintln(c.Out, name)
	}
	return err
}

// file is where herokuish and pack look for the list.
const file = ".buildpacks"

// maxFile is the size that the files of a source which are read here may have,
// in bytes.
const maxFile = 1 << 20

// onExtract answers post-extract(app, dir, revision): it writes the list into
// the source.
func (b *buildpacks) onExtract(_ context.Context, c *trigger.Call) error {
	name, dir := c.Arg(0), c.Arg(1)
	chosen, err := b.chosen(name, dir)
	if err != nil {
		return err
	}
	var lines []string
	for _, text := range chosen {
		url, err := ParseURL(text)
		if err != nil {
			return err
		}
		lines = append(lines, string(url))
	}
	if len(lines) == 0 {
		if lines, err = spelledOut(dir); err != nil || lines == nil {
			return err
		}
	}
	return write(dir, lines)
}

// chosen are the buildpacks that were set, else those of app.json. Where the
// app comes from an image there is no app.json yet.
func (b *buildpacks) chosen(name, dir string) ([]string, error) {
	all, err := b.host.Store.List(list, name)
	if err != nil || len(all) > 0 {
		return all, err
	}
	path, err := b.host.Computed("app-json", "appjson-path", name)
	if err != nil {
		return nil, err
	}
	text, err := read(dir, path)
	if err != nil || text == "" {
		return nil, err
	}
	manifest, err := app.ParseAppJSON([]byte(text))
	if err != nil {
		return nil, nil //nolint:nilerr // whoever reads the rest of it says so
	}
	for _, buildpack := range manifest.Buildpacks {
		all = append(all, buildpack.URL)
	}
	return all, nil
}

// spelledOut is the source's own list with URLs for short names; nil when it
// has none.
func spelledOut(dir string) ([]string, error) {
	text, err := read(dir, file)
	if err != nil || text == "" {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			url, err := ParseURL(line)
			if err != nil {
				return nil, command.BadInput("Unable to parse .buildpacks file, line %d: %w", len(lines)+1, err)
			}
			line = string(url)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// read is a small file of a source, "" when there is none. Links that leave the
// source are not followed.
func read(dir, path string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("cannot read the source: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(filepath.Clean(strings.TrimPrefix(path, "/")))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", command.BadInput("Cannot read %s of the source: %w", path, err)
	case !info.Mode().IsRegular():
		return "", nil
	case info.Size() > maxFile:
		return "", command.BadInput("%s is larger than %d bytes", path, maxFile)
	}
	text, err := root.ReadFile(filepath.Clean(strings.TrimPrefix(path, "/")))
	return string(text), err
}

// write replaces the list of a source: never what a link of that name leads to.
func write(dir string, lines []string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot write the source: %w", err)
	}
	defer root.Close()
	if err := root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot write %s: %w", file, err)
	}
	if err := root.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("cannot write %s: %w", file, err)
	}
	return nil
}
