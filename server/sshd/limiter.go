package sshd

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	maxFailures   = 10          // failed logins …
	failureWindow = time.Minute // … within this time …
	blockTime     = time.Minute // … close the door for this long
	maxAddresses  = 10000       // bounds the memory of the limiter
)

// limiter counts failed logins per address; IPv6 by /64, as one host has that
// many.
type limiter struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[netip.Prefix]*failures
}

type failures struct {
	since time.Time // of the first failure in the window
	count int
	until time.Time // the door is closed until then
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, seen: map[netip.Prefix]*failures{}}
}

// failedLogin counts one failure and tells whether it closed the door.
func (l *limiter) failedLogin(addr net.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, key := l.now(), network(addr)
	f := l.seen[key]
	if f == nil || now.Sub(f.since) > failureWindow {
		if f == nil && len(l.seen) >= maxAddresses {
			l.forget(now)
		}
		f = &failures{since: now}
		l.seen[key] = f
	}
	f.count++
	if f.count < maxFailures {
		return false
	}
	f.until = now.Add(blockTime)
	f.since, f.count = now, 0
	return true
}

// blocked tells whether the door is closed for the address.
func (l *limiter) blocked(addr net.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.seen[network(addr)]
	return f != nil && l.now().Before(f.until)
}

// forget drops what no longer counts, and one more where all still does.
func (l *limiter) forget(now time.Time) {
	for key, f := range l.seen {
		if now.Sub(f.since) > failureWindow && now.After(f.until) {
			delete(l.seen, key)
		}
	}
	for key := range l.seen {
		if len(l.seen) < maxAddresses {
			return
		}
		delete(l.seen, key)
	}
}

func network(addr net.Addr) netip.Prefix {
	ip := address(addr)
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: they share one count
	}
	return prefix
}

// address is the IP address of a TCP peer, invalid for others.
func address(addr net.Addr) netip.Addr {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
