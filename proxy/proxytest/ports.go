package proxytest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/slipwayhq/slipway/proxy"
)

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().(*net.TCPAddr).Port
}

func ownPort(t *testing.T, p Plane) {
	port := freePort(t)
	r := Web("blog", "blog.example.com", Upstream(t, "blog"))
	r.Listeners = append(r.Listeners, proxy.Listener{Scheme: proxy.HTTP, Port: port, Upstreams: []string{Upstream(t, "metrics")}})
	p.apply(t, r)
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	p.want(t, "blog.example.com", port, http.StatusOK, "metrics")
	p.want(t, "nobody.example.com", port, http.StatusNotFound, "")

	r.Listeners = r.Listeners[:1]
	p.apply(t, r)
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		_ = c.Close()
		t.Errorf("port %d is still open", port)
	}
}

func portInUse(t *testing.T, p Plane) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	busy := ln.Addr().(*net.TCPAddr).Port
	free := freePort(t)
	old := Web("blog", "blog.example.com", Upstream(t, "blog"))
	p.apply(t, old)
	r := Web("blog", "other.example.com", Upstream(t, "other"))
	r.Listeners = append(r.Listeners,
		proxy.Listener{Scheme: proxy.HTTP, Port: free}, proxy.Listener{Scheme: proxy.HTTP, Port: busy})
	var port *proxy.PortError
	if err := p.Provider.Apply(context.Background(), r); !errors.As(err, &port) || port.Port != busy || port.App != "blog" {
		t.Fatalf("a port in use: %v, want a PortError", err)
	}
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", free)); err == nil {
		_ = c.Close()
		t.Errorf("port %d was left open", free)
	}
}

func removed(t *testing.T, p Plane) {
	ctx := context.Background()
	p.apply(t, Web("blog", "blog.example.com", Upstream(t, "blog")))
	for range 2 {
		if err := p.Provider.Remove(ctx, "blog"); err != nil {
			t.Fatal(err)
		}
	}
	p.want(t, "blog.example.com", 80, http.StatusNotFound, "")
	p.apply(t, Web("shop", "blog.example.com", Upstream(t, "shop")))
	p.want(t, "blog.example.com", 80, http.StatusOK, "shop")
}
