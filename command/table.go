package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
)

// Feature groups the commands of one plugin for help: `ps:help`.
type Feature struct {
	Name string // such as "ps"
	Help string // one line
	// About is what NAME:help says; "" = Help.
	About string
	// Wide is a third blank between the columns of NAME:help, as Dokku's plugins in
	// bash have it.
	Wide bool
}

// Table holds all commands. It is immutable once made; external plugins answer
// through Fallback.
type Table struct {
	commands map[string]*Command
	features map[string]Feature
	calls    atomic.Int64

	// AppExists tells whether an app exists; arguments named "app" are checked.
	AppExists func(app string) bool
	// Visible tells whether the caller, whom ctx carries, may see an app that
	// exists; to others it does not exist. nil: everybody sees all.
	Visible func(ctx context.Context, app string) bool
	// Authorize may refuse a call that the declared access allows (Dokku's
	// user-auth trigger); nil allows.
	Authorize func(ctx context.Context, c *Call) error
	// Prepare puts into the context what handlers further down need of the
	// call (the streams of triggers); nil: nothing.
	Prepare func(ctx context.Context, c *Call) context.Context
	// Fallback answers commands that the table does not have; handled is
	// false when nobody knows the command. May be nil.
	Fallback func(ctx context.Context, c *Call) (handled bool, err error)
	// Ended makes of a command's error the one that is shown; nil: it stays.
	Ended func(cmd *Command, err error) error
	// Replaced tells whether an external plugin takes the place of the one that
	// declares a command; nil: none does.
	Replaced func(c *Command) bool
	// FallbackHelp lists the help lines ("name args, text") of external
	// plugins' commands. May be nil.
	FallbackHelp func(ctx context.Context, all bool) []string
	// Version is what `dokku version` prints after the program's name.
	Version string
}

// NewTable builds the table; two commands of one name are an error.
func NewTable(features []Feature, commands []*Command) (*Table, error) {
	t := &Table{commands: map[string]*Command{}, features: map[string]Feature{}}
	t.calls.Store(int64(os.Getpid()))
	for _, f := range features {
		t.features[f.Name] = f
	}
	for _, c := range commands {
		if t.commands[c.Name] != nil {
			return nil, fmt.Errorf("the command %s is declared twice", c.Name)
		}
		t.commands[c.Name] = c
	}
	return t, nil
}

// Commands lists the visible commands by name.
func (t *Table) Commands() []*Command {
	var out []*Command
	for _, c := range t.commands {
		if !c.Hidden {
			out = append(out, c)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Features lists the features by name.
func (t *Table) Features() []Feature {
	var out []Feature
	for _, f := range t.features {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Lookup finds a command by name, nil when there is none.
func (t *Table) Lookup(name string) *Command { return t.commands[resolveAlias(name)] }

// Answers tells whether the table itself answers a call by that name: a command, or the name of a feature, which shows its help.
func (t *Table) Answers(name string) bool {
	_, feature := t.features[name]
	return t.commands[name] != nil || feature || name == "help"
}

// aliases are Dokku's short names of plugins on the command line.
// Source: the dokku script, PLUGIN_ALIASES.
var aliases = map[string]string{
	"docker-local": "scheduler-docker-local", "dockerfile": "builder-dockerfile", "herokuish": "builder-herokuish",
	"k3s": "scheduler-k3s", "lambda": "builder-lambda", "nixpacks": "builder-nixpacks", "pack": "builder-pack",
	"rails": "builder-railpack",
}

func resolveAlias(name string) string {
	feature, rest, isSub := strings.Cut(name, ":")
	switch to, ok := aliases[feature]; {
	case ok && isSub:
		return to + ":" + rest
	case ok:
		return to
	}
	return name
}

// Run dispatches argv (global flags first), prints an error as Dokku does, and
// returns the exit code.
func (t *Table) Run(ctx context.Context, c *Call, argv []string) int {
	c.id = t.calls.Add(1)
	ctx = WithCall(ctx, c)
	err := t.run(ctx, c, argv)
	if err != nil && ctx.Err() != nil && !errors.As(err, new(Exit)) {
		err = Exit{130} // the caller interrupted: 128 + SIGINT, as a shell has it
	}
	report(c.Out, err)
	return ExitCode(err)
}

func report(out *Output, err error) {
	var usage *usageError
	switch {
	case err == nil || errors.As(err, new(Exit)):
	case errors.As(err, &usage):
		out.Warn("%s", usage.err)
		out.Warn("Usage: dokku %s", usage.cmd.Signature())
	default:
		for line := range strings.SplitSeq(err.Error(), "\n") {
			out.Warn("%s", line)
		}
	}
}

func (t *Table) run(ctx context.Context, c *Call, argv []string) error {
	argv, err := c.globalFlags(argv)
	if err != nil {
		return err
	}
	if len(argv) == 0 {
		argv = []string{"help"}
	}
	if argv[0] == "-v" || argv[0] == "--version" {
		argv[0] = "version"
	}
	c.typed = argv[0]
	argv[0] = resolveAlias(argv[0])
	c.Argv = argv
	name := argv[0]
	if t.Prepare != nil { // after the global flags: --quiet counts for handlers of triggers too
		ctx = t.Prepare(ctx, c)
	}
	if err := t.authorize(ctx, c); err != nil {
		return err
	}
	if name == "help" {
		return t.help(ctx, c, slices.Contains(argv[1:], "--all"))
	}
	if feature, ok := strings.CutSuffix(name, ":help"); ok {
		if _, known := t.features[feature]; known && !t.replacedFeature(feature) {
			return t.featureHelp(c.Out, feature)
		}
		if cmd := t.commands[feature]; cmd != nil { // Dokku: url:help
			return cmd.commandHelp(c.Out)
		}
		if feature == "help" {
			printColumns(c.Out, [][2]string{helpRow})
			return nil
		}
	}
	cmd := t.commands[name]
	if cmd != nil && t.Replaced != nil && t.Replaced(cmd) {
		return t.fallback(ctx, c)
	}
	_, isFeature := t.features[name]
	if isFeature && !t.replacedFeature(name) && (cmd == nil || asksHelp(cmd, argv)) { // Dokku: `apps`, `apps --help` and `config --help`
		return t.featureHelp(c.Out, name)
	}
	if cmd == nil {
		return t.fallback(ctx, c)
	}
	if asksHelp(cmd, argv) {
		return cmd.printHelp(c.Out)
	}
	args, err := cmd.parse(argv[1:], c.Flags.App, func(app string) bool {
		return t.AppExists(app) && (t.Visible == nil || t.Visible(ctx, app))
	})
	if err != nil {
		return err
	}
	err = cmd.run(ctx, c, args)
	if err != nil && t.Ended != nil && ctx.Err() == nil {
		err = t.Ended(cmd, err)
	}
	return err
}

// authorize checks whether the caller may call the command: by what the command
// declares first, as Dokku does for those of root, then by what plugins say.
func (t *Table) authorize(ctx context.Context, c *Call) error {
	if cmd := t.commands[c.Argv[0]]; cmd != nil && (t.Replaced == nil || !t.Replaced(cmd)) && !asksHelp(cmd, c.Argv) {
		if err := cmd.Access.Allow(c.Actor); err != nil {
			return err
		}
	}
	if t.Authorize == nil {
		return nil
	}
	return t.Authorize(ctx, c)
}

func asksHelp(cmd *Command, argv []string) bool {
	return len(argv) > 1 && (argv[1] == "--help" || argv[1] == "-h") && !cmd.plainArgs
}

// replacedFeature tells whether an external plugin takes a feature's place.
func (t *Table) replacedFeature(feature string) bool {
	if t.Replaced == nil {
		return false
	}
	for _, cmd := range t.commands {
		if cmd.Feature() == feature {
			return t.Replaced(cmd)
		}
	}
	return false
}

// Invoke runs a command that another part of the program calls by itself, whose
// caller was authorised before.
func (c *Command) Invoke(ctx context.Context, call *Call, argv []string) error {
	return c.InvokeOn(ctx, call, argv, func(string) bool { return true })
}

// InvokeOn is Invoke that checks whether an app exists.
func (c *Command) InvokeOn(ctx context.Context, call *Call, argv []string, appExists func(app string) bool) error {
	args, err := c.parse(argv, "", appExists)
	if err != nil {
		return err
	}
	return c.run(ctx, call, args)
}

func (t *Table) fallback(ctx context.Context, c *Call) error {
	if t.Fallback != nil {
		if handled, err := t.Fallback(ctx, c); handled || err != nil {
			return err
		}
	}
	return BadInput("`%s` is not a dokku command.\nSee `dokku help` for a list of available commands.", strings.Join(c.Argv, " "))
}

// Allow refuses an actor that the access does not let in.
func (access Access) Allow(a Actor) error {
	switch access {
	case ForRoot:
		if !a.Root {
			return Deny("This command must be run as root")
		}
	case ForAdmin:
		if !a.IsAdmin() {
			return Deny("This command must be run as root, or with an SSH key whose name contains admin")
		}
	}
	return nil
}

// globalFlags takes the flags before the command's name off argv. What the
// caller's environment says (DOKKU_QUIET_OUTPUT and so on) counts likewise.
func (c *Call) globalFlags(argv []string) ([]string, error) {
	c.Flags.Quiet = c.Flags.Quiet || c.Env["DOKKU_QUIET_OUTPUT"] != ""
	c.Flags.Trace = c.Flags.Trace || c.Env["DOKKU_TRACE"] != ""
	c.Flags.Force = c.Flags.Force || c.Env["DOKKU_APPS_FORCE_DELETE"] != ""
	if c.Flags.App == "" {
		c.Flags.App = c.Env["DOKKU_APP_NAME"]
	}
	for len(argv) > 0 && strings.HasPrefix(argv[0], "--") {
		flag, value, hasValue := strings.Cut(argv[0], "=")
		switch flag {
		case "--quiet":
			c.Flags.Quiet = true
		case "--trace":
			c.Flags.Trace = true
		case "--force":
			c.Flags.Force = true
		case "--app", "--label":
			if !hasValue {
				if len(argv) < 2 {
					return nil, BadInput("%s needs a value", flag)
				}
				value, argv = argv[1], argv[1:]
			}
			if flag == "--app" {
				c.Flags.App = value
			} else {
				c.Flags.Labels = append(c.Flags.Labels, value)
			}
		default:
			return argv, nil
		}
		argv = argv[1:]
	}
	c.Out = c.Out.WithQuiet(c.Flags.Quiet)
	return argv, nil
}
