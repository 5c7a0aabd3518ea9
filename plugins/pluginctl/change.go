package pluginctl

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/metadata"
	"github.com/slipwayhq/slipway/state"
)

// checkout makes the plugin's files those of a branch, commit or tag. Of a
// branch it is what its remote has.
func (p *plugins) checkout(ctx context.Context, out *command.Output, dir, committish string) error {
	for _, ref := range []string{"refs/remotes/origin/" + committish, committish + "^{commit}"} {
		commit, err := p.gitOutput(ctx, dir, "rev-parse", "--verify", "--quiet", "--end-of-options", ref)
		if err != nil {
			continue
		}
		args := []string{"checkout", "--quiet", "--force", "--detach", commit}
		if ref[:5] == "refs/" {
			args = []string{"checkout", "--quiet", "--force", "-B", committish, commit}
		}
		if err := p.gitShown(ctx, out, dir, args...); err != nil {
			return command.Fail("The plugin could not be set to %s", committish)
		}
		return nil
	}
	return command.Fail("The plugin has no branch, commit or tag %s", committish)
}

type updateArgs struct {
	Name       string `arg:"name,optional"`
	Committish string `arg:"committish,optional"`
}

// updateName is stricter than ParseName: it is Dokku's fn-is-valid-plugin.
var updateName = regexp.MustCompile(`^[0-9a-zA-Z_-]+$`)

func (p *plugins) update(ctx context.Context, c *command.Call, in updateArgs) error {
	if in.Name != "" {
		if !updateName.MatchString(in.Name) {
			return command.BadInput("Invalid plugin name specified")
		}
		switch enabled := p.isEnabled(in.Name); {
		case !enabled && p.host.Compiled(in.Name):
			return command.BadInput("Cannot trigger plugin:update against core plugin, please update Dokku instead")
		case !enabled:
			return command.BadInput("Specified plugin not enabled or installed")
		case in.Committish != "" && in.Committish[0] == '-':
			return command.BadInput("%q is no branch, commit or tag", in.Committish)
		}
		if err := p.updateOne(ctx, c.Out, in.Name, in.Committish); err != nil {
			return err
		}
		if i, ok := p.host.OnDisk(in.Name); ok && i.LeftOut != "" {
			c.Out.Warn("The plugin %s is left out from now on: %s", in.Name, i.LeftOut)
		}
		return errors.Join(p.hooks(ctx, c.Out, "update", "", in.Name), p.restart(in.Name))
	}
	for _, i := range p.external() {
		if !i.Enabled {
			continue
		}
		if err := p.updateOne(ctx, c.Out, i.Name, ""); err != nil {
			return err
		}
		if err := p.restart(i.Name); err != nil {
			return err
		}
	}
	return p.hooks(ctx, c.Out, "update", "")
}

// updateOne gets the newest of the plugin's branch, or a committish. Until all
// is got, nothing of the plugin is changed.
func (p *plugins) updateOne(ctx context.Context, out *command.Output, name, committish string) error {
	dir, err := filepath.EvalSymlinks(p.enabled(name))
	if err != nil {
		return command.Fail("The plugin %s is enabled, but its files are gone. Remove it: dokku plugin:uninstall %s", name, name)
	}
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		if committish != "" {
			return command.BadInput("The plugin %s was not installed from a git repository, and has no versions. Install it anew", name)
		}
		out.Headers().Step("Plugin %s was not installed from a git repository, nothing to update", name)
		return nil
	}
	out.Headers().Step("Updating plugin %s", name)
	if err := p.gitShown(ctx, out, dir, "fetch", "--quiet", "--tags", "--force", "origin"); err != nil {
		return command.Fail("The plugin %s could not be updated: its repository cannot be read", name)
	}
	if committish == "" {
		// On a tag or commit: the branch that the repository has as its own.
		branch, err := p.gitOutput(ctx, dir, "symbolic-ref", "--quiet", "--short", "HEAD")
		if err != nil {
			head, err := p.gitOutput(ctx, dir, "rev-parse", "--abbrev-ref", "origin/HEAD")
			if err != nil {
				return command.Fail("The plugin %s is at a version, and its repository has no branch of its own. Name one: dokku plugin:update %s BRANCH", name, name)
			}
			branch = head[len("origin/"):]
		}
		committish = branch
	}
	return p.checkout(ctx, out, dir, committish)
}

func (p *plugins) disable(_ context.Context, c *command.Call, in nameArgs) error {
	if in.Name == "" {
		return command.BadInput("Please specify a plugin to disable")
	}
	if _, err := ParseName(in.Name); err != nil {
		return command.BadInput("%w", err)
	}
	switch enabled := p.isEnabled(in.Name); {
	case !enabled && p.host.Compiled(in.Name):
		return command.BadInput("Cannot disable a core plugin")
	case !enabled:
		return command.Fail("Plugin already disabled")
	case !p.isAvailable(in.Name):
		return command.Fail("Plugin does not exist")
	}
	if err := errors.Join(p.unlink(in.Name), p.restart(in.Name)); err != nil {
		return err
	}
	c.Out.Headers().Step("Plugin %s disabled", in.Name)
	return nil
}

func (p *plugins) enable(ctx context.Context, c *command.Call, in nameArgs) error {
	if in.Name == "" {
		return command.BadInput("Please specify a plugin to enable")
	}
	if _, err := ParseName(in.Name); err != nil {
		return command.BadInput("%w", err)
	}
	switch available := p.isAvailable(in.Name); {
	case p.isEnabled(in.Name) || !available && p.host.Compiled(in.Name):
		return command.Fail("Plugin already enabled")
	case !available:
		return command.Fail("Plugin does not exist")
	}
	if err := p.fits(in.Name); err != nil {
		return err
	}
	if i, ok := p.host.OnDisk(in.Name); ok {
		if err := p.answers(ctx, c.Out, i); err != nil {
			return err
		}
	}
	if err := errors.Join(p.prepare(), p.link(in.Name)); err != nil {
		return err
	}
	c.Out.Headers().Step("Plugin %s enabled", in.Name)
	return nil
}

// fits refuses to enable a plugin that cannot take part.
func (p *plugins) fits(name string) error {
	about, err := metadata.Read(p.available(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Dokku enables what is a folder
	}
	if err != nil {
		return command.Fail("The plugin %s cannot be enabled: its plugin.toml cannot be read: %w", name, err)
	}
	if reason := p.host.Unfit(name, about); reason != "" {
		return command.Fail("The plugin %s cannot be enabled: %s", name, reason)
	}
	return nil
}

// uninstall runs the uninstall hooks with the plugin's name, as Dokku does, and
// removes the plugin.
func (p *plugins) uninstall(ctx context.Context, c *command.Call, in nameArgs) error {
	if in.Name == "" {
		return command.BadInput("Please specify a plugin to uninstall")
	}
	if _, err := ParseName(in.Name); err != nil {
		return command.BadInput("%w", err)
	}
	if !p.isAvailable(in.Name) {
		if p.host.Compiled(in.Name) {
			return command.BadInput("Cannot uninstall a core plugin")
		}
		return command.Fail("Plugin (%s) is not currently installed", in.Name)
	}
	if err := p.hooks(ctx, c.Out, "uninstall", "", in.Name); err != nil {
		return err
	}
	err := errors.Join(p.drop(in.Name), p.gone(in.Name),
		p.host.ForgetPluginConfig(in.Name), p.host.Store.Unset(plugin.HookTimeoutOf(in.Name), state.Global))
	if err != nil {
		return err
	}
	c.Out.Headers().Step("Plugin %s uninstalled", in.Name)
	return nil
}
