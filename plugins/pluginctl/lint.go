package pluginctl

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/lint"
	"github.com/slipwayhq/slipway/plugin/metadata"
)

type lintArgs struct {
	Format string `flag:"format" default:"stdout"`
	Plugin string `arg:"path|name" missing:"Please specify the folder, or the name, of a plugin"`
}

// lint looks for mistakes in a plugin: one that is installed, or a folder.
func (p *plugins) lint(ctx context.Context, c *command.Call, in lintArgs) (err error) {
	if in.Format != "stdout" && in.Format != "json" {
		return badFormat()
	}
	dir, name, err := p.folderOf(c, in.Plugin)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, metadata.File)); errors.Is(err, fs.ErrNotExist) { // it may be any folder, and large
		return p.sayFound(c.Out, in, []lint.Finding{lint.NoMetadata})
	}
	// A copy: the folder may be where the system user, who runs `commands` of it, may not look.
	work, err := os.MkdirTemp("", "slipway-lint-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	copied := filepath.Join(work, name)
	if err := copyFolder(dir, copied); err != nil {
		return command.Fail("The folder %s cannot be read: %w", in.Plugin, err)
	}
	if err := os.Chmod(copied, 0o755); err != nil { //nolint:gosec // nobody else gets there: see below
		return err
	}
	if user := p.host.Exec.User; user != nil { // the folder above is for one user alone; the copy may have what others may not see
		if err := os.Chown(work, int(user.UID), int(user.GID)); err != nil {
			return err
		}
	}
	found, err := lint.Check(ctx, lint.Folder{
		Dir: copied,
		Command: func(ctx context.Context, name string, args ...string) *exec.Cmd {
			return p.asPlugin(ctx, name, args...)
		},
		Unfit: func(about metadata.Plugin) string { return p.host.Unfit(name, about) },
	})
	if err != nil {
		return err
	}
	return p.sayFound(c.Out, in, found)
}

// folderOf is the folder that is meant, and the name that the plugin has or would get.
func (p *plugins) folderOf(c *command.Call, word string) (dir, name string, err error) {
	installed := p.external()
	if n := slices.IndexFunc(installed, func(i plugin.Installed) bool { return i.Name == word }); n >= 0 {
		dir, err := filepath.EvalSymlinks(installed[n].Dir)
		return dir, word, err
	}
	folders, ok := c.Files.(command.Folders)
	if !ok {
		return "", "", command.BadInput("There is no plugin %s", word)
	}
	dir = folders.Path(word)
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", command.Fail("There is neither a plugin %s nor a folder %s", word, dir)
	case err != nil:
		return "", "", command.Fail("The folder %s cannot be read: %w", dir, err)
	case !st.IsDir():
		return "", "", command.Fail("%s is no folder", dir)
	}
	called, err := nameOf(dir)
	if err != nil {
		return "", "", command.BadInput("%w", err)
	}
	return dir, string(called), nil
}

// asPlugin prepares a process as hooks are run: as the system user, in the environment of plugins.
func (p *plugins) asPlugin(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := p.host.Exec.Command(ctx, name, args...)
	if p.host.Exec.More != nil {
		cmd.Env = append(cmd.Env, p.host.Exec.More()...)
	}
	cmd.Env = append(cmd.Env, plugin.CallEnv(ctx)...)
	return cmd
}

// sayFound shows what was found; what does not work is a failure.
func (p *plugins) sayFound(out *command.Output, in lintArgs, found []lint.Finding) error {
	bad := slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Level == lint.Error })
	if in.Format == "json" {
		if found == nil {
			found = []lint.Finding{}
		}
		if err := out.JSON(found); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			out.Line("%s", f)
		}
		if len(found) == 0 {
			out.Headers().Step("Nothing is wrong with %s", strings.TrimRight(in.Plugin, "/"))
		}
	}
	if bad {
		return command.Exit{Code: 1}
	}
	return nil
}
