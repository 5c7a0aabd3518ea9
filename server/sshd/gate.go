package sshd

import (
	"net"
	"net/netip"
	"sync"
)

const (
	// maxHandshakes is how many remote connections may be logging in at a
	// time, and how many of them from one address: one alone cannot keep the
	// others out.
	maxHandshakes        = 100
	maxHandshakesPerAddr = 20
	// maxStrangers is the same for local users who are refused anyway.
	maxStrangers = 10
)

// gate decides at the door of a listener. leave is called once, when the
// connection is logged in or gone.
type gate func(conn net.Conn) (leave func(), ok bool)

// remoteGate turns away addresses with too many failed logins, and anyone when
// too many are logging in.
func (s *Server) remoteGate() gate {
	var (
		mu     sync.Mutex
		total  int
		byAddr = map[netip.Prefix]int{}
	)
	return func(conn net.Conn) (func(), bool) {
		if s.limits.blocked(conn.RemoteAddr()) {
			return nil, false
		}
		from := network(conn.RemoteAddr())
		mu.Lock()
		defer mu.Unlock()
		if total >= maxHandshakes || byAddr[from] >= maxHandshakesPerAddr {
			s.cfg.Log.Warn("too many SSH connections that are not logged in", "addr", conn.RemoteAddr().String())
			return nil, false
		}
		total++
		byAddr[from]++
		return func() {
			mu.Lock()
			defer mu.Unlock()
			total--
			if byAddr[from]--; byAddr[from] == 0 {
				delete(byAddr, from)
			}
		}, true
	}
}

// localGate lets everybody in whom a command may come from.
func (s *Server) localGate() gate {
	strangers := make(chan struct{}, maxStrangers)
	return func(conn net.Conn) (func(), bool) {
		if cred, err := peer(conn); err == nil && s.known(cred.Uid) {
			return func() {}, true
		}
		select {
		case strangers <- struct{}{}:
			return func() { <-strangers }, true
		default:
			return nil, false
		}
	}
}
