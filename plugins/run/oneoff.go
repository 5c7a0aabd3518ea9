package run

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/schedule/attach"
	"github.com/slipwayhq/slipway/trigger"
)

// oneOff is one container to run.
type oneOff struct {
	app      string
	sort     string // containerType or cronType
	cronID   string // of the scheduled task that it is
	policy   string // that task's concurrency policy
	env      map[string]string
	labels   map[string]string
	deadline time.Duration
	process  string // the process type whose command it runs, "" for none
	detached bool
	terminal bool
	stdin    bool
	kept     bool // not removed at its end
	argv     []string
	kind     build.Kind // of its image
}

// defaultPort is the port that $PORT in a Procfile's command stands for.
// Source: Dokku plugins/scheduler-docker-local/scheduler-run.
const defaultPort = "5000"

// maxTTL is the most seconds that --ttl-seconds takes: ten years, which a
// time.Duration still holds.
const maxTTL = 10 * 365 * 24 * 60 * 60

// maxNumber bounds the number in a container's name, as bash's $RANDOM does.
const maxNumber = 32768

// tries is how often a number that is taken is drawn anew.
const tries = 10

// prepare works out what to run from what the trigger was given: its variables
// are those of Dokku's plugins/scheduler-docker-local/scheduler-run.
func (r *run) prepare(ctx context.Context, c *trigger.Call, name string, pairs, argv []string) (oneOff, error) {
	ttl := c.Env["DOKKU_RUN_TTL_SECONDS"]
	if ttl == "" {
		ttl = defaultTTL
	}
	o := oneOff{
		app: name, sort: containerType, cronID: c.Env["DOKKU_CRON_ID"], policy: c.Env["DOKKU_CONCURRENCY_POLICY"],
		detached: c.Env["DOKKU_DETACH_CONTAINER"] == "1", kept: c.Env["DOKKU_RM_CONTAINER"] == "", argv: argv,
	}
	var err error
	if o.deadline, err = parseTTL(ttl); err != nil {
		return o, err
	}
	image, err := r.releaseImage(ctx, c.Output(), name)
	if err != nil {
		return o, err
	}
	if o.env, err = r.env(name, pairs); err != nil {
		return o, err
	}
	o.kind = build.KindOf(image, o.env)
	if o.labels, err = globalLabels(c.Env["DOKKU_GLOBAL_FLAGS"]); err != nil {
		return o, err
	}
	o.labels[labelDeadline] = ttl
	if o.cronID != "" {
		o.sort = cronType
		if o.policy == "" {
			o.policy = "allow"
		}
		o.labels[labelCron], o.labels[labelPolicy] = o.cronID, o.policy
	}
	force, disable := c.Env["DOKKU_FORCE_TTY"] == "true", c.Env["DOKKU_DISABLE_TTY"] == "true"
	if o.detached {
		o.terminal, o.stdin = force, force
	} else {
		o.terminal = c.TTY != nil && !disable
		o.stdin = o.terminal || c.Env[attach.StdinEnv] != ""
	}
	if len(o.argv) == 0 {
		if o.argv, err = r.shell(name); c.Env["DOKKU_SHELL"] != "" {
			o.argv = []string{c.Env["DOKKU_SHELL"]}
		}
		return o, err
	}
	err = r.procfile(c.Output(), &o)
	return o, err
}

// parseTTL reads how many seconds a container may run.
func parseTTL(text string) (time.Duration, error) {
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 {
		return 0, command.BadInput("--ttl-seconds must be a positive integer")
	}
	if seconds > maxTTL {
		return 0, command.BadInput("--ttl-seconds must be at most %d, which is ten years", maxTTL)
	}
	return time.Duration(seconds) * time.Second, nil
}

// globalLabels are the labels among the flags in front of a command.
func globalLabels(flags string) (map[string]string, error) {
	split, err := words.Split(flags)
	if err != nil {
		return nil, command.BadInput("Invalid flags in DOKKU_GLOBAL_FLAGS: %w", err)
	}
	labels := map[string]string{}
	for _, flag := range split {
		if pair, ok := strings.CutPrefix(flag, "--label="); ok {
			key, value, _ := strings.Cut(pair, "=")
			if !labelAllowed(key) {
				return nil, badLabel(pair)
			}
			labels[key] = value
		}
	}
	return labels, nil
}

// releaseImage is the image of the app's release, which a label says that it is:
// one that is only built lacks what a release adds. The words are Dokku's.
func (r *run) releaseImage(ctx context.Context, out *command.Output, name string) (docker.Image, error) {
	image, err := r.host.Docker.ImageInspect(ctx, r.image(name))
	switch {
	case errors.Is(err, docker.ErrNotFound):
		out.Warn("App image (%s) not found", r.image(name))
	case err != nil:
		return image, err
	}
	if stage := image.Labels[docker.LabelImageStage]; stage != "release" {
		out.Warn("Invalid image stage detected: expected 'release', got '%s'", stage)
		return image, command.Fail("Successfully deploy your app to fix dokku run calls")
	}
	return image, nil
}

// image is the one that the app runs: deploys tag what is live as latest.
func (r *run) image(name string) string { return r.host.Names.Image(name) + ":latest" }

var envRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// env is the app's config with what the caller adds.
func (r *run) env(name string, pairs []string) (map[string]string, error) {
	env, err := r.host.Store.MergedEnv(name)
	if err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		if err := checkPair(pair); err != nil {
			return nil, err
		}
		key, value, _ := strings.Cut(pair, "=")
		env[key] = value
	}
	return env, nil
}

// checkPair takes KEY=VALUE.
func checkPair(pair string) error {
	key, _, ok := strings.Cut(pair, "=")
	if !ok || !envRE.MatchString(key) {
		return command.BadInput("Invalid environment variable %q, must be KEY=VALUE", pair)
	}
	return nil
}

// labelAllowed tells whether a caller may set a label: not those by which
// containers are told apart.
func labelAllowed(key string) bool {
	for _, own := range []string{"com.dokku.", "com.slipway.", "org.label-schema."} {
		if strings.HasPrefix(key, own) {
			return false
		}
	}
	return key != docker.LabelDokku && key != ""
}

func badLabel(pair string) error {
	return command.BadInput("Invalid label %q, must be KEY=VALUE and must not begin with com.dokku, com.slipway or org.label-schema", pair)
}

// shell is the command that opens a shell.
func (r *run) shell(name string) ([]string, error) {
	v, err := r.host.Store.Computed(shell, name)
	if err != nil || v != "" {
		return []string{v}, err
	}
	return attach.Shell(), nil
}

// procfile replaces a process type of the Procfile by its command; what follows
// it is added, as in `run blog rake db:migrate` with `rake: bundle exec rake`.
func (r *run) procfile(out *command.Output, o *oneOff) error {
	text, err := r.host.Store.ReadFile(r.host.Store.LibPath("data", "ps", o.app, "Procfile"))
	if err != nil {
		return err
	}
	file, err := app.ParseProcfile(text)
	if err != nil {
		return command.BadInput("%w", err)
	}
	line, found := file.Command(o.argv[0])
	if !found {
		return nil
	}
	env := maps.Clone(o.env)
	if env["PORT"] == "" {
		env["PORT"] = defaultPort
	}
	argv, err := app.Argv(line, env)
	if err != nil {
		return command.BadInput("Invalid command of process %s in the Procfile: %w", o.argv[0], err)
	}
	out.Headers().Step("Found '%s' in Procfile, running that command", o.argv[0])
	o.process = o.argv[0]
	o.argv = append(argv, o.argv[1:]...)
	return nil
}

// create makes the container, under a number that is free, and tells plugins.
func (r *run) create(ctx context.Context, o oneOff) (id, name string, err error) {
	options, err := r.pluginOptions(ctx, o)
	if err != nil {
		return "", "", err
	}
	if on, err := r.host.Store.Computed(initProcess, o.app); err != nil {
		return "", "", err
	} else if on == "true" {
		options = append([]string{"--init"}, options...)
	}
	for range tries {
		number, err := rand.Int(rand.Reader, big.NewInt(maxNumber))
		if err != nil {
			return "", "", err
		}
		name = r.host.Names.Run(o.app, o.sort, number.String())
		id, err = r.host.Docker.Create(ctx, o.args(r.host.Names, name, o.sort+"."+number.String(), options, r.image(o.app)))
		if errors.Is(err, docker.ErrConflict) {
			continue
		}
		if err != nil {
			return "", "", err
		}
		if err := r.host.Bus.Event(ctx, "post-container-create", "app", id, o.app, "run"); err != nil {
			return "", "", errors.Join(err, r.host.Docker.Remove(context.WithoutCancel(ctx), id))
		}
		return id, name, nil
	}
	return "", "", command.Fail("No free name for a run container of %s was found. Try again, or end some with: dokku run:stop %s", o.app, o.app)
}

// pluginOptions are the options of docker that plugins ask for.
func (r *run) pluginOptions(ctx context.Context, o oneOff) ([]string, error) {
	var options []string
	for _, trigger := range [][]string{{"docker-args-run", o.app, "latest"}, {"docker-args-process-run", o.app, string(o.kind), "latest"}} {
		answers, err := r.host.Bus.Collect(ctx, trigger[0], trigger[1:]...)
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			split, err := words.Split(a)
			if err != nil {
				return nil, fmt.Errorf("cannot read the options from %s: %w", trigger[0], err)
			}
			options = append(options, split...)
		}
	}
	return options, nil
}

// args is the argument vector of `docker container create`. The variables come
// first: docker.Engine keeps the values of those out of process lists.
func (o oneOff) args(names docker.Names, name, dyno string, options []string, image string) []string {
	env := maps.Clone(o.env)
	env["DYNO"] = dyno
	var args []string
	for _, key := range slices.Sorted(maps.Keys(env)) {
		args = append(args, "--env="+key+"="+env[key])
	}
	labels := names.Labels(docker.Labelled{App: o.app, ContainerType: o.sort, Process: o.process, Dyno: dyno})
	maps.Copy(labels, o.labels)
	args = append(args, docker.LabelArgs(labels)...)
	args = append(args, "--name="+name, "--pull=never")
	if !o.kept {
		args = append(args, "--rm")
	}
	if o.stdin {
		args = append(args, "--interactive")
	}
	if o.terminal {
		args = append(args, "--tty")
	}
	args = append(args, options...)
	args = append(args, image)
	return append(args, o.kind.Exec(o.argv)...)
}
