package proxytest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/proxy"
)

// held is an upstream whose requests wait.
type held struct {
	addr    string
	arrived chan struct{}
	release chan struct{}
}

func hold(t *testing.T) held {
	h := held{arrived: make(chan struct{}, 100), release: make(chan struct{})}
	h.addr = Serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		h.arrived <- struct{}{}
		<-h.release
	}))
	return h
}

// ask sends a request that will be held and returns the channel of its status.
func (p Plane) ask(t *testing.T, h held) <-chan int {
	t.Helper()
	answered := make(chan int, 1)
	go func() {
		status, _, _ := p.get(t, "blog.example.com", 80)
		answered <- status
	}()
	<-h.arrived
	return answered
}

func drainWaits(t *testing.T, p Plane) {
	ctx := context.Background()
	h := hold(t)
	p.apply(t, Web("blog", "blog.example.com", h.addr))
	answered := p.ask(t, h)
	p.apply(t, Web("blog", "blog.example.com", Upstream(t, "new")))
	p.want(t, "blog.example.com", 80, http.StatusOK, "new")

	drained := make(chan error, 1)
	go func() { drained <- p.Provider.Drain(ctx, "blog", []string{h.addr, "127.0.0.1:1"}, time.Minute) }()
	select {
	case <-drained:
		t.Fatal("Drain returned with a request in flight")
	case <-time.After(50 * time.Millisecond):
	}
	close(h.release)
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the request in flight got %d", status)
	}
}

func drainTimeout(t *testing.T, p Plane) {
	h := hold(t)
	defer close(h.release)
	p.apply(t, Web("blog", "blog.example.com", h.addr))
	p.ask(t, h)
	p.apply(t, Web("blog", "blog.example.com", Upstream(t, "new")))
	start := time.Now()
	if err := p.Provider.Drain(context.Background(), "blog", []string{h.addr}, 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 50*time.Millisecond || took > 5*time.Second {
		t.Errorf("Drain took %s, want 50ms", took)
	}
}

func drainRouted(t *testing.T, p Plane) {
	up := Upstream(t, "blog")
	p.apply(t, Web("blog", "blog.example.com", up))
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	var bad *proxy.InvalidError
	if err := p.Provider.Drain(context.Background(), "blog", []string{up}, time.Minute); !errors.As(err, &bad) {
		t.Errorf("Drain of a routed upstream: %v, want an InvalidError", err)
	}
}
