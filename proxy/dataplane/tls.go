package dataplane

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
	"github.com/caddyserver/certmagic"

	"github.com/slipwayhq/slipway/proxy"
)

// A certManager gives Caddy the certificate of the app whose host a client asks for.
// For every other name it returns an error, which ends the handshake: nothing is
// obtained for it, and no other app's certificate is shown.
type certManager struct {
	id    string
	plane *plane
}

var _ certmagic.Manager = (*certManager)(nil)

// CaddyModule implements caddy.Module.
func (m *certManager) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  caddy.ModuleID("tls.get_certificate." + m.id),
		New: func() caddy.Module { return &certManager{id: m.id, plane: m.plane} },
	}
}

// GetCertificate implements certmagic.Manager.
func (m *certManager) GetCertificate(_ context.Context, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	local, ok := hello.Conn.LocalAddr().(*localAddr)
	if !ok {
		return nil, fmt.Errorf("a connection of type %T came from nowhere", hello.Conn)
	}
	s := m.plane.table.Load().lookup(hostname(hello.ServerName), local.port)
	if s == nil {
		return nil, fmt.Errorf("no app answers to %q", hello.ServerName)
	}
	if s.cert == nil {
		return nil, fmt.Errorf("app %s has no certificate", s.routes.App)
	}
	return s.cert.load()
}

// A permission says for which names a certificate may be obtained while a client
// waits: those of the table, and no others. Nothing is obtained today, as certManager
// never leaves a name to Caddy's issuers.
type permission struct {
	id    string
	plane *plane
}

var _ caddytls.OnDemandPermission = (*permission)(nil)

// CaddyModule implements caddy.Module.
func (p *permission) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  caddy.ModuleID("tls.permission." + p.id),
		New: func() caddy.Module { return &permission{id: p.id, plane: p.plane} },
	}
}

// CertificateAllowed implements caddytls.OnDemandPermission.
func (p *permission) CertificateAllowed(_ context.Context, name string) error {
	if !p.plane.table.Load().knows(hostname(name)) {
		return fmt.Errorf("%w: no app answers to %q", caddytls.ErrPermissionDenied, name)
	}
	return nil
}

// A certificate is a pair of files and what was last read from them.
type certificate struct {
	files proxy.Certificate

	mu     sync.Mutex
	loaded *tls.Certificate
	stamps [2]stamp // of the files when they were loaded
}

// load returns the pair as the files have it. They are looked at in every handshake
// (two system calls) and read when they have changed. While they do not fit together,
// as between the writing of one and the other, the pair from before is good.
func (c *certificate) load() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamps := [2]stamp{stampOf(c.files.CertFile), stampOf(c.files.KeyFile)}
	if c.loaded != nil && stamps == c.stamps {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	switch {
	case err == nil:
		c.loaded, c.stamps = &pair, stamps
	case c.loaded == nil:
		return nil, fmt.Errorf("cannot load certificate: %w", err)
	}
	return c.loaded, nil
}

// A stamp tells one content of a file from another.
type stamp struct {
	time time.Time
	size int64
	node uint64 // changes with a rename
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	s := stamp{time: info.ModTime(), size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.node = sys.Ino
	}
	return s
}
