package domains

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

func (d domains) path(app string) string { return d.h.Store.RootPath(app, "VHOST") }

func (d domains) globalPath() string { return d.h.Store.RootPath("VHOST") }

// own reads the domains in the app's file, whether they are in force or not.
func (d domains) own(app string) ([]string, error) { return d.h.Store.ReadLines(d.path(app)) }

// hasFile tells whether the app has a file of domains, though it may be empty.
func (d domains) hasFile(app string) (bool, error) {
	_, err := os.Stat(d.path(app))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// removeFile removes the app's file; existed tells whether there was one.
func (d domains) removeFile(app string) (existed bool, err error) {
	err = os.Remove(d.path(app))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot remove the domains of %s: %w", app, err)
	}
	return true, nil
}

// global reads the global domains.
func (d domains) global() ([]string, error) { return d.h.Store.ReadLines(d.globalPath()) }

func (d domains) writeGlobal(hosts []string) error {
	return d.h.Store.WriteLines(d.globalPath(), hosts, 0o644)
}

// enabled tells whether the app answers by its domains. The config var NO_VHOST
// is where Dokku keeps it.
func (d domains) enabled(app string) (bool, error) {
	env, err := d.h.Store.Env(app)
	return env["NO_VHOST"] != "1", err
}

// effective are the domains by which the app answers.
func (d domains) effective(app string) ([]string, error) {
	on, err := d.enabled(app)
	if err != nil || !on {
		return nil, err
	}
	return d.own(app)
}

// defaults are the domains of an app that nobody gave any: APP.GLOBAL for each
// global domain that is a name, or the app's own name if it has a dot. The
// trigger nginx-hostname may answer with another one.
func (d domains) defaults(ctx context.Context, app string) ([]string, error) {
	global, err := d.global()
	if err != nil {
		return nil, err
	}
	var hosts []string
	for _, g := range global {
		if isAddress(g) {
			continue
		}
		host, err := d.h.Bus.Query(ctx, "nginx-hostname", app, strings.TrimSuffix(app, "."+g), g)
		if err != nil {
			return nil, err
		}
		switch {
		case host != "":
		case strings.Contains(app, "."):
			host = app
		default:
			host = app + "." + g
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts, nil
}

// owner is the other app that has the domain, "" when there is none.
func (d domains) owner(app, host string) (string, error) {
	apps, err := d.h.Store.Apps()
	if err != nil {
		return "", err
	}
	for _, other := range apps {
		if other == app {
			continue
		}
		hosts, err := d.own(other)
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(hosts, func(taken string) bool { return collide(taken, host) }) {
			return other, nil
		}
	}
	return "", nil
}

// claim fails when another app has one of the domains.
func (d domains) claim(app string, hosts []string) error {
	for _, host := range hosts {
		owner, err := d.owner(app, host)
		if err != nil {
			return err
		}
		if owner != "" {
			return command.Fail("%s already belongs to the app %s\nTo move it: dokku domains:remove %s %s", host, owner, owner, host)
		}
	}
	return nil
}

// free leaves out the domains that another app has, and says so.
func (d domains) free(out *command.Output, app string, hosts []string) ([]string, error) {
	var left []string
	for _, host := range hosts {
		owner, err := d.owner(app, host)
		if err != nil {
			return nil, err
		}
		if owner == "" {
			left = append(left, host)
		} else {
			out.Warn("%s already belongs to the app %s, skipping it for %s", host, owner, app)
		}
	}
	return left, nil
}
