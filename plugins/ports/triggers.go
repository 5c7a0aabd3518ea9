package ports

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// onGet answers ports-get APP [stdout|json] with the mappings in force, one
// per line.
func (p ports) onGet(ctx context.Context, c *trigger.Call) error {
	all, err := p.inForce(ctx, c.Arg(0))
	if err != nil {
		return err
	}
	switch c.Arg(1) {
	case "", "stdout":
		for _, m := range all {
			fmt.Fprintln(c.Out, m)
		}
		return nil
	case "json":
		return json.NewEncoder(c.Out).Encode(all)
	default:
		return command.BadInput("Invalid format specified: %s", c.Arg(1))
	}
}

// onGetAvailable answers ports-get-available with a free port above 1024.
func (p ports) onGetAvailable(_ context.Context, c *trigger.Call) error {
	port, err := freePort()
	if err == nil {
		fmt.Fprintln(c.Out, port)
	}
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return 0, fmt.Errorf("cannot find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// onGetProperty answers ports-get-property APP KEY; proxy-port and
// proxy-ssl-port are 0 when nothing is set.
func (p ports) onGetProperty(_ context.Context, c *trigger.Call) error {
	app, key := c.Arg(0), c.Arg(1)
	for _, prop := range []state.Property{proxyPort, proxySSLPort} {
		if prop.Name == key {
			n, err := p.port(prop, app, 0)
			fmt.Fprintln(c.Out, n)
			return err
		}
	}
	value, err := p.h.Store.Get(state.Property{Plugin: "ports", Name: key}, app)
	fmt.Fprintln(c.Out, value)
	return err
}

// onSetDetected answers ports-set-detected APP MAPPING…; one argument may hold
// several.
func (p ports) onSetDetected(_ context.Context, c *trigger.Call) error {
	var words []string
	for i := 1; i < len(c.Args); i++ {
		words = append(words, strings.Fields(c.Args[i])...)
	}
	text := lines(unique(parseLines(words)))
	slices.Sort(text)
	return p.h.Store.SetList(propDetected, c.Arg(0), text)
}

// onClear answers ports-clear APP.
func (p ports) onClear(_ context.Context, c *trigger.Call) error {
	if err := p.h.Store.Unset(propDetected, c.Arg(0)); err != nil {
		return err
	}
	return p.h.Store.Unset(propMap, c.Arg(0))
}

// onConfigure answers ports-configure APP: it makes sure that the app has a
// port at which the proxy serves it. An app without domains gets a free one,
// as it cannot share port 80.
func (p ports) onConfigure(ctx context.Context, c *trigger.Call) error {
	app := c.Arg(0)
	shared := p.h.Bus.Event(ctx, "domains-vhost-enabled", app) == nil
	if err := p.ensurePort(c, app, proxyPort, 80, shared, "port"); err != nil {
		return err
	}
	secure, err := p.secure(ctx, app)
	if err != nil || !secure {
		return err
	}
	return p.ensurePort(c, app, proxySSLPort, 443, shared, "ssl port")
}

func (p ports) ensurePort(c *trigger.Call, app string, prop state.Property, usual int, shared bool, what string) error {
	current, err := p.h.Store.Get(prop, app)
	if err != nil || (current != "" && current != "0") {
		return err
	}
	var port int
	if shared {
		port, err = p.port(prop, state.Global, usual)
	} else {
		out := c.Output()
		out.Step("No %s set, setting to random open high port", what)
		port, err = freePort()
		out.Step("Random port %d", port)
	}
	if err != nil {
		return err
	}
	return p.h.Store.Set(prop, app, strconv.Itoa(port))
}

// onDomainsUpdate answers post-domains-update APP ACTION …: an app whose domains
// are turned off leaves the ports that apps share; else it would answer to
// every host name there that nobody has.
func (p ports) onDomainsUpdate(ctx context.Context, c *trigger.Call) error {
	app := c.Arg(0)
	if c.Arg(1) != "disable" {
		return nil
	}
	shared := false
	for usual, prop := range map[string]state.Property{"80": proxyPort, "443": proxySSLPort} {
		current, err := p.h.Store.Get(prop, app)
		if err != nil {
			return err
		}
		if current != usual {
			continue
		}
		shared = true
		if err := p.h.Store.Unset(prop, app); err != nil {
			return err
		}
	}
	if !shared { // never deployed, or on ports of its own
		return nil
	}
	return p.onConfigure(ctx, c)
}

// onCertsUpdate answers post-certs-update APP: https:443 goes beside http:80.
func (p ports) onCertsUpdate(_ context.Context, c *trigger.Call) error {
	_, err := p.edit(c.Arg(0), func(own []Mapping) ([]Mapping, error) {
		i := slices.IndexFunc(own, func(m Mapping) bool { return m.listener() == "http:80" })
		if i < 0 || slices.ContainsFunc(own, isHTTPS443) {
			return own, nil
		}
		return append(own, Mapping{Scheme: "https", HostPort: 443, ContainerPort: own[i].ContainerPort}), nil
	})
	return err
}

// onCertsRemove answers post-certs-remove APP.
func (p ports) onCertsRemove(_ context.Context, c *trigger.Call) error {
	if err := p.h.Store.Unset(proxySSLPort, c.Arg(0)); err != nil {
		return err
	}
	_, err := p.edit(c.Arg(0), func(own []Mapping) ([]Mapping, error) { return slices.DeleteFunc(own, isHTTPS443), nil })
	return err
}

func isHTTPS443(m Mapping) bool { return m.listener() == "https:443" }

// onClone answers post-app-clone-setup OLD NEW: a port that the old app does
// not share with others stays its own.
func (p ports) onClone(ctx context.Context, c *trigger.Call) error {
	clone := c.Arg(1)
	if p.h.Bus.Event(ctx, "domains-vhost-enabled", clone) == nil {
		return nil
	}
	for _, prop := range []state.Property{proxyPort, proxySSLPort} {
		if err := p.h.Store.Unset(prop, clone); err != nil {
			return err
		}
	}
	return nil
}
