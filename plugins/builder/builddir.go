package builder

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// extract answers core-post-extract(app, dir, revision): the folder build-dir
// of the source becomes the whole source.
func (b *builder) extract(_ context.Context, c *trigger.Call) error {
	app, dir := c.Arg(0), c.Arg(1)
	sub, err := b.host.Computed("builder", "build-dir", app)
	if sub = strings.Trim(sub, "/"); err != nil || sub == "" || sub == "." {
		return err
	}
	folder, ok := inside(dir, sub)
	if !ok {
		return command.Fail("Specified build-dir not found in sourcecode working directory: %s\nName a folder of the source: dokku builder:set %s build-dir <folder>", sub, app)
	}
	if err := replaceBy(dir, folder); err != nil {
		return fmt.Errorf("cannot use the build-dir %s: %w", sub, err)
	}
	return nil
}

// inside is the real path of a folder of the source; ok is false when there is
// none, or when it is a link that leads out.
func inside(dir, sub string) (folder string, ok bool) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", false
	}
	defer root.Close()
	info, err := root.Stat(sub)
	if err != nil || !info.IsDir() {
		return "", false
	}
	folder, err = filepath.EvalSymlinks(filepath.Join(dir, sub))
	return folder, err == nil
}

// replaceBy makes what is in folder, which is below dir, all that is in dir.
func replaceBy(dir, folder string) error {
	aside, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+"-build-dir-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	if err := moveAll(folder, aside); err != nil {
		return err
	}
	rest, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range rest {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return moveAll(aside, dir)
}

func moveAll(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.Rename(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
