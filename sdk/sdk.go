// Package sdk is for plugins of Slipway that are written in Go: commands and triggers as functions, in a program that stays.
//
//	func main() {
//		err := sdk.Serve(sdk.Plugin{
//			Commands: []sdk.Command{{Name: "hello:greet", Usage: "<name>", Help: "Greet somebody", Run: greet}},
//			Triggers: []sdk.Trigger{{Name: "post-create", Run: created}},
//		})
//		if err != nil {
//			fmt.Fprintln(os.Stderr, err)
//		}
//	}
//
//	func greet(ctx context.Context, c *sdk.Call) error {
//		fmt.Fprintf(c.Out, "%s, %s\n", c.Config("greeting"), c.Arg(0))
//		return nil
//	}
//
// Its plugin.toml says `[plugin.run]`, `as = "process"` and `command = ["./hello"]`. Slipway starts the program when it is
// first needed and ends it by closing its standard input. Plugin.Handler serves the same plugin over HTTP (`as = "http"`).
// What happens between the two, for other languages: docs/plugins/protocol.md.
package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/slipwayhq/slipway/sdk/wire"
)

// Plugin is what a plugin answers.
type Plugin struct {
	Commands []Command
	Triggers []Trigger
}

// Command is one command.
type Command struct {
	Name   string // "hello:greet"
	Usage  string // its arguments: "<name>"
	Help   string // one line
	Access string // wire.ForRoot, wire.ForAdmin or "" for every key
	// Idempotent allows Slipway to call again when it does not know how a call over HTTP ended.
	Idempotent bool
	Run        Func
}

// Trigger is a handler of a trigger.
type Trigger struct {
	Name       string // "post-create"
	Idempotent bool   // see Command
	Run        Func
}

// Func is a command or a handler. It is called on a goroutine of its own; ctx ends when the call is cancelled, or its time is
// over. Exit is the error with an exit code; any other error is shown to the user, and the exit code is 1.
type Func func(ctx context.Context, c *Call) error

// Exit ends a call with an exit code and without words.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Call is one call. Args, Env and Context are as in package wire.
type Call struct {
	wire.Call
	// In is the standard input of the command; of a trigger it is mostly empty.
	In io.Reader
	// Out is the answer of a trigger that is asked, and shown to the user otherwise. Writing blocks while the user does not
	// read.
	Out, Err io.Writer

	link *link
}

// Arg is the i-th argument, "" when it was not given.
func (c *Call) Arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return ""
}

// Config is a config key of plugin.toml.
func (c *Call) Config(key string) string {
	return c.Env["CONFIG_"+strings.ToUpper(strings.ReplaceAll(key, "-", "_"))]
}

// Result is what a command did.
type Result struct {
	Exit           int
	Stdout, Stderr string
}

// Dokku runs a command as the caller, inside of the locks that the call is in: in answer to a trigger of a deploy,
// config:set --no-restart of that app works.
func (c *Call) Dokku(args ...string) (Result, error) {
	var r wire.RunResult
	if err := c.link.request(wire.Run, wire.RunCommand{Call: c.link.id, Args: args}, &r); err != nil {
		return Result{}, err
	}
	stdout, err1 := r.Stdout.Bytes()
	stderr, err2 := r.Stderr.Bytes()
	return Result{Exit: r.Exit, Stdout: string(stdout), Stderr: string(stderr)}, errors.Join(err1, err2)
}

// Fire fires a trigger as an event: what its handlers print is shown to the user.
func (c *Call) Fire(name string, args ...string) error {
	_, err := c.fire(wire.Event, name, args)
	return err
}

// Query is what the handlers of a trigger answer.
func (c *Call) Query(name string, args ...string) (string, error) {
	answers, err := c.fire(wire.Query, name, args)
	return strings.Join(answers, "\n"), err
}

// Collect is what each handler of a trigger answers.
func (c *Call) Collect(name string, args ...string) ([]string, error) {
	return c.fire(wire.Collect, name, args)
}

func (c *Call) fire(shape, name string, args []string) ([]string, error) {
	var r wire.FireResult
	err := c.link.request(wire.Fire, wire.FireTrigger{Call: c.link.id, Name: name, Args: args, Shape: shape}, &r)
	return r.Answers, err
}

// Serve serves over standard input and output, until the input ends. Whatever else the program prints belongs on standard
// error, which goes to the log of slipwayd.
func Serve(p Plugin) error { return p.serve(os.Stdin, os.Stdout) }
