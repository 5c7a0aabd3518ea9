// Package remote speaks to plugins that are no executables: a process that stays (Process) or a server elsewhere (Web). Both
// exchange the messages of package sdk/wire, and both are a Peer.
//
//	peer := remote.NewProcess(remote.Config{Name: "hello", …}, start)
//	registration, err := peer.Registration(ctx)      // what it answers
//	err = peer.Call(ctx, wire.Call{…}, remote.Caller{…})
//	peer.Close()
//
// A Peer is used by many goroutines at once.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/sdk/wire"
)

// Peer is a plugin that is spoken to.
type Peer interface {
	// Registration is what the plugin answers. It is asked anew each time.
	Registration(ctx context.Context) (wire.Registration, error)
	// Call runs a command or a handler to its end. Its error is command.Exit when it ended with a code other than 0. When ctx
	// ends the plugin is told, and has grace to end the call by itself.
	Call(ctx context.Context, call wire.Call, caller Caller) error
	// Close ends what was started for the plugin.
	Close()
}

// Config is what both kinds of Peer need.
type Config struct {
	Name    string // the plugin's
	Slipway string // our version
	Log     *slog.Logger
	// Registered is told what the plugin answers, each time that it says it. May be nil.
	Registered func(wire.Registration)
}

// Caller is whom a call is made for.
type Caller struct {
	In       io.Reader
	Out, Err io.Writer
	// Run runs a command line for the caller, and gives its exit code.
	Run func(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int
	// Fire fires a trigger and gives the answers.
	Fire func(ctx context.Context, shape, name string, args []string) ([]string, error)
	// Idempotent allows to call again when nothing is known of how the first time ended.
	Idempotent bool
}

// grace is how long a plugin has to end a call that was cancelled.
const grace = 5 * time.Second

// helloTime bounds the handshake.
const helloTime = 10 * time.Second

// check refuses what a plugin says of itself when it cannot be right.
func check(r wire.Registration) error {
	if r.Protocol != wire.Protocol {
		return fmt.Errorf("it speaks version %d of the protocol, and this Slipway speaks %d", r.Protocol, wire.Protocol)
	}
	for i, c := range r.Commands {
		if !commandRE.MatchString(c.Name) {
			return fmt.Errorf("%q is no name of a command", c.Name)
		}
		if !slices.Contains([]string{wire.ForAll, wire.ForAdmin, wire.ForRoot}, c.Access) {
			return fmt.Errorf("the access of %s is %q, which is none of root and admin", c.Name, c.Access)
		}
		r.Commands[i].Help, r.Commands[i].Usage = oneLine(c.Help), oneLine(c.Usage)
	}
	for _, t := range r.Triggers {
		if !triggerRE.MatchString(t.Name) {
			return fmt.Errorf("%q is no name of a trigger", t.Name)
		}
	}
	return nil
}

var (
	commandRE = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,60}(:[a-z0-9][a-z0-9_:-]{0,60})?$`)
	triggerRE = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,100}$`)
)

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, unicode.IsControl), " ")
}

// ended is the error of a call that the plugin answered.
func ended(m wire.Message) error {
	if m.Error != nil {
		return command.Fail("%s", m.Error.Message)
	}
	var end wire.End
	if err := decode(m.Result, &end); err != nil {
		return fmt.Errorf("the answer of the call is none: %w", err)
	}
	if end.Exit != 0 {
		return command.Exit{Code: end.Exit & 0xff}
	}
	return nil
}

// errGone says that the plugin went away before it answered.
var errGone = errors.New("it went away")
