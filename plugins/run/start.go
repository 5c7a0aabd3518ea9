package run

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/schedule/attach"
	"github.com/slipwayhq/slipway/trigger"
)

type startArgs struct {
	Env      []string `flag:"env" short:"e" help:"set a variable KEY=VALUE, also repeatedly"`
	Labels   []string `flag:"label" help:"label the container KEY=VALUE, also repeatedly"`
	NoTTY    bool     `flag:"no-tty" help:"do not use the terminal"`
	ForceTTY bool     `flag:"force-tty" help:"give the container a terminal"`
	TTL      string   `flag:"ttl-seconds" default:"86400" help:"how long it may run"`
	CronID   string   `flag:"cron-id" help:"the scheduled task that it is a run of"`
	Stdin    bool     `flag:"interactive" short:"i" help:"pass on what is piped in"`
	Policy   string   `flag:"concurrency-policy" default:"allow" enum:"allow,forbid,replace" help:"what to do while that task runs already"`
	App      string   `arg:"app"`
	Command  []string `arg:"cmd,optional"`
}

// interrupted is how long a container gets to end when its caller went away or
// pressed Ctrl-C.
const interrupted = 5 * time.Second

// errDeadline says that a container ran for as long as it may.
var errDeadline = errors.New("deadline of --ttl-seconds")

// attached runs a container for the caller and waits for its end.
func (r *run) attached(ctx context.Context, c *command.Call, in startArgs) error {
	if in.ForceTTY && !in.NoTTY && c.TTY == nil {
		return command.BadInput("--force-tty needs a terminal. Call it with: ssh -t")
	}
	return r.schedule(ctx, c, in, nil)
}

// detached starts a container and prints its name.
func (r *run) detached(ctx context.Context, c *command.Call, in startArgs) error {
	return r.schedule(ctx, c, in, map[string]string{"DOKKU_DETACH_CONTAINER": "1"})
}

// schedule checks what the caller said and has the app's scheduler run it by
// the trigger scheduler-run. Source of the variables: Dokku plugins/run/internal-functions.
func (r *run) schedule(ctx context.Context, c *command.Call, in startArgs, env map[string]string) error {
	if in.NoTTY && in.ForceTTY {
		return command.BadInput("Cannot specify both --force-tty and --no-tty")
	}
	if _, err := parseTTL(in.TTL); err != nil {
		return err
	}
	var flags []string
	for _, pair := range slices.Concat(c.Flags.Labels, in.Labels) {
		if key, _, _ := strings.Cut(pair, "="); !labelAllowed(key) {
			return badLabel(pair)
		}
		flags = append(flags, "--label="+pair)
	}
	for _, pair := range in.Env {
		if err := checkPair(pair); err != nil {
			return err
		}
	}
	scheduler, err := r.host.Store.Computed(selectedScheduler, in.App)
	if err != nil {
		return err
	}
	all := map[string]string{
		"DOKKU_RM_CONTAINER": "1", "DOKKU_RUN_TTL_SECONDS": in.TTL, "DOKKU_CRON_ID": in.CronID, "DOKKU_CONCURRENCY_POLICY": in.Policy,
		"DOKKU_GLOBAL_FLAGS": words.Quote(flags), "DOKKU_DETACH_CONTAINER": "",
	}
	if in.NoTTY || (env != nil && !in.ForceTTY) {
		all["DOKKU_DISABLE_TTY"] = "true"
	}
	if in.ForceTTY {
		all["DOKKU_FORCE_TTY"] = "true"
	}
	maps.Copy(all, env)
	ctx = trigger.WithEnv(ctx, all)
	if in.Stdin || c.TTY != nil {
		ctx = trigger.WithInput(ctx)
	}
	if in.Stdin {
		ctx = trigger.WithEnv(ctx, map[string]string{attach.StdinEnv: "1"})
	}
	args := slices.Concat([]string{scheduler, in.App, strconv.Itoa(len(in.Env))}, in.Env, []string{"--"}, in.Command)
	return r.host.Bus.Event(ctx, "scheduler-run", args...)
}

// onRun answers scheduler-run SCHEDULER APP N ENV… -- CMD….
func (r *run) onRun(ctx context.Context, c *trigger.Call) error {
	if c.Arg(0) != dockerLocal {
		return nil
	}
	name := c.Arg(1)
	if !r.host.Store.AppExists(name) {
		return command.NoSuchApp(name)
	}
	count, err := strconv.Atoi(c.Arg(2))
	if err != nil || count < 0 || count > len(c.Args)-3 {
		return command.BadInput("Invalid number of environment variables: %q", c.Arg(2))
	}
	pairs, argv := c.Args[3:3+count], c.Args[3+count:]
	// The first -- ends what is ours, a second one is what the caller typed in front of the command.
	for range 2 {
		if len(argv) > 0 && argv[0] == "--" {
			argv = argv[1:]
		}
	}
	o, err := r.prepare(ctx, c, name, pairs, argv)
	if err != nil {
		return err
	}
	if err := r.takeTurn(ctx, c.Output(), o); err != nil {
		return err
	}
	id, container, err := r.create(ctx, o)
	if err != nil {
		return err
	}
	call := &command.Call{In: c.In, Out: c.Output(), TTY: c.TTY}
	code := 0
	if o.detached {
		err = r.startDetached(ctx, call, id, container)
	} else {
		code, err = r.attach(ctx, call, o, id)
	}
	if err != nil {
		return err
	}
	if c.Env["SLIPWAY_FOLLOWED"] == "" { // plugins/cron, which follows it, fires this at its end
		if err := r.host.Bus.Event(ctx, "scheduler-post-run", dockerLocal, o.app, id, itoa(code)); err != nil {
			return err
		}
	}
	if code != 0 {
		return command.Exit{Code: code}
	}
	return nil
}

// takeTurn looks after the concurrency policy of a scheduled task. The words are
// those of Dokku's plugins/scheduler-docker-local/scheduler-run.
func (r *run) takeTurn(ctx context.Context, out *command.Output, o oneOff) error {
	if o.cronID == "" || o.policy == "allow" {
		return nil
	}
	labels := r.host.Names.Owned(o.app)
	labels[labelCron] = o.cronID
	found, err := r.host.Docker.List(ctx, docker.Filter{Labels: labels})
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(c docker.Container) bool { return !r.host.Names.Owns(c.Labels) })
	switch {
	case len(found) == 0:
		return nil
	case o.policy == "forbid":
		return command.Fail("%s currently has a cron lock in place for %s. Exiting...", o.app, o.cronID)
	}
	out.Warn("Replacing running container for %s", o.cronID)
	grace, err := r.grace(o.app)
	if err != nil {
		return err
	}
	for _, c := range found {
		if err := ignoreGone(r.host.Docker.Stop(ctx, c.ID, grace)); err != nil {
			return err
		}
		if err := r.host.Bus.Event(ctx, "scheduler-register-retired", o.app, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// attach starts the container and stays with it. However it leaves, the
// container does not go on.
func (r *run) attach(ctx context.Context, c *command.Call, o oneOff, id string) (code int, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.deadline, errDeadline)
	defer cancel()
	mode := attach.Streams
	if o.terminal {
		mode = attach.Terminal
	}
	said := &lastWords{}
	call := *c
	call.Out = command.NewOutput(c.Out.Stdout(), io.MultiWriter(c.Out.Stderr(), said))
	start := []string{"container", "start", "--attach"}
	if o.stdin {
		start = append(start, "--interactive")
	} else {
		call.In = nil
	}
	code, err = attach.Run(ctx, r.host.CLI, &call, mode, append(start, id)...)
	if ctx.Err() != nil {
		return 0, r.abandon(ctx, c, o, id)
	}
	if err != nil {
		return 0, errors.Join(err, ignoreGone(r.host.Docker.Remove(ctx, id)))
	}
	return said.exitCode(id, code), nil
}

// abandon ends a container whose caller or whose time is gone.
func (r *run) abandon(ctx context.Context, c *command.Call, o oneOff, id string) error {
	cause := context.Cause(ctx)
	late := context.WithoutCancel(ctx)
	grace := interrupted
	if errors.Is(cause, errDeadline) {
		c.Out.Warn("The container has run for %d seconds and is stopped", int(o.deadline.Seconds()))
		cause = command.Exit{Code: 124} // as timeout(1) has it
		var err error
		if grace, err = r.grace(o.app); err != nil {
			return err
		}
	}
	// A container that was not started yet is not removed by its end.
	if err := ignoreGone(r.host.Docker.Stop(late, id, grace)); err != nil {
		return err
	}
	if err := ignoreGone(r.host.Docker.Remove(late, id)); err != nil {
		return err
	}
	return cause
}

func ignoreGone(err error) error {
	if errors.Is(err, docker.ErrNotFound) {
		return nil
	}
	return err
}

// startDetached starts a container and prints its name.
func (r *run) startDetached(ctx context.Context, c *command.Call, id, name string) error {
	if err := r.host.Docker.Start(ctx, id); err != nil {
		return errors.Join(err, ignoreGone(r.host.Docker.Remove(context.WithoutCancel(ctx), id)))
	}
	c.Out.Line("%s", name)
	return nil
}

// maxWords bounds what is kept of stderr, in bytes.
const maxWords = 4 << 10

// lastWords keeps the end of what docker wrote to stderr.
type lastWords struct {
	mu   sync.Mutex
	data []byte
}

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data = append(w.data, p...)
	if extra := len(w.data) - maxWords; extra > 0 {
		w.data = append(w.data[:0], w.data[extra:]...)
	}
	return len(p), nil
}

// exitCode tells a command that could not be run from one that exited with 1,
// as `docker run` does but not `docker container start`: 126 for a file that
// cannot be executed, 127 for one that is not there. Only docker's command line
// names the container by its whole ID.
func (w *lastWords) exitCode(id string, code int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	failed := bytes.Contains(w.data, []byte("failed to start containers: "+id))
	switch text := string(w.data); {
	case code != 1 || !failed:
		return code
	case strings.Contains(text, "executable file not found") || strings.Contains(text, "no such file or directory"):
		return 127
	case strings.Contains(text, "permission denied"):
		return 126
	}
	return code
}
