package dataplane

import (
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/proxy"
)

func FuzzLookup(f *testing.F) {
	for _, s := range []string{"", ".", "..", "a.example.com", "A.EXAMPLE.com:80", "[::1]:80", "[::1]", "a:b:c", "*.example.com", ".example.com", "example.com.", strings.Repeat("a.", 500)} {
		f.Add(s)
	}
	t := newTable()
	p := newPlane(nil, "", nil)
	for _, r := range []proxy.Routes{
		{App: "exact", Hosts: []string{"a.example.com"}, Listeners: []proxy.Listener{{Scheme: "http", Port: 80}}},
		{App: "wild", Hosts: []string{"*.example.com"}, Listeners: []proxy.Listener{{Scheme: "http", Port: 80}}},
		{App: "any", AnyHost: true, Listeners: []proxy.Listener{{Scheme: "http", Port: 8080}}},
	} {
		t.add(p.newSite(r, nil))
	}
	f.Fuzz(func(tt *testing.T, header string) {
		host := hostname(header)
		want := ""
		switch {
		case len(host) > maxHost:
		case host == "a.example.com":
			want = "exact"
		case strings.HasSuffix(host, ".example.com"):
			want = "wild"
		}
		got := ""
		if s := t.lookup(host, 80); s != nil {
			got = s.routes.App
		}
		if got != want {
			tt.Errorf("%q goes to app %q, want %q", header, got, want)
		}
		if t.knows(host) != (want != "") {
			tt.Errorf("knows(%q) = %v", host, t.knows(host))
		}
		if s := t.lookup(host, 8080); s == nil || s.routes.App != "any" {
			tt.Errorf("%q on port 8080 goes to %v", header, s)
		}
		if host != strings.ToLower(host) && isASCII(host) {
			tt.Errorf("hostname(%q) = %q", header, host)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}

// TestSecurityLongHostCostsLittle: found by FuzzLookup, which stood still.
func TestSecurityLongHostCostsLittle(t *testing.T) {
	table := newTable()
	table.add(&site{routes: proxy.Routes{App: "wild", Hosts: []string{"*.example.com"}}, pools: []pool{{port: 80}}})
	host := strings.Repeat("a.", 32<<10) // what fits into a header
	begin := time.Now()
	for range 1000 {
		if table.lookup(hostname(host), 80) != nil || table.knows(host) {
			t.Fatal("a name that is too long was found")
		}
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("1,000 lookups took %s", took)
	}
}

func TestChooseTakesTheLeastBusyInTurns(t *testing.T) {
	p := newPlane(nil, "", nil)
	s := p.newSite(proxy.Routes{App: "blog", Listeners: []proxy.Listener{{Scheme: "http", Port: 80, Upstreams: []string{"a:1", "b:1", "c:1"}}}}, nil)
	l := s.pool(80)
	seen := map[string]int{}
	for range 30 {
		b := l.choose(nil, 0)
		seen[b.addr]++
	}
	if seen["a:1"] != 10 || seen["b:1"] != 10 || seen["c:1"] != 10 {
		t.Errorf("idle upstreams do not take turns: %v", seen)
	}
	for _, b := range l.backends[:2] {
		b.enter()
	}
	for range 3 {
		if b := l.choose(nil, 0); b.addr != "c:1" {
			t.Errorf("%s was chosen, c is idle", b.addr)
		}
	}
	l.backends[2].failed()
	if b := l.choose(nil, 0); b.addr == "c:1" {
		t.Error("an upstream that has just failed was chosen")
	}
	if b := l.choose(l.backends[:2], 0); b == nil || b.addr != "c:1" {
		t.Errorf("%v was chosen, want the one that is left", b)
	}
	if b := l.choose(l.backends, 0); b != nil {
		t.Errorf("%s was chosen though all were tried", b.addr)
	}
}
