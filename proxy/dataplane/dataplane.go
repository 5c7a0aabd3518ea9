// Package dataplane is the program behind `slipwayd proxy`: it takes requests from the
// internet and hands them to the containers of apps. It serves from the route files
// alone (package proxy/route); the control plane is needed only to change them.
//
// The main type is [Main]:
//
//	m := dataplane.New(dataplane.Config{Lib: "/var/lib/dokku", HTTPPort: 80, HTTPSPort: 443})
//	err := m.Run(ctx) // until ctx is done; then requests in flight have 10 s to finish
//
// A test opens it on free ports in a folder of its own:
//
//	m := dataplane.New(dataplane.Config{Lib: t.TempDir(), Listen: "127.0.0.1"})
//	err := m.Open()
//	defer m.Close()
//	url := "http://" + m.Addr(80).String()
//
// Inside, Caddy is a library. It runs two servers, one for http and one for https, whose
// configuration never changes while the process lives. What changes is a table in an
// atomic pointer, in which our handler looks up the Host of each request; Caddy's
// reverse_proxy asks us for the upstream (exchange.go), Caddy's TLS asks us for the
// certificate (tls.go), and Caddy's listeners are funnels of ours, to which ports are
// added and from which they are taken without Caddy noticing (funnel.go).
//
// A new process can take over from a running one without a connection being refused or
// reset in between: see handover.go.
//
// Caddy keeps its configuration in process globals, so one process runs one Main at a
// time.
package dataplane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/route"
)

// grace is how long requests in flight may take to finish when the process stops.
const grace = 10 * time.Second

// Config says where a data plane listens and keeps its files.
type Config struct {
	Lib       string       // DOKKU_LIB_ROOT; route files are in Lib/data/proxy/routes
	Listen    string       // address to bind TCP ports to; "" means all
	HTTPPort  int          // where port 80 of an app is bound; 0 picks a free port
	HTTPSPort int          // where port 443 of an app is bound; 0 picks a free port
	Control   string       // control socket; "" means Lib/run/proxy.sock
	TakeOver  bool         // take over from a data plane that runs, rather than fail; see handover.go
	Version   string       // what /healthz says
	Log       *slog.Logger // nil means slog.Default()
}

// Main is one data plane. Open and Close are called once.
type Main struct {
	cfg     Config
	ports   *ports
	plane   *plane
	control *controlServer
	caddy   *engine

	before  *predecessor // whom we take over from, or nil
	retired bool         // before accepts no more
}

// New returns a Main that does nothing yet.
func New(cfg Config) *Main {
	if cfg.Control == "" {
		cfg.Control = filepath.Join(cfg.Lib, "run", "proxy.sock")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	m := &Main{cfg: cfg, ports: newPorts(cfg.Listen, cfg.HTTPPort, cfg.HTTPSPort)}
	m.plane = newPlane(cfg.Log, route.Dir(m.data("routes")), m.ports)
	return m
}

// data is the path of a file of the data plane.
func (m *Main) data(name string) string { return filepath.Join(m.cfg.Lib, "data", "proxy", name) }

// Run serves until ctx is done, then finishes requests in flight. The error is that of
// Open or Close.
func (m *Main) Run(ctx context.Context) error {
	if err := m.Open(); err != nil {
		return err
	}
	<-ctx.Done()
	return m.Close()
}

// Open starts serving. When it returns nil, every route on disk is in effect and
// changes are taken. After an error nothing is left running.
func (m *Main) Open() (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	// The control socket comes first: who cannot reach it has written its file before
	// the files are read below.
	if m.before, err = findPredecessor(m.cfg.Control, m.cfg.TakeOver); err != nil {
		return err
	}
	if m.control, err = listenControl(m.cfg.Control, m.cfg.Version, m.plane, m.before, m.cfg.Log); err != nil {
		return fmt.Errorf("cannot open the proxy's control socket: %w", err)
	}
	if err := m.before.inherit(m.ports); err != nil {
		return fmt.Errorf("cannot take over from the running proxy: %w", err)
	}
	for _, l := range []proxy.Listener{{Scheme: proxy.HTTP, Port: webPort}, {Scheme: proxy.HTTPS, Port: websPort}} {
		if err := m.ports.open(l); err != nil {
			return fmt.Errorf("the proxy cannot listen on port %d: %s", err.Port, err.Reason)
		}
	}
	if err := m.plane.load(); err != nil {
		return err
	}
	m.plane.closeUnused()
	if m.caddy, err = startCaddy(m.plane, m.ports, m.data("caddy")); err != nil {
		return err
	}
	if err := m.before.retire(); err != nil {
		return fmt.Errorf("cannot take over from the running proxy: %w", err)
	}
	m.retired = true
	m.control.serve()
	m.cfg.Log.Info("proxy serves", "http", m.Addr(webPort), "https", m.Addr(websPort), "apps", m.plane.size())
	return nil
}

// Close stops accepting, waits for requests in flight at most 10 s, ends WebSockets and
// lets go of everything. Just after another process has taken over, it waits 2 s more.
func (m *Main) Close() error {
	var err error
	m.plane.linger()
	if !m.retired {
		err = m.before.restore()
	}
	if m.control != nil {
		err = errors.Join(err, m.control.close())
	}
	gone := m.ports.stop()
	if m.caddy != nil {
		err = errors.Join(err, m.caddy.stop())
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-gone:
	case <-timer.C:
		m.cfg.Log.Warn("requests in flight are cut off", "after", grace)
	}
	return err
}

// Addr returns where port (80, 443, or any other that an app uses) is bound, nil when
// it is not open.
func (m *Main) Addr(port int) net.Addr { return m.ports.address(port) }
