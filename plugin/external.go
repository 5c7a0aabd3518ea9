package plugin

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// notImplemented is the exit code by which a plugin's `commands` says that a
// command is not its own. Source: DOKKU_NOT_IMPLEMENTED_EXIT.
const notImplemented = 10

// External is the plugins in $DOKKU_LIB_ROOT/plugins/enabled. Of one that is made
// of executables a file named like a trigger answers it, and subcommands/NAME and
// `commands` answer commands; one that is a process or a server is called. It
// implements trigger.External.
type External struct {
	host   *Host
	roster roster
	peers  peers
}

// NewExternal looks for plugins of the host, whose Store must be set. All else of
// it is read when something is run.
func NewExternal(h *Host) *External {
	x := &External{host: h, roster: roster{host: h}, peers: peers{host: h}}
	x.roster.changed = x.peers.only
	h.External = x
	return x
}

// Replaces implements trigger.External: a plugin named like a compiled one
// takes its place.
func (x *External) Replaces(name string) bool {
	_, ok := x.roster.member(name)
	return ok
}

// Handlers implements trigger.External.
func (x *External) Handlers(name string) []trigger.Handler {
	var out []trigger.Handler
	for _, p := range x.roster.members() {
		if n := x.peers.of(p); n != nil {
			if h, ok := x.answer(n, name); ok {
				out = append(out, h)
			}
			continue
		}
		path := filepath.Join(p.Dir, name)
		if !executable(path) {
			continue
		}
		out = append(out, trigger.Handler{Plugin: p.Name, Trigger: name, Run: func(ctx context.Context, c *trigger.Call) error {
			if c.TTY != nil {
				defer c.Output().Hold()()
			}
			return x.do(ctx, hook{p, name, c.Args, c.Err}, func(ctx context.Context) error {
				return x.run(ctx, p, execution{path: path, args: c.Args, in: c.In, out: c.Out, err: c.Err, tty: c.TTY})
			})
		}})
	}
	return out
}

func executable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

// folders are the plugins whose commands have another name than their folder.
// Source: the dokku script, execute_dokku_cmd.
var folders = map[string]string{
	"events": "20_events", "caddy": "caddy-vhosts", "haproxy": "haproxy-vhosts", "nginx": "nginx-vhosts",
	"openresty": "openresty-vhosts", "traefik": "traefik-vhosts",
}

// Run answers a command that the table does not have; handled is false when no
// plugin knows it. Order of the places: the dokku script, execute_dokku_cmd.
func (x *External) Run(ctx context.Context, c *command.Call) (handled bool, err error) {
	name := c.Argv[0]
	feature, sub, _ := strings.Cut(name, ":")
	if sub == "" {
		sub = "default"
	}
	var parent []string
	if sub == "default" || sub == "help" {
		parent = append([]string{"dokku"}, c.Argv...)
	}
	call := func(p Installed, path string, in io.Reader) error {
		return x.run(ctx, p, execution{path: path, args: c.Argv, in: in, out: c.Out.Stdout(), err: c.Out.Stderr(), tty: c.TTY, parent: parent})
	}
	if !strings.ContainsAny(name, "/\x00") && feature != "" && feature[0] != '.' {
		folder := feature
		if to, ok := folders[feature]; ok {
			folder = to
		}
		if p, ok := x.roster.member(folder); ok {
			if n := x.peers.of(p); n != nil {
				if handled, err := x.runCommand(ctx, n, c); handled {
					return true, err
				}
			}
			for _, file := range []string{sub, name} {
				if path := filepath.Join(p.Dir, "subcommands", file); executable(path) {
					return true, call(p, path, c.In)
				}
			}
		}
	}
	in, done, err := shared(c.In)
	if err != nil {
		return false, err
	}
	defer done()
	// As with Dokku a plugin that has answered does not keep the others from it: one that takes everything for its own hides
	// nobody's commands.
	for _, p := range x.roster.members() {
		if n := x.peers.of(p); n != nil {
			if done, err := x.runCommand(ctx, n, c); done {
				return true, err
			}
			continue
		}
		path := filepath.Join(p.Dir, "commands")
		if !executable(path) {
			continue
		}
		err := call(p, path, in)
		if exit := (command.Exit{}); errors.As(err, &exit) && exit.Code == notImplemented {
			continue
		}
		if err != nil {
			return true, err
		}
		handled = true
	}
	return handled, nil
}

// Help lists the help lines of all plugins' commands, or with all those of every command. A plugin that cannot say them is
// left out.
func (x *External) Help(ctx context.Context, all bool) []string {
	var lines []string
	for _, p := range x.roster.members() {
		more, err := x.helpOf(ctx, p, all)
		if err != nil {
			x.host.log().Warn("a plugin does not say its help", "plugin", p.Name, "err", err)
			continue
		}
		lines = append(lines, more...)
	}
	return lines
}
