package pluginctl

import (
	"context"
	"os"
	"path/filepath"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/metadata"
	"github.com/slipwayhq/slipway/trigger"
)

type plugnArgs struct {
	Words []string `arg:"words,optional"`
}

// plugnVerbs are the commands of plugn. Source: dokku/plugn, bashenv/plugn.bash.
func (p *plugins) plugnVerbs() map[string]func(context.Context, *command.Call, []string) error {
	return map[string]func(context.Context, *command.Call, []string) error{
		"trigger": p.plugnTrigger, "list": p.plugnList, "version": p.plugnVersion, "source": p.plugnSource, "init": p.plugnInit,
		"install": p.plugnInstall, "uninstall": p.plugnUninstall, "update": p.plugnUpdate, "enable": p.plugnEnable, "disable": p.plugnDisable,
		"config": p.plugnConfig,
	}
}

// plugn is the program that runs plugins with Dokku, for scripts: plugn trigger NAME ARG… fires a trigger for compiled
// features and executables alike, in one order, with the caller's stdin, stdout and stderr, and ends with the code of the
// first that fails.
func (p *plugins) plugn() *command.Command {
	verbs := p.plugnVerbs()
	return command.New("plugn", "Run plugins, for scripts", func(ctx context.Context, c *command.Call, in plugnArgs) error {
		if len(in.Words) == 0 {
			return command.BadInput("Name a command of plugn, such as: plugn trigger NAME")
		}
		verb := verbs[in.Words[0]]
		if verb == nil {
			c.Out.Line("No such command: %s", in.Words[0])
			return command.Exit{Code: 2}
		}
		return verb(ctx, c, in.Words[1:])
	}, command.Hidden, command.Verbatim)
}

// asRootHooks are the triggers whose executables run as root when root fires them: they are about the machine.
var asRootHooks = map[string]bool{"install": true, "update": true, "uninstall": true, "dependencies": true}

func (p *plugins) plugnTrigger(ctx context.Context, c *command.Call, args []string) error {
	if len(args) == 0 || args[0] == "" {
		return command.BadInput("Name a trigger: plugn trigger NAME")
	}
	if !c.Actor.Root || !asRootHooks[args[0]] {
		return p.host.Bus.Event(trigger.WithInput(ctx), args[0], args[1:]...)
	}
	if err := p.host.Bus.Compiled().Event(ctx, args[0], args[1:]...); err != nil {
		return err
	}
	return p.hooks(ctx, c.Out, args[0], "", args[1:]...)
}

func (p *plugins) plugnList(_ context.Context, c *command.Call, _ []string) error {
	for _, installed := range p.host.Installed() {
		c.Out.Line("%s", plugin.InstalledLine(installed))
	}
	return nil
}

func (p *plugins) plugnVersion(_ context.Context, c *command.Call, _ []string) error {
	c.Out.Line("plugn: %s", p.host.Version)
	return nil
}

// plugnSource prints what a shell has to source for the plugins that are meant to be: enabled/NAME/NAME.sh.
func (p *plugins) plugnSource(_ context.Context, c *command.Call, _ []string) error {
	for _, i := range p.host.Installed() {
		file := filepath.Join(p.enabled(i.Name), i.Name+".sh")
		if st, err := os.Stat(file); err == nil && st.Mode().IsRegular() && metadata.ValidName(i.Name) {
			c.Out.Line("source %s", file)
		}
	}
	return nil
}

func (p *plugins) plugnInit(_ context.Context, c *command.Call, _ []string) error {
	if err := p.prepare(); err != nil {
		return err
	}
	c.Out.Line("Initialized empty Plugn plugin path in %s", p.host.Store.LibPath("plugins"))
	return nil
}

// forRoot refuses everybody else, as the commands plugin:* do.
func forRoot(c *command.Call) error {
	if !c.Actor.Root {
		return command.Deny("This command must be run as root")
	}
	return nil
}

// argument is the i-th, "" when there is none.
func argument(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

// plugnInstall gets a plugin, URL [NAME], without enabling it or running its hooks.
func (p *plugins) plugnInstall(ctx context.Context, c *command.Call, args []string) error {
	if err := forRoot(c); err != nil {
		return err
	}
	from, err := parseSource(argument(args, 0))
	if err != nil {
		return command.BadInput("%w", err)
	}
	name, err := nameOf(argument(args, 0))
	if given := argument(args, 1); given != "" {
		name, err = ParseName(given)
	}
	if err != nil {
		return command.BadInput("%w", err)
	}
	_, err = p.fetch(ctx, c.Out, from, string(name), "")
	return err
}

func (p *plugins) plugnUninstall(_ context.Context, c *command.Call, args []string) error {
	name, err := p.named(c, args)
	if err != nil {
		return err
	}
	return p.drop(name)
}

func (p *plugins) plugnUpdate(ctx context.Context, c *command.Call, args []string) error {
	name, err := p.named(c, args)
	if err != nil {
		return err
	}
	return p.updateOne(ctx, c.Out, name, argument(args, 1))
}

func (p *plugins) plugnEnable(_ context.Context, c *command.Call, args []string) error {
	name, err := p.named(c, args)
	if err != nil || p.isEnabled(name) {
		return err
	}
	return p.link(name)
}

func (p *plugins) plugnDisable(_ context.Context, c *command.Call, args []string) error {
	name, err := p.named(c, args)
	if err != nil {
		return err
	}
	return p.unlink(name)
}

// named is a plugin of others that is here, as the first argument names it, for root.
func (p *plugins) named(c *command.Call, args []string) (string, error) {
	if err := forRoot(c); err != nil {
		return "", err
	}
	name, err := ParseName(argument(args, 0))
	if err != nil {
		return "", command.BadInput("%w", err)
	}
	if !p.isAvailable(string(name)) {
		return "", command.Fail("Plugin (%s) not installed", name)
	}
	return string(name), nil
}
