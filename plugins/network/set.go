package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type setArgs struct {
	App      string   `arg:"app,global"`
	Property string   `arg:"property" missing:"No property specified"`
	Values   []string `arg:"value,optional"`
}

func (n network) set(ctx context.Context, c *command.Call, in setArgs) error {
	setter := plugin.Setter{
		Feature: "network", BadKey: plugin.BadProperty, Properties: properties,
		Changed: func(ctx context.Context, app, property string) error {
			if property != staticWebListener.Name {
				return nil // what runs stays as it is
			}
			return n.h.Bus.Event(ctx, "proxy-build-config", app)
		},
	}
	var value string
	switch in.Property {
	case attachPostCreate.Name, attachPostDeploy.Name:
		names := splitNames(strings.Join(in.Values, ","))
		if err := n.checkAttached(in.App, in.Property, names); err != nil {
			return err
		}
		value = strings.Join(names, ",")
	default:
		if len(in.Values) > 1 {
			return command.BadInput("The property %s has one value, not %d", in.Property, len(in.Values))
		}
		value = strings.Join(in.Values, "")
	}
	return setter.Set(ctx, n.h, c, in.App, in.Property, value)
}

// checkAttached checks the networks that an attach property is to have. Whether
// they are there shows at the next deploy, as with Dokku: they may be made later.
func (n network) checkAttached(app, property string, names []string) error {
	other := attachPostDeploy
	if property == attachPostDeploy.Name {
		other = attachPostCreate
	}
	taken, err := n.h.Store.Computed(other, app)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == "host" || name == "bridge" {
			return command.BadInput("Invalid network name specified for attach: %s", name)
		}
		if slices.Contains(splitNames(taken), name) {
			return command.BadInput("Network name already associated with this app: %s", name)
		}
		if err := docker.CheckNetworkName(name); err != nil {
			return command.BadInput("%w", err)
		}
	}
	return nil
}

// splitNames are the names of a comma-separated list, each once.
func splitNames(list string) []string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func validBool(v string) error {
	if v != "true" && v != "false" {
		return fmt.Errorf("Invalid value %q, valid values are: true, false", v) //nolint:staticcheck // shown as it is
	}
	return nil
}

func validNetwork(name string) error { return docker.CheckNetworkName(name) }

// label is one part of a domain name. Source: RFC 1123.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func validTLD(v string) error {
	if len(v) > 200 {
		return errors.New("the tld is longer than 200 characters")
	}
	for part := range strings.SplitSeq(v, ".") {
		if !label.MatchString(part) {
			return fmt.Errorf("%q is not the end of a domain name, such as svc.cluster.local", v)
		}
	}
	return nil
}

// validListener accepts IP and IP:PORT.
func validListener(v string) error {
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		host, port = v, "80"
	}
	if n, err := strconv.Atoi(port); net.ParseIP(host) == nil || err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is not an address such as 127.0.0.1 or 127.0.0.1:4000", v)
	}
	return nil
}

// report is network:report.
func (n network) report() plugin.Report {
	rows := func(app string) (plugin.Rows, error) {
		r, err := plugin.PropertyRows(n.h, "network-", properties, app)
		delete(r, "network-computed-"+staticWebListener.Name) // it is as it is set
		return r, err
	}
	return plugin.Report{
		Feature: "network", Legacy: true,
		Global: func(context.Context) (plugin.Rows, error) { return rows(state.Global) },
		App: func(_ context.Context, app string) (plugin.Rows, error) {
			r, err := rows(app)
			if err != nil {
				return nil, err
			}
			listeners, err := n.listeners(app, "web")
			r["network-web-listeners"] = strings.Join(listeners, " ")
			return r, err
		},
	}
}
