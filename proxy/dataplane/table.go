package dataplane

import (
	"maps"
	"net"
	"strings"

	"github.com/slipwayhq/slipway/proxy"
)

// A table says which site answers a request. It is never changed once it is published:
// a change makes a new one, which shares the sites that stay.
type table struct {
	hosts map[string]*site // exact host
	wild  map[string]*site // "*.example.com" under "example.com"
	any   map[int]*site    // port to the site that takes every other host
}

func newTable() *table {
	return &table{hosts: map[string]*site{}, wild: map[string]*site{}, any: map[int]*site{}}
}

// with returns a table in which site next (nil: none) has taken the place of old (nil:
// there was none).
func (t *table) with(old, next *site) *table {
	n := &table{hosts: maps.Clone(t.hosts), wild: maps.Clone(t.wild), any: maps.Clone(t.any)}
	if old != nil {
		n.remove(old.routes)
	}
	if next != nil {
		n.add(next)
	}
	return n
}

func (t *table) add(s *site) {
	for _, h := range s.routes.Hosts {
		if parent, ok := strings.CutPrefix(h, "*."); ok {
			t.wild[parent] = s
		} else {
			t.hosts[h] = s
		}
	}
	if s.routes.AnyHost {
		for _, l := range s.routes.Listeners {
			t.any[l.Port] = s
		}
	}
}

func (t *table) remove(r proxy.Routes) {
	for _, h := range r.Hosts {
		if parent, ok := strings.CutPrefix(h, "*."); ok {
			delete(t.wild, parent)
		} else {
			delete(t.hosts, h)
		}
	}
	if r.AnyHost {
		for _, l := range r.Listeners {
			delete(t.any, l.Port)
		}
	}
}

// lookup finds the site for a host, as hostname returns it, on a port as the user says
// it, or nil. An exact host wins over a wildcard, a longer wildcard over a shorter one
// (nginx: server_name), and any of them over AnyHost. A site that has the host but not
// the port does not count.
func (t *table) lookup(host string, port int) *site {
	if len(host) > maxHost {
		return t.any[port]
	}
	if s := t.hosts[host]; s != nil && s.pool(port) != nil {
		return s
	}
	if len(t.wild) > 0 {
		for rest := host; ; {
			_, parent, ok := strings.Cut(rest, ".")
			if !ok {
				break
			}
			if s := t.wild[parent]; s != nil && s.pool(port) != nil {
				return s
			}
			rest = parent
		}
	}
	return t.any[port]
}

// knows reports whether some app has host, on whatever port.
func (t *table) knows(host string) bool {
	if len(host) > maxHost {
		return false
	}
	if t.hosts[host] != nil {
		return true
	}
	for {
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		if t.wild[parent] != nil {
			return true
		}
		host = parent
	}
}

// maxHost is the length of the longest name that can be routed. Longer ones are not
// looked at label by label: that takes a time that grows with the square of the length,
// which the client chooses.
const maxHost = 253

// hostname brings the Host header of a request, or the name a TLS client asks for, into
// the form that routes use: lower case, without port and final dot. It does not
// allocate for a name that has this form already.
func hostname(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	host = strings.TrimSuffix(host, ".")
	for i := range len(host) {
		if c := host[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(host)
		}
	}
	return host
}
