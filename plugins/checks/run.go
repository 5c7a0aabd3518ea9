package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/schedule/check"
)

// shownLines is how much of a container's output checks:run shows.
const shownLines = 100

// place is one instance to check.
type place struct {
	process string
	index   int
}

// checked is what all checks of one app share.
type checked struct {
	app       string
	manifest  app.AppJSON
	settings  check.Settings
	host      string
	tls       bool
	port      int // of containers that do not say theirs
	instances []schedule.Instance
}

// run checks the running containers.
func (c *checks) run(ctx context.Context, call *command.Call, in typesArgs) error {
	call.Out.Step("Running pre-flight checks")
	places, err := c.places(ctx, in.App, in.Types)
	if err != nil {
		return err
	}
	what, err := c.prepare(ctx, in.App)
	if err != nil {
		return err
	}
	for _, p := range places {
		off, err := c.listed(disabled, in.App, p.process)
		if err != nil {
			return err
		}
		if off {
			call.Out.Step("Zero downtime is disabled for app (%s.%s). Skipping checks", in.App, p.process)
			continue
		}
		if err := c.runOne(ctx, call, what, p); err != nil {
			return err
		}
	}
	return nil
}

// places lists what to check: all that the scale asks for, or the types
// ("worker") and instances ("web.2") that the caller named.
func (c *checks) places(ctx context.Context, name, list string) ([]place, error) {
	scale, err := c.scale(ctx, name)
	if err != nil {
		return nil, err
	}
	if list == "" || list == all {
		return scale, nil
	}
	var places []place
	for word := range strings.SplitSeq(list, ",") {
		process, index, numbered := strings.Cut(word, ".")
		if _, err := app.ParseProcessType(process); err != nil {
			return nil, command.BadInput("Invalid process type specified (%s.%s)", name, word)
		}
		if numbered {
			n, err := strconv.Atoi(index)
			if err != nil || n < 1 {
				return nil, command.BadInput("Invalid container index specified (%s.%s)", name, word)
			}
			places = append(places, place{process, n})
			continue
		}
		of := slices.DeleteFunc(slices.Clone(scale), func(p place) bool { return p.process != process })
		if len(of) == 0 {
			return nil, command.BadInput("Invalid process type specified (%s.%s)", name, process)
		}
		places = append(places, of...)
	}
	return places, nil
}

// scale gives every place that the app's scale asks for.
func (c *checks) scale(ctx context.Context, name string) ([]place, error) {
	lines, err := c.host.Bus.Query(ctx, "ps-current-scale", name)
	if err != nil {
		return nil, err
	}
	var places []place
	for line := range strings.FieldsSeq(lines) {
		process, count, _ := strings.Cut(line, "=")
		n, err := strconv.Atoi(count)
		if err != nil {
			return nil, fmt.Errorf("cannot read the scale of %s: the line %q is not TYPE=N", name, line)
		}
		for i := range n {
			places = append(places, place{process, i + 1})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return schedule.ProcessOrder(a.process, b.process) })
	return places, nil
}

func (c *checks) prepare(ctx context.Context, name string) (checked, error) {
	what := checked{app: name}
	text, err := c.host.Store.ReadFile(c.host.Store.LibPath("data", "app-json", name, "app.json"))
	if err != nil {
		return what, err
	}
	if what.manifest, err = app.ParseAppJSON([]byte(text)); err != nil {
		return what, command.BadInput("%w", err)
	}
	old, err := c.host.Store.ReadFile(c.host.Store.LibPath("data", "scheduler-docker-local", name, app.ChecksFile))
	if err != nil {
		return what, err
	}
	if what.manifest, err = what.manifest.WithChecks(old); err != nil {
		return what, command.BadInput("Invalid %s: %w", app.ChecksFile, err)
	}
	what.settings, err = check.Load(func(property string) (string, error) { return c.host.Computed("checks", property, name) })
	if err != nil {
		return what, command.BadInput("%w", err)
	}
	if what.host, err = c.firstHost(ctx, name); err != nil {
		return what, err
	}
	certificate, err := c.host.Bus.Query(ctx, "certs-exists", name)
	if err != nil {
		return what, err
	}
	what.tls = certificate == "true"
	if what.port, err = c.port(ctx, name); err != nil {
		return what, err
	}
	what.instances, err = schedule.LiveOn(ctx, c.host.Docker, c.host.Names, name)
	return what, err
}

// firstHost is the app's first domain that can be asked for.
func (c *checks) firstHost(ctx context.Context, name string) (string, error) {
	domains, err := c.host.Bus.Query(ctx, "domains-list", name)
	for domain := range strings.FieldsSeq(domains) {
		if !strings.Contains(domain, "*") {
			return strings.TrimPrefix(domain, "."), err
		}
	}
	return "", err
}

// port is the container port of the app's first port mapping.
func (c *checks) port(ctx context.Context, name string) (int, error) {
	maps, err := c.host.Bus.Query(ctx, "ports-get", name)
	if err != nil {
		return 0, err
	}
	for mapping := range strings.FieldsSeq(maps) {
		parts := strings.Split(mapping, ":")
		if len(parts) != 3 || parts[0] == "udp" {
			continue
		}
		if n, err := strconv.Atoi(parts[2]); err == nil {
			return n, nil
		}
	}
	return 5000, nil // Dokku's default port
}

func (c *checks) runOne(ctx context.Context, call *command.Call, what checked, p place) error {
	i := slices.IndexFunc(what.instances, func(i schedule.Instance) bool { return i.Process == p.process && i.Index == p.index })
	if i < 0 {
		return command.Fail("Invalid container index specified (%s.%s.%d)", what.app, p.process, p.index)
	}
	instance := what.instances[i]
	call.Out.Step("Running checks for app (%s.%s)", what.app, instance.Dyno())
	port := instance.Port
	if port == 0 && p.process == "web" {
		port = what.port
	}
	listens := strconv.Itoa(cmp.Or(port, what.port)) // Dokku names a port for whatever process type
	if err := c.host.Bus.Event(ctx, "check-deploy", what.app, instance.ID, p.process, listens, instance.IP); err != nil {
		return err
	}
	off, err := c.listed(skipped, what.app, p.process)
	if err != nil {
		return err
	}
	if off {
		call.Out.Headers().Title("Zero downtime checks have been skipped (%s)", instance.Dyno())
		return nil
	}
	target := check.Target{
		App: what.app, Process: p.process, Index: p.index, ContainerID: instance.ID, IP: instance.IP,
		Port: port, Host: what.host, TLS: what.tls,
	}
	err = check.Run(ctx, c.host.Docker, target, check.Config{
		Checks:   check.OfType(what.manifest.Healthchecks[p.process], check.Startup),
		Web:      p.process == "web",
		Settings: what.settings,
	}, call.Out)
	if ctx.Err() != nil || errors.Is(err, docker.ErrUnreachable) {
		return err
	}
	return errors.Join(err, check.ShowOutput(ctx, c.host.Docker, target, shownLines, call.Out))
}
