package ports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type appArgs struct {
	App string `arg:"app"`
}

func (p ports) list(_ context.Context, c *command.Call, in appArgs) error {
	all, err := p.own(in.App)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return command.Fail("No port mappings configured for app")
	}
	c.Out.Headers().Step("Port mappings for %s", in.App)
	var rows [][3]string
	if !c.Out.Quiet() {
		rows = append(rows, [3]string{"-----> scheme", "host port", "container port"})
	}
	for _, m := range all {
		rows = append(rows, [3]string{m.Scheme, strconv.Itoa(m.HostPort), strconv.Itoa(m.ContainerPort)})
	}
	var width [2]int
	for _, r := range rows {
		width[0], width[1] = max(width[0], len(r[0])), max(width[1], len(r[1]))
	}
	for _, r := range rows {
		c.Out.Line("    %-*s  %-*s  %s", width[0], r[0], width[1], r[1], r[2])
	}
	return nil
}

type mappingsArgs struct {
	App      string    `arg:"app"`
	Mappings []Mapping `arg:"mapping" missing:"No port mapping specified"`
}

func (p ports) add(ctx context.Context, c *command.Call, in mappingsArgs) error {
	if err := reused(in.Mappings); err != nil {
		return command.BadInput("Error validating new port mappings: %w", err)
	}
	return p.change(ctx, c.Out, in.App, "add", func(own []Mapping) ([]Mapping, error) {
		all := append(own, in.Mappings...)
		if err := reused(all); err != nil {
			return nil, command.BadInput("Error validating all port mappings: %w", err)
		}
		return all, nil
	})
}

func (p ports) set(ctx context.Context, c *command.Call, in mappingsArgs) error {
	if err := reused(in.Mappings); err != nil {
		return command.BadInput("Error validating port mappings: %w", err)
	}
	return p.change(ctx, c.Out, in.App, "set", func([]Mapping) ([]Mapping, error) { return in.Mappings, nil })
}

type removeArgs struct {
	App      string   `arg:"app"`
	Mappings []string `arg:"mapping" missing:"No port mapping specified"`
}

func (p ports) remove(ctx context.Context, c *command.Call, in removeArgs) error {
	var gone []func(Mapping) bool
	for _, word := range in.Mappings {
		match, err := matcher(word)
		if err != nil {
			return command.BadInput("%w", err)
		}
		gone = append(gone, match)
	}
	return p.change(ctx, c.Out, in.App, "remove", func(own []Mapping) ([]Mapping, error) {
		for _, match := range gone {
			own = slices.DeleteFunc(own, match)
		}
		return own, nil
	})
}

// matcher reads what ports:remove is given: a port of the proxy or a whole
// mapping.
func matcher(word string) (func(Mapping) bool, error) {
	if strings.Contains(word, ":") {
		m, err := ParseMapping(word)
		return func(other Mapping) bool { return other == m }, err
	}
	port, err := parsePort(word, word, "hostPort")
	return func(other Mapping) bool { return other.HostPort == port }, err
}

func (p ports) clear(ctx context.Context, c *command.Call, in appArgs) error {
	if err := p.h.Store.Unset(propDetected, in.App); err != nil {
		return err
	}
	return p.change(ctx, c.Out, in.App, "clear", func([]Mapping) ([]Mapping, error) { return nil, nil })
}

// change replaces the mappings that the user set by what next makes of them,
// tells other plugins, and has the app's routes rebuilt. New mappings that the
// proxy refuses are taken back: with them every later command would fail.
func (p ports) change(ctx context.Context, out *command.Output, app, action string, next func(own []Mapping) ([]Mapping, error)) error {
	var before []Mapping
	all, err := p.edit(app, func(own []Mapping) ([]Mapping, error) {
		before = slices.Clone(own)
		return next(own)
	})
	if err != nil {
		return err
	}
	secure, err := p.secure(ctx, app)
	if err != nil {
		return err
	}
	for _, m := range all {
		if needsCertificate(m) && !secure {
			out.Warn("Ignoring detected https port mapping without an accompanying ssl certificate (%s)", m)
		}
	}
	if err := p.h.Bus.Event(ctx, "post-proxy-ports-update", app, action); err != nil {
		return err
	}
	err = p.h.Bus.Event(ctx, "proxy-build-config", app)
	if err != nil && (action == "add" || action == "set") {
		_, undo := p.edit(app, func([]Mapping) ([]Mapping, error) { return before, nil })
		err = errors.Join(err, undo)
	}
	return err
}

func (p ports) reportApp(ctx context.Context, app string) (plugin.Rows, error) {
	own, err := p.own(app)
	if err != nil {
		return nil, err
	}
	detected, err := p.detected(ctx, app)
	if err != nil {
		return nil, err
	}
	rows := plugin.Rows{
		"ports-map":          strings.Join(lines(own), " "),
		"ports-map-detected": strings.Join(lines(detected), " "),
	}
	for key, all := range map[string][]Mapping{"ports-map-json": own, "ports-map-detected-json": detected} {
		b, err := json.Marshal(all)
		if err != nil {
			return nil, fmt.Errorf("cannot report the ports of %s: %w", app, err)
		}
		rows[key] = string(b)
	}
	return rows, nil
}

// reportGlobal is empty: ports belong to apps.
func (p ports) reportGlobal(context.Context) (plugin.Rows, error) { return plugin.Rows{}, nil }
