// Package proxytest is the suite that every proxy.Provider passes, with real HTTP.
//
//	func TestConformance(t *testing.T) {
//		proxytest.Run(t, func(t *testing.T) proxytest.Plane {
//			… start a proxy in t.TempDir() on free ports, stop it with t.Cleanup
//			return proxytest.Plane{Provider: p, Addr: func(port int) string { … }}
//		})
//	}
package proxytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/proxy"
)

// A Plane is a proxy that runs with no routes.
type Plane struct {
	Provider proxy.Provider

	// Addr is the host:port where a port of a Listener answers, "" when it does not.
	Addr func(port int) string
}

// Run tests the planes that start makes; each test has one of its own.
func Run(t *testing.T, start func(t *testing.T) Plane) {
	tests := map[string]func(*testing.T, Plane){
		"an unknown host is a plain 404":                  unknownHost,
		"a host reaches its app and no other":             twoApps,
		"a host matches in any case, with port and dot":   spelling,
		"an exact host wins over a wildcard":              wildcard,
		"an app without vhosts takes what is left":        anyHost,
		"an app that is stopped answers 503":              stopped,
		"Apply is the whole truth":                        wholeTruth,
		"a host or port has one owner":                    oneOwner,
		"what makes no sense is refused":                  invalid,
		"a refused Apply leaves the old routes":           refusedKeepsOld,
		"a port of its own opens and closes with its app": ownPort,
		"a port that is in use is one clear error":        portInUse,
		"Remove forgets":                                  removed,
		"Drain waits for the last request":                drainWaits,
		"Drain gives up at its timeout":                   drainTimeout,
		"Drain of a routed upstream is refused":           drainRouted,
		"another upstream steps in for one that is gone":  failover,
		"an app whose upstreams are gone answers 502":     badGateway,
		"the forwarded headers say who asked for what":    forwarded,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

// Upstream starts a server that answers every request with its name, and returns the
// address.
func Upstream(t testing.TB, name string) string {
	return Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
}

// Serve starts a server with handler and returns the address.
func Serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// Web is an app with hosts on port 80.
func Web(app, host string, upstreams ...string) proxy.Routes {
	r := proxy.Routes{App: app, Listeners: []proxy.Listener{{Scheme: proxy.HTTP, Port: 80, Upstreams: upstreams}}}
	if host != "" {
		r.Hosts = strings.Fields(host)
	}
	return r
}

func (p Plane) apply(t *testing.T, r proxy.Routes) {
	t.Helper()
	if err := p.Provider.Apply(context.Background(), r); err != nil {
		t.Fatalf("Apply: %v", err)
	}
}

// get asks for / of host on port and returns status and body.
func (p Plane) get(t *testing.T, host string, port int) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+p.Addr(port)+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("GET %s: %v", host, err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", host, err)
	}
	return res.StatusCode, string(body), res.Header
}

func (p Plane) want(t *testing.T, host string, port, status int, body string) {
	t.Helper()
	gotStatus, gotBody, _ := p.get(t, host, port)
	if gotStatus != status || body != "" && gotBody != body {
		t.Errorf("GET %s on port %d: %d %q, want %d %q", host, port, gotStatus, gotBody, status, body)
	}
}

func unknownHost(t *testing.T, p Plane) {
	p.want(t, "nobody.example.com", 80, http.StatusNotFound, "")
	p.apply(t, Web("blog", "blog.example.com", Upstream(t, "blog")))
	p.want(t, "nobody.example.com", 80, http.StatusNotFound, "")
	p.want(t, "example.com", 80, http.StatusNotFound, "")
	p.want(t, "x.blog.example.com", 80, http.StatusNotFound, "")
	_, body, header := p.get(t, "nobody.example.com", 80)
	if !strings.HasPrefix(header.Get("Content-Type"), "text/") || strings.Contains(body, "blog") {
		t.Errorf("the page for an unknown host is not plain: %v %q", header, body)
	}
}

func twoApps(t *testing.T, p Plane) {
	p.apply(t, Web("blog", "blog.example.com www.example.com", Upstream(t, "blog")))
	p.apply(t, Web("shop", "shop.example.com", Upstream(t, "shop")))
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	p.want(t, "www.example.com", 80, http.StatusOK, "blog")
	p.want(t, "shop.example.com", 80, http.StatusOK, "shop")
}

func spelling(t *testing.T, p Plane) {
	p.apply(t, Web("blog", "blog.example.com", Upstream(t, "blog")))
	for _, host := range []string{"Blog.EXAMPLE.com", "blog.example.com:80", "blog.example.com:8080", "blog.example.com.", "BLOG.example.com.:99"} {
		p.want(t, host, 80, http.StatusOK, "blog")
	}
}

func wildcard(t *testing.T, p Plane) {
	p.apply(t, Web("tenants", "*.example.com", Upstream(t, "tenants")))
	p.apply(t, Web("shop", "shop.example.com", Upstream(t, "shop")))
	p.apply(t, Web("deep", "*.deep.example.com", Upstream(t, "deep")))
	p.want(t, "a.example.com", 80, http.StatusOK, "tenants")
	p.want(t, "a.b.example.com", 80, http.StatusOK, "tenants")
	p.want(t, "shop.example.com", 80, http.StatusOK, "shop")
	p.want(t, "a.deep.example.com", 80, http.StatusOK, "deep")
	p.want(t, "deep.example.com", 80, http.StatusOK, "tenants")
	p.want(t, "example.com", 80, http.StatusNotFound, "")
	p.want(t, "example.org", 80, http.StatusNotFound, "")
}

func anyHost(t *testing.T, p Plane) {
	r := Web("raw", "", Upstream(t, "raw"))
	r.AnyHost = true
	p.apply(t, r)
	p.apply(t, Web("blog", "blog.example.com", Upstream(t, "blog")))
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	p.want(t, "nobody.example.com", 80, http.StatusOK, "raw")
	p.want(t, "127.0.0.1", 80, http.StatusOK, "raw")
}

func stopped(t *testing.T, p Plane) {
	up := Upstream(t, "blog")
	r := Web("blog", "blog.example.com", up)
	r.Stopped = true
	for _, r := range []proxy.Routes{r, Web("blog", "blog.example.com")} {
		p.apply(t, r)
		status, body, header := p.get(t, "blog.example.com", 80)
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || strings.Contains(body, up) {
			t.Errorf("a stopped app: %d %q, Retry-After %q", status, body, header.Get("Retry-After"))
		}
	}
}

func wholeTruth(t *testing.T, p Plane) {
	p.apply(t, Web("blog", "old.example.com both.example.com", Upstream(t, "one")))
	p.apply(t, Web("blog", "new.example.com both.example.com", Upstream(t, "two")))
	p.want(t, "old.example.com", 80, http.StatusNotFound, "")
	p.want(t, "both.example.com", 80, http.StatusOK, "two")
	p.want(t, "new.example.com", 80, http.StatusOK, "two")
	p.apply(t, Web("shop", "old.example.com", Upstream(t, "shop")))
	p.want(t, "old.example.com", 80, http.StatusOK, "shop")
}

func oneOwner(t *testing.T, p Plane) {
	ctx := context.Background()
	p.apply(t, Web("blog", "blog.example.com *.blog.example.com", Upstream(t, "blog")))
	for _, host := range []string{"blog.example.com", "*.blog.example.com"} {
		var taken *proxy.TakenError
		err := p.Provider.Apply(ctx, Web("shop", host, Upstream(t, "shop")))
		if !errors.As(err, &taken) || taken.Owner != "blog" {
			t.Errorf("a second owner of %s: %v, want a TakenError that names blog", host, err)
		}
	}
	raw := Web("raw", "", Upstream(t, "raw"))
	raw.AnyHost = true
	p.apply(t, raw)
	other := Web("other", "", Upstream(t, "other"))
	other.AnyHost = true
	var taken *proxy.TakenError
	if err := p.Provider.Apply(ctx, other); !errors.As(err, &taken) || taken.Owner != "raw" {
		t.Errorf("a second app for every host: %v, want a TakenError that names raw", err)
	}
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
}

func invalid(t *testing.T, p Plane) {
	for _, r := range []proxy.Routes{
		Web("", "a.example.com"), Web("../x", "a.example.com"), Web("Blog", "a.example.com"), Web("a/b", "a.example.com"),
		Web("blog", "A.example.com"), Web("blog", "a..example.com"), Web("blog", "a.*.com"), Web("blog", "*"), Web("blog", "a:80"),
		Web("blog", "a.example.com a.example.com"), Web("blog", "a.example.com", "somewhere:80"), Web("blog", "a.example.com", "127.0.0.1"),
		{App: "blog", Listeners: []proxy.Listener{{Scheme: "ftp", Port: 21}}},
		{App: "blog", Listeners: []proxy.Listener{{Scheme: "http", Port: 0}}},
		{App: "blog", Listeners: []proxy.Listener{{Scheme: "https", Port: 80}}},
	} {
		var bad *proxy.InvalidError
		if err := p.Provider.Apply(context.Background(), r); !errors.As(err, &bad) {
			t.Errorf("Apply(%+v) = %v, want an InvalidError", r, err)
		}
	}
}

func refusedKeepsOld(t *testing.T, p Plane) {
	p.apply(t, Web("blog", "blog.example.com", Upstream(t, "blog")))
	p.apply(t, Web("shop", "shop.example.com", Upstream(t, "shop")))
	if err := p.Provider.Apply(context.Background(), Web("shop", "new.example.com blog.example.com", Upstream(t, "new"))); err == nil {
		t.Fatal("a host of another app was given away")
	}
	p.want(t, "shop.example.com", 80, http.StatusOK, "shop")
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	p.want(t, "new.example.com", 80, http.StatusNotFound, "")
}

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

func failover(t *testing.T, p Plane) {
	gone := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	p.apply(t, Web("blog", "blog.example.com", gone, Upstream(t, "blog")))
	for range 20 {
		p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	}
	res, err := http.NewRequest(http.MethodPost, "http://"+p.Addr(80)+"/", strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	res.Host = "blog.example.com"
	got, err := http.DefaultClient.Do(res)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Errorf("POST with one upstream gone: %d", got.StatusCode)
	}
}

func badGateway(t *testing.T, p Plane) {
	p.apply(t, Web("blog", "blog.example.com", fmt.Sprintf("127.0.0.1:%d", freePort(t))))
	p.apply(t, Web("shop", "shop.example.com", Upstream(t, "shop")))
	status, body, _ := p.get(t, "blog.example.com", 80)
	if status != http.StatusBadGateway || strings.Contains(body, "127.0.0.1") || strings.Contains(body, "shop") {
		t.Errorf("an app that is gone: %d %q", status, body)
	}
}

func forwarded(t *testing.T, p Plane) {
	seen := make(chan *http.Request, 1)
	p.apply(t, Web("blog", "blog.example.com", Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r }))))
	req, err := http.NewRequest(http.MethodGet, "http://"+p.Addr(80)+"/path?q=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "Blog.example.com:1234"
	for _, h := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Host", "X-Forwarded-Ssl", "X-Request-Start"} {
		req.Header.Set(h, "spoofed")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	got := <-seen
	_, port, _ := net.SplitHostPort(p.Addr(80))
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Port": port,
		"X-Forwarded-Host": "Blog.example.com:1234", "X-Forwarded-Ssl": "",
	} {
		if v := strings.Join(got.Header.Values(name), "|"); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if got.Host != "Blog.example.com:1234" || got.URL.String() != "/path?q=1" {
		t.Errorf("the app saw host %q and URL %q", got.Host, got.URL)
	}
	var sec, ms int64
	if _, err := fmt.Sscanf(got.Header.Get("X-Request-Start"), "%d.%03d", &sec, &ms); err != nil || time.Since(time.UnixMilli(sec*1000+ms)).Abs() > time.Minute {
		t.Errorf("X-Request-Start: %q, want seconds.milliseconds of now", got.Header.Get("X-Request-Start"))
	}
}
