package dataplane

import (
	"errors"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"

	"github.com/slipwayhq/slipway/proxy"
)

// The ports that users mean by plain web traffic. They are always open.
const (
	webPort  = 80
	websPort = 443
)

// ports opens and closes TCP ports while the two Caddy servers behind them, one for
// each scheme, run on: to Caddy, a scheme is one listener that never changes.
type ports struct {
	addr    string             // address to bind, "" for all
	bound   map[int]int        // 80 and 443 to the port numbers they have here
	schemes map[string]*funnel // proxy.HTTP and proxy.HTTPS
	mu      sync.Mutex
	opened  map[int]openPort // by port as the user says it
	handed  bool             // another process has them too: no port is opened any more
}

// An openPort accepts connections of one scheme.
type openPort struct {
	*net.TCPListener
	scheme string
}

func newPorts(addr string, httpPort, httpsPort int) *ports {
	return &ports{
		addr:    addr,
		bound:   map[int]int{webPort: httpPort, websPort: httpsPort},
		schemes: map[string]*funnel{proxy.HTTP: newFunnel(), proxy.HTTPS: newFunnel()},
		opened:  map[int]openPort{},
	}
}

// open opens the port of l unless it is open. The caller has made sure that no app uses
// it with another scheme, and fills in the App of the error.
func (p *ports) open(l proxy.Listener) *proxy.PortError {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, open := p.opened[l.Port]; open || p.handed {
		return nil
	}
	number := p.number(l.Port)
	ln, err := net.Listen("tcp", net.JoinHostPort(p.addr, strconv.Itoa(number)))
	if err != nil {
		return &proxy.PortError{Port: number, Reason: reason(err)}
	}
	tcp := ln.(*net.TCPListener)
	p.opened[l.Port] = openPort{tcp, l.Scheme}
	p.schemes[l.Scheme].add(tcp, l.Port)
	return nil
}

// number is the port number that port is bound to here; 0 means any.
func (p *ports) number(port int) int {
	if number, fixed := p.bound[port]; fixed {
		return number
	}
	return port
}

// close stops accepting on port. Connections that are open live on; what they ask for
// is no longer routed. 80 and 443 stay open.
func (p *ports) close(port int) {
	if _, fixed := p.bound[port]; fixed {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if ln, open := p.opened[port]; open {
		_ = ln.Close() // a listener is closed whatever it says
		delete(p.opened, port)
	}
}

// address returns where port is open, nil when it is not.
func (p *ports) address(port int) net.Addr {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ln, open := p.opened[port]; open {
		return ln.Addr()
	}
	return nil
}

// stop closes everything and returns a channel that is closed once the last connection
// is gone.
func (p *ports) stop() <-chan struct{} {
	p.closeAll()
	for _, f := range p.schemes {
		_ = f.Close() // it never fails
	}
	return p.gone()
}

// gone returns a channel that is closed once nothing is accepted any more and the last
// connection is gone.
func (p *ports) gone() <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for _, f := range p.schemes {
			f.loops.Wait()
			f.conns.Wait()
		}
	}()
	return gone
}

func (p *ports) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for port, ln := range p.opened {
		_ = ln.Close() // a listener is closed whatever it says
		delete(p.opened, port)
	}
}

// reason shortens a listen error to what is wrong.
func reason(err error) string {
	var sys *os.SyscallError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program, or another port of this proxy, has it"
	case errors.Is(err, syscall.EACCES):
		return "only root may open it"
	case errors.As(err, &sys):
		return sys.Err.Error()
	}
	return err.Error()
}
