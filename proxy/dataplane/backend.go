package dataplane

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// restTime is how long an upstream that failed is passed over while the app has others.
const restTime = 5 * time.Second

// A backend is one upstream of one app. It lives as long as it is routed to or has
// requests in flight, however often the routes change in that time.
type backend struct {
	addr     string
	upstream *reverseproxy.Upstream // what Caddy is given when this one is chosen

	inFlight   atomic.Int64
	restsUntil atomic.Int64 // Unix nanoseconds
	idle       atomic.Pointer[chan struct{}]

	mu       sync.Mutex
	upgraded map[net.Conn]bool // client connections; the value says WebSocket
	ended    bool              // an upgrade that is just happening ends at once
}

func newBackend(addr string) *backend {
	return &backend{
		addr:     addr,
		upstream: &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: addr},
	}
}

// enter counts a request; leave must follow.
func (b *backend) enter() { b.inFlight.Add(1) }

// leave counts it off and wakes who waits for the last one.
func (b *backend) leave() {
	if b.inFlight.Add(-1) == 0 {
		if c := b.idle.Swap(nil); c != nil {
			close(*c)
		}
	}
}

// failed makes choose pass over b for a while.
func (b *backend) failed() { b.restsUntil.Store(time.Now().Add(restTime).UnixNano()) }

// wait returns nil when no request is in flight, or the error of ctx.
func (b *backend) wait(ctx context.Context) error {
	for {
		// The channel is in place before the count is read, and leave lowers the
		// count before it looks for the channel: one of the two sees the other.
		c := make(chan struct{})
		p := &c
		if !b.idle.CompareAndSwap(nil, p) {
			if p = b.idle.Load(); p == nil {
				continue
			}
		}
		if b.inFlight.Load() == 0 {
			return nil
		}
		select {
		case <-*p:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keep remembers the client connection of an upgraded request until forget.
func (b *backend) keep(c net.Conn, webSocket bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		_ = c.Close() // whatever it says, it is closed
		return
	}
	if b.upgraded == nil {
		b.upgraded = map[net.Conn]bool{}
	}
	b.upgraded[c] = webSocket
}

func (b *backend) forget(c net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.upgraded, c)
}

// endUpgraded closes the upgraded connections, with a word to WebSocket clients so that
// they come back at once.
func (b *backend) endUpgraded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	for c, webSocket := range b.upgraded {
		if webSocket {
			// A client that does not read must not hold us up.
			_ = c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			_, _ = c.Write(goingAway[:])
		}
		_ = c.Close() // whatever it says, it is closed
	}
	clear(b.upgraded)
}

// revive undoes endUpgraded for an address that is routed to again.
func (b *backend) revive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = false
}

// goingAway is a WebSocket close frame with code 1001 (RFC 6455, 5.5.1 and 7.4.1).
var goingAway = [...]byte{0x88, 0x02, 0x03, 0xe9}
