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
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
		"an app with https is only served there":          redirect,
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
