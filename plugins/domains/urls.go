package domains

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/trigger"
)

// onURLs answers domains-urls APP url|urls: the first URL, or all in order.
// The trigger app-urls may answer instead.
func (d domains) onURLs(ctx context.Context, c *trigger.Call) error {
	app, kind := c.Arg(0), c.Arg(1)
	scheme := "http"
	certs, err := d.h.Bus.Query(ctx, "certs-exists", app)
	if err != nil {
		return err
	}
	if certs == "true" {
		scheme = "https"
	}
	given, err := d.h.Bus.Query(ctx, "app-urls", app, kind)
	if err != nil {
		return err
	}
	urls := strings.Fields(given)
	if len(urls) == 0 {
		if urls, err = d.buildURLs(ctx, app, scheme); err != nil {
			return err
		}
	}
	if kind == "url" {
		if len(urls) > 0 {
			fmt.Fprintln(c.Out, firstURL(urls))
		}
		return nil
	}
	slices.Sort(urls)
	for _, u := range slices.Compact(urls) {
		fmt.Fprintln(c.Out, u)
	}
	return nil
}

// firstURL prefers https.
func firstURL(urls []string) string {
	for _, u := range urls {
		if strings.HasPrefix(u, "https://") {
			return u
		}
	}
	return urls[0]
}

// buildURLs combines hosts and ports.
func (d domains) buildURLs(ctx context.Context, app, scheme string) ([]string, error) {
	hosts, err := d.urlHosts(app)
	if err != nil {
		return nil, err
	}
	endpoints, err := d.endpoints(ctx, app, scheme)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, host := range hosts {
		host = strings.TrimPrefix(host, ".")
		for _, e := range endpoints {
			urls = append(urls, e.url(host))
		}
	}
	return urls, nil
}

// urlHosts are the app's domains, or else the global ones, or else this
// machine.
func (d domains) urlHosts(app string) ([]string, error) {
	hosts, err := d.effective(app)
	if err != nil || len(hosts) > 0 {
		return hosts, err
	}
	if hosts, err = d.global(); err != nil || len(hosts) > 0 {
		return hosts, err
	}
	host, err := d.machine()
	return []string{host}, err
}

// machine is a name or address of this machine: Dokku's HOSTNAME file, a host
// name with a domain, or the address of the interface that leads outside.
func (d domains) machine() (string, error) {
	lines, err := d.h.Store.ReadLines(d.h.Store.RootPath("HOSTNAME"))
	if err != nil {
		return "", err
	}
	if len(lines) > 0 {
		return lines[0], nil
	}
	name, err := os.Hostname()
	if err == nil && strings.Contains(name, ".") {
		return name, nil
	}
	// Nothing is sent: connecting a UDP socket only picks a route.
	conn, err := net.Dial("udp", "192.0.2.1:9")
	if err != nil {
		return name, nil
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).IP.String(), nil
}

// endpoint is a scheme and the port at which users reach it.
type endpoint struct {
	scheme string
	port   int
}

func (e endpoint) url(host string) string {
	if (e.scheme == "http" && e.port == 80) || (e.scheme == "https" && e.port == 443) {
		return e.scheme + "://" + host
	}
	return e.scheme + "://" + host + ":" + strconv.Itoa(e.port)
}

// endpoints are where the app answers: the ports of the proxy, or those of its
// web processes where the proxy is off.
func (d domains) endpoints(ctx context.Context, app, scheme string) ([]endpoint, error) {
	enabled, err := d.h.Bus.Query(ctx, "proxy-is-enabled", app)
	if err != nil {
		return nil, err
	}
	if enabled == "false" {
		listeners, err := d.h.Bus.Query(ctx, "network-get-listeners", app, "web")
		if err != nil {
			return nil, err
		}
		var all []endpoint
		for _, l := range strings.Fields(listeners) {
			_, port, _ := strings.Cut(l, ":")
			if n, err := strconv.Atoi(port); err == nil {
				all = append(all, endpoint{scheme, n})
			}
		}
		return all, nil
	}
	ports, err := d.h.Bus.Query(ctx, "ports-get", app)
	if err != nil {
		return nil, err
	}
	var all []endpoint
	for _, mapping := range strings.Fields(ports) {
		parts := strings.Split(mapping, ":")
		if len(parts) != 3 {
			continue
		}
		n, err := strconv.Atoi(parts[1])
		if err != nil {
			return nil, fmt.Errorf("ports-get answered %q for %s", mapping, app)
		}
		all = append(all, endpoint{parts[0], d.public(n)})
	}
	if len(all) == 0 {
		all = []endpoint{{scheme, d.public(map[string]int{"http": 80, "https": 443}[scheme])}}
	}
	return all, nil
}

func (d domains) public(port int) int {
	if d.h.PublicPort == nil {
		return port
	}
	return d.h.PublicPort(port)
}
