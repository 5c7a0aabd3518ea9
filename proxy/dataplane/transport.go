package dataplane

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// errWithdrawn says that an upstream is none of the app's any more.
var errWithdrawn = errors.New("the address is no longer routed to")

// transport carries requests to containers over HTTP/1.1. It takes bodies as they are:
// nothing is compressed or kept.
type transport struct {
	http *http.Transport
}

func newTransport() *transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &transport{http: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, reverseproxy.NewDialError(err) // which Caddy may try elsewhere
			}
			// A container may end while it is dialled, and another app's may take its address.
			if e, ok := ctx.Value(exchangeKey{}).(*exchange); ok && !e.routedTo(addr) {
				_ = c.Close() // nothing was sent
				return nil, reverseproxy.NewDialError(errWithdrawn)
			}
			return c, nil
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 256,
		// Web servers close idle connections themselves (gunicorn after 2 s, Node.js
		// after 5 s), and a POST that meets such a close fails. We close first; a new
		// connection to a container costs a tenth of a millisecond.
		IdleConnTimeout: time.Second,
	}}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme = "http" // Caddy leaves it to the transport
	return t.http.RoundTrip(r)
}
