// Package trigger is the bus between features: Dokku's named triggers, which
// compiled plugins answer by functions and external plugins by executables, in
// one order.
//
//	err := bus.Event(ctx, "post-create", app)               // all handlers; the first error stops
//	list, err := bus.Query(ctx, "domains-list", app)        // what the handlers print
//	flags, err := bus.Collect(ctx, "docker-args-deploy", app, "latest") // each handler's answer
//
// A handler gets a Call, whose Out is the trigger's standard output: part of
// the answer for Query and Collect, shown to the user for Event.
package trigger

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// Call is one firing of a trigger as a handler sees it.
type Call struct {
	Name string
	Args []string
	In   io.Reader
	Out  io.Writer
	Err  io.Writer
	// Files opens what the caller of the command names, with the rights of the
	// caller; nil where no command fired the trigger.
	Files command.Files
	// TTY is the terminal of who runs the command that fired the Event; nil
	// when there is none, and for Query and Collect.
	TTY command.Terminal
	// Env is what the trigger is given besides its arguments, such as
	// DOKKU_CRON_ID: executables get it as environment variables. May be nil.
	Env map[string]string

	shown *command.Output
}

// Output prints in Dokku's conventions to Out and Err. In an Event that a
// command fired it is that command's Output: quiet and coloured like it.
func (c *Call) Output() *command.Output {
	if c.shown != nil {
		return c.shown
	}
	return command.NewOutput(c.Out, c.Err)
}

// Arg is the i-th argument, "" when it was not given.
func (c *Call) Arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return ""
}

// Handler answers one trigger for one plugin. Run is called on the goroutine
// that fires; it may fire further triggers.
type Handler struct {
	Plugin  string
	Trigger string
	Run     func(ctx context.Context, c *Call) error

	external bool
}

// External finds the executables of external plugins.
type External interface {
	// Handlers lists the handlers of one trigger; it is called at every
	// firing, so that a plugin that was just enabled counts.
	Handlers(trigger string) []Handler
	// Replaces tells whether an external plugin takes the place of the
	// compiled one of that name.
	Replaces(plugin string) bool
}

// Bus fires triggers. It is immutable after the last Handle.
type Bus struct {
	compiled  map[string][]Handler
	external  External
	observers []Observer
}

// Observer is told of every trigger before its handlers are called, on the
// goroutine that fires. It decides by itself, and fast, whether it cares: with
// no events logged a firing costs it next to nothing.
type Observer func(ctx context.Context, name string, args []string)

// Observe adds an observer. It must not be called once triggers are fired.
func (b *Bus) Observe(o Observer) { b.observers = append(b.observers, o) }

// Names lists the triggers that compiled plugins answer, sorted.
func (b *Bus) Names() []string { return slices.Sorted(maps.Keys(b.compiled)) }

func (b *Bus) observe(ctx context.Context, name string, args []string) {
	for _, o := range b.observers {
		o(ctx, name, args)
	}
}

// NewBus makes a bus; external may be nil.
func NewBus(external External) *Bus {
	return &Bus{compiled: map[string][]Handler{}, external: external}
}

// Handle registers a compiled handler. It must not be called once triggers
// are fired.
func (b *Bus) Handle(h Handler) {
	list := append(b.compiled[h.Trigger], h)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Plugin < list[j].Plugin })
	b.compiled[h.Trigger] = list
}

// Handled tells whether anybody answers the trigger.
func (b *Bus) Handled(name string) bool { return len(b.handlers(name)) > 0 }

// handlers merges compiled and external handlers in the order of plugin names.
func (b *Bus) handlers(name string) []Handler { return b.merge(name, b.compiled[name]) }

// merge puts handlers of compiled plugins among the external ones of a trigger.
func (b *Bus) merge(name string, compiled []Handler) []Handler {
	if b.external == nil {
		return compiled
	}
	ext := b.external.Handlers(name)
	all := make([]Handler, 0, len(compiled)+len(ext))
	for _, h := range compiled {
		if !b.external.Replaces(h.Plugin) {
			all = append(all, h)
		}
	}
	for _, h := range ext {
		h.external = true
		all = append(all, h)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Plugin < all[j].Plugin })
	return all
}

// streams says where handlers read and print.
type streams struct {
	in       io.Reader
	out, err io.Writer
	shown    *command.Output
	tty      command.Terminal
}

type streamsKey struct{}

// WithStreams makes ctx carry where handlers of Event print, and what they
// read; without it they read nothing and print nowhere.
func WithStreams(ctx context.Context, in io.Reader, out, err io.Writer) context.Context {
	return context.WithValue(ctx, streamsKey{}, streams{in: in, out: out, err: err})
}

// WithOutput is WithStreams for a command's Output.
func WithOutput(ctx context.Context, in io.Reader, out *command.Output) context.Context {
	return context.WithValue(ctx, streamsKey{}, streams{in: in, out: out.Stdout(), err: out.Stderr(), shown: out})
}

// Stderr is where what belongs to no trigger's answer is shown to the user.
func Stderr(ctx context.Context) io.Writer { return streamsOf(ctx).err }

type filesKey struct{}

// WithFiles makes ctx carry the files of a command's caller.
func WithFiles(ctx context.Context, files command.Files) context.Context {
	return context.WithValue(ctx, filesKey{}, files)
}

func filesOf(ctx context.Context) command.Files {
	files, _ := ctx.Value(filesKey{}).(command.Files)
	return files
}

// WithCall is WithOutput and WithFiles for a command, with its caller's terminal
// and those of the caller's variables that are meant for Dokku.
func WithCall(ctx context.Context, c *command.Call) context.Context {
	ctx = WithFiles(ctx, c.Files)
	env := map[string]string{}
	for name, value := range c.Env {
		if strings.HasPrefix(name, "DOKKU_") {
			env[name] = value
		}
	}
	if len(env) > 0 {
		ctx = WithEnv(ctx, env)
	}
	return context.WithValue(ctx, streamsKey{}, streams{in: c.In, out: c.Out.Stdout(), err: c.Out.Stderr(), shown: c.Out, tty: c.TTY})
}

type envKey struct{}

// WithEnv gives the triggers fired with ctx variables besides those it carries.
func WithEnv(ctx context.Context, env map[string]string) context.Context {
	all := maps.Clone(EnvOf(ctx))
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, env)
	return context.WithValue(ctx, envKey{}, all)
}

// EnvOf are the variables that ctx carries. They must not be changed.
func EnvOf(ctx context.Context) map[string]string {
	env, _ := ctx.Value(envKey{}).(map[string]string)
	return env
}

func streamsOf(ctx context.Context) streams {
	s, ok := ctx.Value(streamsKey{}).(streams)
	if !ok {
		return streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	}
	if s.in == nil {
		s.in = strings.NewReader("")
	}
	return s
}

// Event calls all handlers in order of plugin names; the first error ends it.
func (b *Bus) Event(ctx context.Context, name string, args ...string) error {
	b.observe(ctx, name, args)
	for _, h := range b.handlers(name) {
		if err := call(ctx, h, name, args); err != nil {
			return failed(h, err)
		}
	}
	return nil
}

// call lets one handler answer an Event.
func call(ctx context.Context, h Handler, name string, args []string) error {
	s := streamsOf(ctx)
	in := s.in
	if h.external && !forHandlers(ctx) && command.Inherit(s.in) == nil {
		in = strings.NewReader("")
	}
	return h.Run(ctx, &Call{Name: name, Args: args, In: in, Out: s.out, Err: s.err, TTY: s.tty, Files: filesOf(ctx), Env: EnvOf(ctx), shown: s.shown})
}

// EventOf is Event for one compiled plugin: what running $PLUGIN_PATH/enabled/PLUGIN/NAME by its path does with Dokku.
// handled is false when that plugin does not answer.
func (b *Bus) EventOf(ctx context.Context, plugin, name string, args ...string) (handled bool, err error) {
	for _, h := range b.compiled[name] {
		if h.Plugin != plugin {
			continue
		}
		handled = true
		if err := call(ctx, h, name, args); err != nil {
			return true, failed(h, err)
		}
	}
	return handled, nil
}

// Of lists the triggers that one compiled plugin answers, sorted.
func (b *Bus) Of(plugin string) []string {
	var names []string
	for name, handlers := range b.compiled {
		if slices.ContainsFunc(handlers, func(h Handler) bool { return h.Plugin == plugin }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Query calls all handlers and gives what they printed, without the white
// space at its ends; "" when nobody answers. With an error it is what was printed
// until then.
func (b *Bus) Query(ctx context.Context, name string, args ...string) (string, error) {
	b.observe(ctx, name, args)
	var out bytes.Buffer
	s := streamsOf(ctx)
	for _, h := range b.handlers(name) {
		if err := h.Run(ctx, &Call{Name: name, Args: args, In: strings.NewReader(""), Out: &out, Err: s.err, Env: EnvOf(ctx), Files: filesOf(ctx)}); err != nil {
			return strings.TrimSpace(out.String()), failed(h, err)
		}
	}
	return strings.TrimSpace(out.String()), nil
}

// Collect calls all handlers and gives each one's answer in order, leaving out
// the empty ones.
func (b *Bus) Collect(ctx context.Context, name string, args ...string) ([]string, error) {
	b.observe(ctx, name, args)
	var all []string
	s := streamsOf(ctx)
	for _, h := range b.handlers(name) {
		var out bytes.Buffer
		if err := h.Run(ctx, &Call{Name: name, Args: args, In: strings.NewReader(""), Out: &out, Err: s.err, Env: EnvOf(ctx), Files: filesOf(ctx)}); err != nil {
			return nil, failed(h, err)
		}
		if answer := strings.TrimSpace(out.String()); answer != "" {
			all = append(all, answer)
		}
	}
	return all, nil
}
