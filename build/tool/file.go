package tool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
)

// Rename makes the file that path names the file called name of a source, where
// the program looks for it. Where there is none, one of that name goes: the
// operator said to use another.
// Source: Dokku plugins/builder-nixpacks/core-post-extract and its like.
func Rename(dir, path, name string) error {
	if path == name {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot open the source: %w", err)
	}
	defer root.Close()
	if build.HasFile(dir, path) {
		err = root.Rename(path, name)
	} else {
		err = root.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return command.Fail("Cannot use %s as %s: %w", path, name, err)
	}
	return nil
}

// WithoutRelease takes the process type release out of the Procfile of a source
// while run goes on: programs that read it would make it part of the image's
// start. The Procfile is as it was afterwards.
func WithoutRelease(dir string, run func() error) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot open the source: %w", err)
	}
	defer root.Close()
	const procfile = "Procfile"
	if !build.HasFile(dir, procfile) {
		return run()
	}
	text, err := root.ReadFile(procfile)
	if err != nil {
		return fmt.Errorf("cannot read the Procfile: %w", err)
	}
	var kept strings.Builder
	for line := range strings.Lines(string(text)) {
		procs, err := app.ParseProcfile(line)
		if err == nil && len(procs) == 1 && procs[0].Type == "release" {
			continue
		}
		kept.WriteString(line)
	}
	if kept.Len() == len(text) {
		return run()
	}
	if err := root.WriteFile(procfile, []byte(kept.String()), 0o644); err != nil {
		return fmt.Errorf("cannot write the Procfile: %w", err)
	}
	defer func() { err = errors.Join(err, root.WriteFile(procfile, text, 0o644)) }()
	return run()
}
