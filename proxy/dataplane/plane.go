package dataplane

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/control"
	"github.com/slipwayhq/slipway/proxy/route"
)

// A plane is the routing state. Requests read only the table; changes come one at a
// time, from the control socket.
type plane struct {
	log   *slog.Logger
	dir   route.Dir
	ports *ports
	table atomic.Pointer[table]

	// retired is when another process began to accept in our stead, nil while none
	// does. Clients are then told to come again on a new connection.
	retired atomic.Pointer[time.Time]

	mu       sync.Mutex
	sites    map[string]*site               // by app
	claims   *proxy.Claims                  // of sites
	backends map[string]map[string]*backend // by app and address: routed to, or still busy
}

func newPlane(log *slog.Logger, dir route.Dir, ports *ports) *plane {
	p := &plane{
		log: log, dir: dir, ports: ports,
		sites: map[string]*site{}, claims: proxy.NewClaims(), backends: map[string]map[string]*backend{},
	}
	p.table.Store(newTable())
	return p
}

// load takes in all route files at start. What is broken, claims what another app has,
// or wants a port that cannot be opened, is logged and passed over.
func (p *plane) load() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	apps, err := p.dir.Apps()
	if err != nil {
		return err
	}
	t := newTable()
	for _, app := range apps {
		r, err := p.dir.Load(app)
		if err == nil {
			err = p.claims.Check(r)
		}
		if err != nil {
			p.log.Error("an app is not served; deploy it again or run proxy:build-config", "app", app, "error", err)
			continue
		}
		for _, l := range r.Listeners {
			if err := p.ports.open(l); err != nil {
				err.App = app
				p.log.Error("a port of an app is not served", "app", app, "error", err)
			}
		}
		s := p.newSite(r, nil)
		p.claims.Add(r)
		p.sites[app] = s
		t.add(s)
	}
	p.table.Store(t)
	return nil
}

// apply puts the route file of app into effect. See proxy.Provider for its errors.
func (p *plane) apply(app string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := p.dir.Load(app)
	if errors.Is(err, fs.ErrNotExist) {
		return &proxy.InvalidError{App: app, Reason: "it has no route file"}
	}
	if err != nil {
		return err
	}
	if err := p.claims.Check(r); err != nil {
		return err
	}
	if err := p.openPorts(r); err != nil {
		return err
	}
	old := p.sites[app]
	next := p.newSite(r, old)
	p.table.Store(p.table.Load().with(old, next))
	p.sites[app] = next
	if old != nil {
		p.claims.Drop(old.routes)
	}
	p.claims.Add(r)
	if old != nil {
		p.closePorts(old.routes)
	}
	p.prune(app)
	return nil
}

// remove forgets app.
func (p *plane) remove(app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.sites[app]
	if old == nil {
		return
	}
	p.table.Store(p.table.Load().with(old, nil))
	delete(p.sites, app)
	p.claims.Drop(old.routes)
	p.closePorts(old.routes)
	p.prune(app)
}

// drain implements proxy.Provider's Drain.
func (p *plane) drain(ctx context.Context, app string, upstreams []string, timeout time.Duration) error {
	busy, err := p.leaving(app, upstreams)
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, b := range busy {
		if b.wait(timed) == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b.endUpgraded()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prune(app)
	return nil
}

// leaving returns those of upstreams that may have requests in flight.
func (p *plane) leaving(app string, upstreams []string) ([]*backend, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var busy []*backend
	for _, addr := range upstreams {
		b := p.backends[app][addr]
		if b == nil {
			continue
		}
		if p.routed(app, b) {
			return nil, &proxy.InvalidError{App: app, Reason: addr + " is still routed to; apply routes without it before draining it"}
		}
		busy = append(busy, b)
	}
	return busy, nil
}

// snapshot is the answer of /table.
func (p *plane) snapshot() []control.App {
	p.mu.Lock()
	defer p.mu.Unlock()
	apps := make([]control.App, 0, len(p.sites))
	for _, app := range slices.Sorted(maps.Keys(p.sites)) {
		a := control.App{Routes: p.sites[app].routes, InFlight: map[string]int64{}}
		for addr, b := range p.backends[app] {
			a.InFlight[addr] = b.inFlight.Load()
		}
		apps = append(apps, a)
	}
	return apps
}

// size is the number of apps that have routes.
func (p *plane) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sites)
}

// newSite makes the site of r; what it shares with old, it takes over.
func (p *plane) newSite(r proxy.Routes, old *site) *site {
	s := &site{routes: r, pools: make([]pool, len(r.Listeners))}
	for i, l := range r.Listeners {
		s.pools[i] = pool{port: l.Port, redirect: l.Redirect, turn: new(atomic.Uint32)}
		if r.Stopped {
			continue
		}
		for _, addr := range l.Upstreams {
			s.pools[i].backends = append(s.pools[i].backends, p.backend(r.App, addr))
		}
	}
	switch {
	case r.TLS == nil:
	case old != nil && old.cert != nil && old.cert.files == *r.TLS:
		s.cert = old.cert
	default:
		s.cert = &certificate{files: *r.TLS}
	}
	return s
}

func (p *plane) backend(app, addr string) *backend {
	of := p.backends[app]
	if of == nil {
		of = map[string]*backend{}
		p.backends[app] = of
	}
	b := of[addr]
	if b == nil {
		b = newBackend(addr)
		of[addr] = b
	}
	b.revive()
	return b
}

// prune forgets upstreams of app that are neither routed to nor busy. A request that
// has just entered one of them will see the new table and leave (exchange.next).
func (p *plane) prune(app string) {
	for addr, b := range p.backends[app] {
		if b.inFlight.Load() == 0 && !p.routed(app, b) {
			delete(p.backends[app], addr)
		}
	}
	if len(p.backends[app]) == 0 {
		delete(p.backends, app)
	}
}

func (p *plane) routed(app string, b *backend) bool {
	s := p.sites[app]
	return s != nil && slices.ContainsFunc(s.pools, func(l pool) bool { return contains(l.backends, b) })
}

// openPorts opens the ports of r that are not open yet: all of them or none.
func (p *plane) openPorts(r proxy.Routes) error {
	for i, l := range r.Listeners {
		if err := p.ports.open(l); err != nil {
			p.closePorts(proxy.Routes{Listeners: r.Listeners[:i]})
			err.App = r.App
			return err
		}
	}
	return nil
}

// closeUnused closes the ports that were taken over and that no site uses any more.
func (p *plane) closeUnused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, port := range p.ports.list() {
		if !p.claims.Used(port) {
			p.ports.close(port)
		}
	}
}

// closePorts closes those ports of r that no site uses.
func (p *plane) closePorts(r proxy.Routes) {
	for _, l := range r.Listeners {
		if !p.claims.Used(l.Port) {
			p.ports.close(l.Port)
		}
	}
}
