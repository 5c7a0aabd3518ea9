package dataplane

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// exchangeVar is the name of the exchange among the variables of a Caddy request.
const exchangeVar = "slipway.exchange"

// An exchange is one request on its way: the site that answers it and the upstream
// that it counts on. It belongs to the goroutine of the request.
type exchange struct {
	plane *plane
	host  string // as hostname returns it
	port  int    // as the user says it
	now   int64  // when it came, in Unix nanoseconds

	site     *site
	redirect int        // port of the https URL to answer with, 0 for none
	backend  *backend   // entered, or nil
	tried    []*backend // that failed this request
	fresh    bool       // backend was chosen and not yet given to Caddy
}

// next chooses an upstream that this request has not tried, and enters it. It reports
// false when there is none; e.site is then nil for an unknown host, and e.redirect is
// set where the answer is a redirect.
//
// It is here that the swap of the table and the counting meet: the request is counted
// first, and only then is the table looked at again. If it is still the same, a Drain
// that follows the next swap sees the count. If it is not, the choice is made anew.
func (e *exchange) next() bool {
	e.leave()
	for {
		t := e.plane.table.Load()
		e.site = t.lookup(e.host, e.port)
		if e.site == nil {
			return false
		}
		pool := e.site.pool(e.port)
		if e.redirect = pool.redirect; e.redirect > 0 {
			return false
		}
		b := pool.choose(e.tried, e.now)
		if b == nil {
			return false
		}
		b.enter()
		if e.plane.table.Load() == t {
			e.backend, e.fresh = b, true
			return true
		}
		b.leave()
	}
}

// exchangeKey is the context key of the exchange, for whoever is not on the goroutine of
// the request and must not look at the variables, which that goroutine writes.
type exchangeKey struct{}

// routedTo reports whether addr is an upstream of the request's app now. It may be called
// on any goroutine: it reads only what never changes.
func (e *exchange) routedTo(addr string) bool {
	s := e.plane.table.Load().lookup(e.host, e.port)
	if s == nil {
		return false
	}
	p := s.pool(e.port)
	return p != nil && slices.ContainsFunc(p.backends, func(b *backend) bool { return b.addr == addr })
}

// leave counts the request off from its upstream, if it has one.
func (e *exchange) leave() {
	if e.backend != nil {
		e.backend.leave()
		e.backend = nil
	}
}

// fail notes that the upstream did not answer.
func (e *exchange) fail() {
	if e.backend != nil {
		e.backend.failed()
		e.tried = append(e.tried, e.backend)
	}
}

// source gives Caddy's reverse_proxy the upstream of each attempt. Caddy calls it once
// for each attempt of a request, on the goroutine of the request. It is a selection
// policy and not a dynamic upstream source, because Caddy looks up dynamic upstreams in
// a map under a lock that all requests share.
type source struct{}

var _ reverseproxy.Selector = source{}

// Select implements reverseproxy.Selector.
func (source) Select(_ reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	e := caddyhttp.GetVar(r.Context(), exchangeVar).(*exchange)
	if !e.fresh { // the attempt before this one failed
		e.fail()
		if !e.next() {
			return nil
		}
	}
	e.fresh = false
	return e.backend.upstream
}

// upgradeWriter lets the backend know the client's connection once a request becomes a
// WebSocket, so that Drain can end it.
type upgradeWriter struct {
	http.ResponseWriter
	exchange  *exchange
	webSocket bool
	conn      net.Conn // after Hijack
}

func newUpgradeWriter(w http.ResponseWriter, r *http.Request, e *exchange) *upgradeWriter {
	return &upgradeWriter{ResponseWriter: w, exchange: e, webSocket: strings.EqualFold(r.Header.Get("Upgrade"), "websocket")}
}

// Hijack implements http.Hijacker.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, brw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.conn = conn
		w.exchange.backend.keep(conn, w.webSocket)
	}
	return conn, brw, err
}

// Unwrap is how http.ResponseController finds the writer's other abilities.
func (w *upgradeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// done forgets the connection. Call it before the exchange leaves its backend.
func (w *upgradeWriter) done() {
	if w.conn != nil {
		w.exchange.backend.forget(w.conn)
	}
}
