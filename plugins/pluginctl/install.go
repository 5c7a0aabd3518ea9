package pluginctl

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/metadata"
)

type installArgs struct {
	Core       bool     `flag:"core"`
	Committish string   `flag:"committish"`
	Name       string   `flag:"name"`
	Skip       bool     `flag:"skip-install-trigger"`
	Rest       []string `arg:"url,optional"`
}

// install adds a plugin, or without one runs the install hooks of all.
func (p *plugins) install(ctx context.Context, c *command.Call, in installArgs) error {
	if in.Core {
		if len(in.Rest) > 0 {
			c.Out.Headers().Step("Cannot install additional core plugins, running core plugin install trigger")
		}
		// What is compiled in needs no installation, but may find what an older Dokku left.
		return p.host.Bus.Event(ctx, "slipway-install")
	}
	if len(in.Rest) == 0 {
		return p.hooks(ctx, c.Out, "install", "")
	}
	from, name, err := p.resolve(c.Out, in)
	if err != nil {
		return err
	}
	if from.pinned.Name != "" {
		in.Committish = from.pinned.Commit
	}
	// READMEs still say URL NAME, which named the plugin before there was --name. Dokku: plugins/plugin/functions,
	// download_and_enable_plugin.
	if len(in.Rest) > 1 && in.Rest[1] != string(name) {
		c.Out.Warn("The plugin is named %s: a second argument is ignored. For another name: --name %s", name, in.Rest[1])
	}
	if in.Committish != "" && strings.HasPrefix(in.Committish, "-") {
		return command.BadInput("%q is no branch, commit or tag", in.Committish)
	}
	if err := p.add(ctx, c.Out, from, string(name), in); err != nil {
		return err
	}
	if in.Skip {
		return nil
	}
	return p.hooks(ctx, c.Out, "install", string(name))
}

// resolve finds where the plugin is to be got, and its name: by a URL, or by
// its name in the index of plugins.
func (p *plugins) resolve(out *command.Output, in installArgs) (from source, name Name, err error) {
	at := in.Rest[0]
	if _, err = ParseName(at); err == nil {
		if in.Committish != "" {
			return source{}, "", command.BadInput("The index of plugins says which commit of %s is installed. For another one: dokku plugin:install URL --committish %s", at, in.Committish)
		}
		e, err := p.entry(at)
		if err != nil {
			sayWhatIsTaken(out)
			return source{}, "", err
		}
		if in.Name == "" {
			in.Name = e.Name
		}
		if from, err = sourceOf(e); err != nil {
			return source{}, "", err
		}
	} else if from, err = parseSource(at); err != nil {
		sayWhatIsTaken(out)
		return source{}, "", command.BadInput("Please retry with valid arguments")
	}
	if in.Name != "" {
		name, err = ParseName(in.Name)
	} else {
		name, err = nameOf(at)
	}
	if err != nil {
		return source{}, "", command.BadInput("%w", err)
	}
	return from, name, nil
}

// sayWhatIsTaken has Dokku's words. Source: Dokku plugins/plugin/subcommands/install.
func sayWhatIsTaken(out *command.Output) {
	out.Warn("First argument must be --core or url to plugin")
	out.Warn("Valid prefixes: https:, git:, ssh:, file:")
	out.Warn("Valid suffixes: .tar.gz, .tgz")
}

// add gets a plugin, enables it and runs its install hook. When one of these
// fails nothing of it is left.
func (p *plugins) add(ctx context.Context, out *command.Output, from source, name string, in installArgs) error {
	about, err := p.fetch(ctx, out, from, name, in.Committish)
	if err != nil {
		return err
	}
	undo := func(cause error) error { return errors.Join(cause, p.drop(name)) }
	if !in.Skip {
		// Before it is enabled: while this runs, its triggers must not.
		installed := plugin.Installed{Name: name, Dir: p.available(name), Metadata: about}
		if err := p.hook(ctx, out, installed, "install"); err != nil {
			return undo(command.Fail("The plugin %s could not be installed: its install hook failed. Nothing of it is left", name))
		}
		if err := p.answers(ctx, out, installed); err != nil {
			return undo(command.Fail("The plugin %s could not be installed, and nothing of it is left: %w", name, errors.Join(err, p.gone(name))))
		}
	}
	if err := p.link(name); err != nil {
		return undo(err)
	}
	out.Headers().Step("Plugin %s enabled", name)
	return nil
}

// fetch makes a plugin available, in the place of a feature where it has its name. When that fails nothing of it is left.
func (p *plugins) fetch(ctx context.Context, out *command.Output, from source, name, committish string) (about metadata.Plugin, err error) {
	dir := p.available(name)
	if p.isAvailable(name) {
		return about, command.Fail("There is a plugin %s already. Update it: dokku plugin:update %s", name, name)
	}
	if err := p.prepare(); err != nil {
		return about, err
	}
	staging, err := os.MkdirTemp(filepath.Dir(dir), ".installing-")
	if err != nil {
		return about, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	out.Headers().Step("Cloning plugin repo %s to %s", from.shown(), dir)
	got := filepath.Join(staging, name)
	if err := p.get(ctx, out, from, got, committish); err != nil {
		return about, err
	}
	if _, err := os.Stat(filepath.Join(got, "plugin.toml")); err != nil {
		return about, command.Fail("%s is not a Dokku plugin: it has no plugin.toml", from.shown())
	}
	if about, err = metadata.Read(got); err != nil {
		return about, command.Fail("The plugin %s cannot be installed: its plugin.toml cannot be read: %w", name, err)
	}
	if reason := p.host.Unfit(name, about); reason != "" {
		return about, command.Fail("The plugin %s cannot be installed: %s", name, reason)
	}
	if err := os.Chmod(got, 0o755); err != nil {
		return about, err
	}
	if p.host.Compiled(name) {
		out.Warn("The plugin %s takes the place of the feature %s of Slipway", name, name)
	}
	if err := errors.Join(remove(p.enabled(name)), remove(dir)); err != nil { // links to the feature
		return about, err
	}
	return about, os.Rename(got, dir)
}

// prepare makes the folders of plugins as plugn has them.
func (p *plugins) prepare() error {
	store := p.host.Store
	for _, folder := range []string{"available", "enabled"} {
		if err := store.MkdirAll(store.LibPath("plugins", folder), 0o755); err != nil {
			return err
		}
	}
	config := store.LibPath("plugins", "config.toml")
	if _, err := os.Stat(config); err == nil {
		return nil
	}
	return store.WriteFile(config, nil, 0o644)
}

func (p *plugins) available(name string) string {
	return p.host.Store.LibPath("plugins", "available", name)
}

func (p *plugins) enabled(name string) string {
	return p.host.Store.LibPath("plugins", "enabled", name)
}

// others tells whether a plugin of others is at path: the features of Slipway are links there.
func others(path string) bool {
	_, err := os.Lstat(path)
	return err == nil && !plugin.IsCore(path)
}

func (p *plugins) isAvailable(name string) bool { return others(p.available(name)) }
func (p *plugins) isEnabled(name string) bool   { return others(p.enabled(name)) }

func (p *plugins) link(name string) error {
	return errors.Join(remove(p.enabled(name)), os.Symlink(p.available(name), p.enabled(name)))
}

func (p *plugins) unlink(name string) error { return remove(p.enabled(name)) }

// drop removes a plugin. A feature whose place it had has its links again.
func (p *plugins) drop(name string) error {
	if err := errors.Join(remove(p.enabled(name)), os.RemoveAll(p.available(name))); err != nil {
		return err
	}
	core := p.host.Store.LibPath("core-plugins", "available", name)
	if _, err := os.Stat(core); err != nil {
		return nil //nolint:nilerr // there was none
	}
	return errors.Join(os.Symlink(core, p.available(name)), os.Symlink(p.available(name), p.enabled(name)))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// hooks runs one hook of every enabled plugin but one, as root, in the order of
// names. The first that fails ends it.
func (p *plugins) hooks(ctx context.Context, out *command.Output, hook, but string, args ...string) error {
	for _, i := range p.external() {
		if i.Name == but || !i.Enabled {
			continue
		}
		if err := p.hook(ctx, out, i, hook, args...); err != nil {
			return command.Fail("The %s hook of the plugin %s failed", hook, i.Name)
		}
	}
	return nil
}

// external lists the plugins that are not compiled in.
func (p *plugins) external() []plugin.Installed {
	var all []plugin.Installed
	for _, i := range p.host.Installed() {
		if !i.Core {
			all = append(all, i)
		}
	}
	return all
}

type coreArgs struct {
	Core bool `flag:"core"`
}

func (p *plugins) dependencies(ctx context.Context, c *command.Call, in coreArgs) error {
	if in.Core {
		return nil // what is compiled in depends on nothing that a hook installs
	}
	return p.hooks(ctx, c.Out, "dependencies", "")
}
