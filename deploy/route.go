package deploy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/schedule"
)

func itoa(n int) string { return strconv.Itoa(n) }

// detectPorts tells the ports plugin which ports the image exposes.
func (f *Flow) detectPorts(ctx context.Context, rel app.Release) error {
	image, err := f.host.Docker.ImageInspect(ctx, rel.ImageID)
	if err != nil {
		return fmt.Errorf("cannot read the image of release %d: %w", rel.Number, err)
	}
	// Dokku has all of them in one argument.
	if err := f.host.Bus.Event(ctx, "ports-set-detected", rel.App, strings.Join(mappings(image.ExposedPorts), " ")); err != nil {
		return err
	}
	return f.host.Bus.Event(ctx, "ports-configure", rel.App)
}

// mappings are the port mappings for what an image exposes ("8080/tcp"), and
// Dokku's default where it exposes nothing. Source: Dokku's builder-dockerfile,
// fn-builder-dockerfile-get-detect-port-map.
func mappings(exposed []string) []string {
	if len(exposed) == 0 {
		return []string{"http:80:5000"}
	}
	var all []string
	for _, e := range exposed {
		port, protocol, _ := strings.Cut(e, "/")
		scheme := "http"
		switch {
		case protocol == "udp":
			scheme = "udp"
		case port == "443":
			scheme = "https"
		}
		all = append(all, scheme+":"+port+":"+port)
	}
	return all
}

// hosts are the domains that the app answers to, none when vhosts are
// disabled.
func (f *Flow) hosts(ctx context.Context, name string) ([]string, error) {
	_, err := f.host.Bus.Query(ctx, "domains-vhost-enabled", name)
	if errors.As(err, new(command.Exit)) { // it answers by its exit code
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := f.host.Bus.Query(ctx, "domains-list", name)
	return spread(strings.Fields(list)), err
}

// spread puts the two names in place of a domain such as ".example.com", which
// stands for both, and leaves out doubles.
func spread(domains []string) []string {
	var hosts []string
	for _, d := range domains {
		names := []string{d}
		if name, below := strings.CutPrefix(d, "."); below {
			names = []string{name, "*." + name}
		}
		for _, n := range names {
			if !slices.Contains(hosts, n) {
				hosts = append(hosts, n)
			}
		}
	}
	return hosts
}

// firstHost is the host that http checks name.
func (f *Flow) firstHost(ctx context.Context, name string) (string, error) {
	hosts, err := f.hosts(ctx, name)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(hosts, func(h string) bool { return !strings.Contains(h, "*") }); i >= 0 {
		return hosts[i], nil
	}
	return "localhost", nil
}

// routesOf is the app's whole routing, given the instances that serve.
func (f *Flow) routesOf(ctx context.Context, name string, serving []schedule.Instance) (proxy.Routes, error) {
	r := proxy.Routes{App: name}
	var err error
	if r.Hosts, err = f.hosts(ctx, name); err != nil {
		return r, err
	}
	r.AnyHost = len(r.Hosts) == 0
	r.TLS = f.certificate(name)
	portMaps, err := f.tcpMaps(ctx, name)
	if err != nil {
		return r, err
	}
	static, err := f.host.Bus.Query(ctx, "network-get-static-listeners", name, "web")
	if err != nil {
		return r, err
	}
	static = strings.TrimSpace(static)
	running := 0
	for _, m := range portMaps {
		l := proxy.Listener{Scheme: m.Scheme, Port: m.Host}
		if l.Scheme == proxy.HTTPS && r.TLS == nil {
			continue
		}
		if static != "" {
			l.Upstreams = []string{withPort(static, m.Container)}
			running++
		}
		for _, i := range schedule.Of(serving, "web") {
			if static == "" && i.Running && i.IP != "" {
				l.Upstreams = append(l.Upstreams, i.IP+":"+itoa(m.Container))
				running++
			}
		}
		r.Listeners = append(r.Listeners, l)
	}
	r.Stopped = running == 0
	f.redirect(r.Listeners)
	return r, nil
}

// redirect sends what comes to http port 80 to https where the app has that, as
// Dokku's nginx.conf does.
func (f *Flow) redirect(listeners []proxy.Listener) {
	to := 0
	for _, l := range listeners {
		if l.Scheme == proxy.HTTPS && (to == 0 || l.Port == 443) {
			to = l.Port
		}
	}
	if to == 0 {
		return
	}
	if f.host.PublicPort != nil {
		to = f.host.PublicPort(to)
	}
	for i := range listeners {
		if listeners[i].Scheme == proxy.HTTP && listeners[i].Port == 80 {
			listeners[i].Redirect = to
		}
	}
}

// withPort is the listener HOST or HOST:PORT with a port in any case.
func withPort(listener string, port int) string {
	if _, _, err := net.SplitHostPort(listener); err == nil {
		return listener
	}
	return net.JoinHostPort(listener, itoa(port))
}

// certificate is the app's own certificate, nil when it has none.
func (f *Flow) certificate(name string) *proxy.Certificate {
	cert := &proxy.Certificate{
		CertFile: f.host.Store.RootPath(name, "tls", "server.crt"),
		KeyFile:  f.host.Store.RootPath(name, "tls", "server.key"),
	}
	for _, file := range []string{cert.CertFile, cert.KeyFile} {
		if _, err := os.Stat(file); err != nil {
			return nil
		}
	}
	return cert
}

// routing serialises route changes and remembers what a deploy that is about
// to be promoted serves, so that a domain added meanwhile does not route back.
type routing struct {
	mu      sync.Mutex
	serving map[string][]schedule.Instance
	gone    map[string]bool     // apps that Destroy took away, until the name is used again
	routed  map[string][]string // app to the IDs of what it was routed to last
	dead    map[string]bool     // IDs of routed containers that ended; the engine's lists may still say otherwise
}

// died notes the end of a container and tells whether the app is routed to it.
func (r *routing) died(app, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.routed[app], id) {
		return false
	}
	r.dead[id] = true
	return true
}

// notDead takes died back, for a container that started again or is removed.
func (r *routing) notDead(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.dead, id)
}

// forgetDead takes died back for all: for a time events were not seen.
func (r *routing) forgetDead() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.dead)
}

// Created tells that an app of this name is new: what was remembered of an
// earlier one of the same name is forgotten.
func (f *Flow) Created(name string) {
	f.routing.mu.Lock()
	defer f.routing.mu.Unlock()
	delete(f.routing.gone, name)
}

// vanish takes an app out of the proxy for good: what the engine still says of
// its ending containers does not route it again.
func (f *Flow) vanish(ctx context.Context, name string) error {
	f.routing.mu.Lock()
	defer f.routing.mu.Unlock()
	f.routing.gone[name] = true
	return f.proxy.Remove(ctx, name)
}

// apply puts the routing of an app into effect, or takes it away when the
// proxy is disabled for the app. The caller holds f.routing.mu.
func (f *Flow) apply(ctx context.Context, name string, serving []schedule.Instance) error {
	if f.routing.gone[name] {
		return f.proxy.Remove(ctx, name)
	}
	disabled, err := f.isTrue("proxy", "disabled", name)
	if err != nil {
		return err
	}
	if disabled {
		return f.proxy.Remove(ctx, name)
	}
	serving = slices.DeleteFunc(slices.Clone(serving), func(i schedule.Instance) bool { return f.routing.dead[i.ID] })
	f.routing.routed[name] = ids(serving)
	routes, err := f.routesOf(ctx, name, serving)
	if err != nil {
		return err
	}
	if routes.AnyHost && len(serving) == 0 {
		// It would answer every unknown host on a port that it may share.
		if _, deployed, err := f.releases.Current(name); err != nil || !deployed {
			return errors.Join(err, f.proxy.Remove(ctx, name))
		}
	}
	if err := f.proxy.Apply(ctx, routes); err != nil {
		return command.Fail("%w", err)
	}
	return nil
}

// BuildProxyConfig routes an app anew from what runs now: the answer to
// Dokku's proxy-build-config trigger. An app that was never deployed is
// answered with 503.
func (f *Flow) BuildProxyConfig(ctx context.Context, name string) error {
	_, instances, err := f.instances(ctx, name)
	if err != nil {
		return err
	}
	f.routing.mu.Lock()
	defer f.routing.mu.Unlock()
	if serving, deploying := f.routing.serving[name]; deploying {
		return f.apply(ctx, name, serving)
	}
	return f.apply(ctx, name, schedule.In(instances, schedule.Live))
}

// ClearProxyConfig takes an app out of the proxy.
func (f *Flow) ClearProxyConfig(ctx context.Context, name string) error {
	return f.proxy.Remove(ctx, name)
}

// route switches traffic to the new instances and keeps the release: the
// point from which on a crash finishes the deploy is the promote step.
func (f *Flow) route(ctx context.Context, _ schedule.Scheduler, d *deployment, plan rollout, fresh []schedule.Instance) error {
	d.journal.Fresh, d.journal.Old = ids(fresh), ids(plan.old)
	if err := f.enter(d, StepRoute); err != nil {
		return err
	}
	return f.serve(ctx, d.app, append(slices.Clone(plan.keep), fresh...))
}

// serve routes to these instances, and remembers them until routed.
func (f *Flow) serve(ctx context.Context, name string, serving []schedule.Instance) error {
	f.routing.mu.Lock()
	defer f.routing.mu.Unlock()
	if err := f.apply(ctx, name, serving); err != nil {
		return err
	}
	f.routing.serving[name] = serving
	return nil
}

// routed forgets what serve remembered: what is live tells it from now on.
func (f *Flow) routed(name string) {
	f.routing.mu.Lock()
	defer f.routing.mu.Unlock()
	delete(f.routing.serving, name)
}

// promote makes the new release the live one. All of it can be repeated.
func (f *Flow) promote(ctx context.Context, s schedule.Scheduler, e entry, fresh, old []schedule.Instance) error {
	if err := s.Promote(ctx, e.App, fresh, old); err != nil {
		return err
	}
	for _, i := range fresh {
		if err := f.event(ctx, "network-write-ipaddr", e.App, i.Process, itoa(i.Index), i.IP); err != nil {
			return err
		}
		if i.Port == 0 {
			continue
		}
		if err := f.event(ctx, "network-write-port", e.App, i.Process, itoa(i.Index), itoa(i.Port)); err != nil {
			return err
		}
	}
	rel := e.Release
	current, ok, err := f.releases.Current(e.App)
	if err != nil {
		return err
	}
	if !ok || current.Number < rel.Number {
		if err := f.releases.tag(ctx, rel); err != nil {
			return err
		}
		if err := f.releases.Save(rel); err != nil {
			return err
		}
	}
	if err := f.writeReleaseFiles(rel); err != nil {
		return err
	}
	f.watchLiveness(e.App)
	if err := f.host.Store.Set(f.host.Property("ps", "restore"), e.App, "true"); err != nil {
		return err
	}
	return f.host.Store.Set(Deployed, e.App, "true")
}

func ids(instances []schedule.Instance) []string {
	var out []string
	for _, i := range instances {
		out = append(out, i.ID)
	}
	return out
}
