package dataplane

import (
	"maps"
	"net"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/proxy"
)

// lingering is how long a retired data plane leaves connections open that nothing
// happens on. To close one just as the client asks for something would lose that.
const lingering = 2 * time.Second

// handOver returns the open ports, for another process to accept on them as well.
func (p *plane) handOver() map[int]openPort {
	p.mu.Lock() // a change under way is finished first
	defer p.mu.Unlock()
	p.ports.mu.Lock()
	defer p.ports.mu.Unlock()
	p.ports.handed = true
	return maps.Clone(p.ports.opened)
}

// retire stops accepting for good. Every connection accepted so far is served.
func (p *plane) retire() {
	now := time.Now()
	p.retired.Store(&now)
	p.ports.closeAll()
	for _, f := range p.ports.schemes {
		f.loops.Wait()
	}
	p.log.Info("another proxy has taken over; this one serves open connections until it is stopped")
}

// linger gives the clients of a retired data plane the time to ask once more on the
// connection that they have, and to be told to leave it.
func (p *plane) linger() {
	at := p.retired.Load()
	if at == nil {
		return
	}
	timer := time.NewTimer(time.Until(at.Add(lingering)))
	defer timer.Stop()
	select {
	case <-p.ports.gone():
	case <-timer.C:
	}
}

// adopt makes a listener of another process ours, unless our configuration wants that
// port elsewhere.
func (p *ports) adopt(h handed, ln *net.TCPListener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, open := p.opened[h.Port]
	if (h.Scheme != proxy.HTTP && h.Scheme != proxy.HTTPS) || open || !p.suits(h.Port, ln) {
		_ = ln.Close() // only our copy of it
		return
	}
	p.opened[h.Port] = openPort{ln, h.Scheme}
	p.schemes[h.Scheme].add(ln, h.Port)
}

// suits reports whether ln is bound as we would bind port.
func (p *ports) suits(port int, ln *net.TCPListener) bool {
	at := ln.Addr().(*net.TCPAddr)
	if number := p.number(port); number != 0 && number != at.Port {
		return false
	}
	if p.addr == "" {
		return at.IP.IsUnspecified()
	}
	want, err := net.ResolveIPAddr("ip", p.addr)
	return err == nil && want.IP.Equal(at.IP)
}

// list returns the open ports, as the user says them.
func (p *ports) list() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.opened))
}
