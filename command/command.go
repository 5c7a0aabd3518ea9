// Package command declares commands once. From one declaration come the
// parser, the usage text, help, shell completion, reference documentation, and
// the access check of every front end.
//
//	type addArgs struct {
//		App     string   `arg:"app"`
//		Domains []string `arg:"domain"`
//	}
//
//	command.New("domains:add", "Add domains to app", add)
//
//	func add(ctx context.Context, c *command.Call, in addArgs) error {
//		c.Out.Step("Added %s to %s", …)
//		return nil
//	}
//
// The fields of the argument struct carry tags:
//
//	arg:"NAME[,optional][,global][,new]"  a positional argument, in field order.
//	        The name "app" means an existing app ("new": a name not checked for
//	        existence); "global" lets --global stand for it (the field gets
//	        state.Global); a slice takes all that is left.
//	flag:"NAME" short:"n" default:"v" enum:"a,b" help:"…"  an option; bool,
//	        string, int or []string.
//	missing:"…"  the message when the argument is not given.
//
// A field whose type has UnmarshalText is validated by it. Handlers never
// exit, read only what the Call gives, and print only through Call.Out.
package command

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Access says who may call a command. It is checked once, at dispatch, for
// every front end.
type Access int

// The access levels.
const (
	ForAll   Access = iota // every key
	ForAdmin               // root on the host, or a key whose name contains "admin"
	ForRoot                // root on the host
)

// Command is one declared command; make it with New.
type Command struct {
	Name   string
	Help   string
	Access Access
	Hidden bool // not in help, completion or reference
	Usage  string

	plainArgs bool // flags end at the first positional argument
	rawFlags  bool // unknown flags are left to the handler
	verbatim  bool // every word is the handler's
	spec      argSpec
	run       func(ctx context.Context, c *Call, args reflect.Value) error
}

// Option changes a declaration.
type Option func(*Command)

// Root lets only root on the host call the command.
func Root(c *Command) { c.Access = ForRoot }

// Admin lets root and keys with "admin" in their name call the command.
func Admin(c *Command) { c.Access = ForAdmin }

// Hidden keeps the command out of help, completion and reference.
func Hidden(c *Command) { c.Hidden = true }

// PlainArgs ends the flags at the first positional argument: what follows
// belongs to another program, as in `run app ls -l`.
func PlainArgs(c *Command) { c.plainArgs = true }

// Verbatim leaves every word to the handler, flags and --help too: its arguments
// are one slice of strings.
func Verbatim(c *Command) { c.plainArgs, c.verbatim = true, true }

// RawFlags leaves unknown flags among the positional arguments, as in
// `ps:report app --ps-restart-policy`.
func RawFlags(c *Command) { c.rawFlags = true }

// Usage replaces the usage text derived from the argument struct, without the
// command's name, where Dokku's wording differs.
func Usage(text string) Option { return func(c *Command) { c.Usage = text } }

// New declares a command whose arguments are the struct A. It panics on a
// struct that it cannot read: a registration mistake.
func New[A any](name, help string, run func(context.Context, *Call, A) error, opts ...Option) *Command {
	spec, err := readSpec(reflect.TypeFor[A]())
	if err != nil {
		panic(fmt.Sprintf("command %s: %v", name, err))
	}
	c := &Command{Name: name, Help: help, spec: spec}
	c.run = func(ctx context.Context, call *Call, args reflect.Value) error {
		return run(ctx, call, args.Interface().(A))
	}
	for _, o := range opts {
		o(c)
	}
	if c.Usage == "" {
		c.Usage = spec.usage()
	}
	return c
}

// Signature is the name and the arguments: "domains:add <app> <domain>...".
func (c *Command) Signature() string { return strings.TrimSpace(c.Name + " " + c.Usage) }

// Feature is the part of the name before the colon: whose help it is in.
func (c *Command) Feature() string {
	feature, _, _ := strings.Cut(c.Name, ":")
	return feature
}

// Flags lists the names of the command's flags, without dashes.
func (c *Command) Flags() []string {
	var names []string
	for _, f := range c.spec.fields {
		if f.flag != "" {
			names = append(names, f.flag)
		}
	}
	return names
}

// TakesApp tells whether the first positional argument is an app.
func (c *Command) TakesApp() bool {
	for _, f := range c.spec.fields {
		if f.arg != "" {
			return f.arg == "app"
		}
	}
	return false
}

// Actor is who calls: the identity that access checks and logs use.
type Actor struct {
	User        string // the local user, or the ssh user ("dokku")
	KeyName     string // the name of the ssh key, "" for a local caller
	Fingerprint string // of the ssh key, SHA256:…
	Root        bool   // root on the host (or whoever runs the control plane)
	Remote      string // address of a caller over TCP
}

// String names the actor for records and logs.
func (a Actor) String() string {
	if a.KeyName != "" {
		return a.KeyName
	}
	return a.User
}

// SSHName is the name that Dokku gives the caller: that of the key, and "default"
// for a local one. Source: the dokku script, dokku_auth.
func (a Actor) SSHName() string {
	if a.KeyName == "" {
		return "default"
	}
	return a.KeyName
}

// IsAdmin tells whether the actor may administer the server: root, or a key
// with "admin" in its name, as Dokku's ssh-keys:add has it.
func (a Actor) IsAdmin() bool { return a.Root || strings.Contains(a.KeyName, "admin") }

type actorKey struct{}

// ActorOf is who the call that ctx belongs to comes from; the control plane
// itself ("slipway") where there is no call.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{User: "slipway", Root: true}
}

type callKey struct{}

// EnvOf is a variable of the environment of the caller that ctx belongs to, ""
// where there is none or it was not passed on.
func EnvOf(ctx context.Context, name string) string {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c.Env[name]
	}
	return ""
}

// TerminalOf is the terminal of the caller that ctx belongs to, nil where there
// is none.
func TerminalOf(ctx context.Context) Terminal {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c.TTY
	}
	return nil
}

// FlagsOf are the global flags of the call that ctx belongs to.
func FlagsOf(ctx context.Context) GlobalFlags {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c.Flags
	}
	return GlobalFlags{}
}

// IDOf numbers the call that ctx belongs to, 0 where there is none. It is what
// DOKKU_PID is to Dokku: all that one call did has the same.
func IDOf(ctx context.Context) int64 {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c.id
	}
	return 0
}

// NameOf is the name of the command that ctx belongs to, "" where there is none.
func NameOf(ctx context.Context) string {
	if c, ok := ctx.Value(callKey{}).(*Call); ok && len(c.Argv) > 0 {
		return c.Typed()[0]
	}
	return ""
}

// Typed is Argv with the name that was typed, which may be an alias.
func (c *Call) Typed() []string {
	if c.typed == "" || len(c.Argv) == 0 {
		return c.Argv
	}
	return append([]string{c.typed}, c.Argv[1:]...)
}

// WithCall makes ctx belong to a call.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(context.WithValue(ctx, actorKey{}, c.Actor), callKey{}, c)
}

// Call is one invocation of a command.
type Call struct {
	Argv  []string // as typed, without global flags, the name first and not an alias
	Actor Actor
	In    io.Reader
	Out   *Output
	TTY   Terminal          // nil when the caller has none
	Env   map[string]string // the caller's environment, an allowed subset
	Files Files             // opens local files as the caller
	// SystemFiles are Files for what Dokku does as its system user even for
	// root: nil means Files.
	SystemFiles Files
	Flags       GlobalFlags

	id    int64
	typed string // the name before aliases are resolved
}

// GlobalFlags stand before the command's name.
type GlobalFlags struct {
	Quiet, Trace, Force bool
	App                 string
	Labels              []string // --label KEY=VALUE, for containers of run
}

// Terminal is the caller's terminal.
type Terminal interface {
	// Name is the terminal type, such as "xterm-256color".
	Name() string
	// Path is the device to hand to a child process as its controlling
	// terminal; it follows the caller's window size.
	Path() string
}

// Files opens files named on the command line with the rights of the caller,
// relative to the caller's working directory.
type Files interface {
	// Open opens one for reading; its errors name the file. The caller closes it.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
}

// Folders is what the Files of a local caller are too; who comes by a key has
// none on this machine.
type Folders interface {
	// Path is the absolute path that the caller means by name.
	Path(name string) string
	// MakeFolder makes a folder that is not there yet with what is in a tar
	// archive, with the rights of the caller. Its errors name the folder.
	MakeFolder(ctx context.Context, name string, tar io.Reader) error
}
