package dataplane

import (
	"sync/atomic"

	"github.com/slipwayhq/slipway/proxy"
)

// A site is one app as the table has it. Only the counters inside change.
type site struct {
	routes proxy.Routes
	pools  []pool // as routes.Listeners
	cert   *certificate
}

// pool returns the upstreams behind port, nil when the app does not listen there.
func (s *site) pool(port int) *pool {
	for i := range s.pools {
		if s.pools[i].port == port {
			return &s.pools[i]
		}
	}
	return nil
}

// A pool is the upstreams behind one port of an app.
type pool struct {
	port     int
	redirect int // port of the https URL that requests are sent to, 0 for none
	backends []*backend
	turn     *atomic.Uint32 // where the next search starts, so that equals take turns
}

// choose returns the upstream with the fewest requests in flight among those that are
// not in tried, or nil when there is none left. An upstream that failed a moment ago
// comes into question only when all have. now is in nanoseconds.
func (p *pool) choose(tried []*backend, now int64) *backend {
	if len(p.backends) == 1 && len(tried) == 0 {
		return p.backends[0]
	}
	if len(p.backends) == 0 {
		return nil
	}
	var best, resting *backend
	start := int(p.turn.Add(1))
	for i := range p.backends {
		b := p.backends[(start+i)%len(p.backends)]
		switch {
		case contains(tried, b):
		case b.restsUntil.Load() > now:
			if resting == nil || b.inFlight.Load() < resting.inFlight.Load() {
				resting = b
			}
		case best == nil || b.inFlight.Load() < best.inFlight.Load():
			best = b
		}
	}
	if best == nil {
		return resting
	}
	return best
}

func contains(list []*backend, b *backend) bool {
	for _, x := range list {
		if x == b {
			return true
		}
	}
	return false
}
