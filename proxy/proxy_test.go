package proxy

import (
	"errors"
	"strings"
	"testing"
)

func TestValidHost(t *testing.T) {
	for _, h := range []string{"a", "localhost", "a.b", "*.example.com", "my_app.example.com", "xn--bcher-kva.example", "127.0.0.1", strings.Repeat("a", 63) + ".com"} {
		if !ValidHost(h) {
			t.Errorf("%q is refused", h)
		}
	}
	for _, h := range []string{"", ".", "*", "*.", "a.", ".a", "a..b", "-a.b", "a-.b", "A.b", "a b", "a\n", "a/b", "a:80", "bücher.de", "a.*.b", "**.b", "$(x)", strings.Repeat("a", 64), strings.Repeat("a.", 127)} {
		if ValidHost(h) {
			t.Errorf("%q is accepted", h)
		}
	}
}

func TestValidApp(t *testing.T) {
	for _, a := range []string{"a", "0", "my-app.test", strings.Repeat("a", 200)} {
		if !ValidApp(a) {
			t.Errorf("%q is refused", a)
		}
	}
	for _, a := range []string{"", ".", "..", "-rf", ".a", "a/b", "a b", "A", "a\n", "é", strings.Repeat("a", 201)} {
		if ValidApp(a) {
			t.Errorf("%q is accepted", a)
		}
	}
}

func TestClaims(t *testing.T) {
	web := func(app string, anyHost bool, scheme string, port int, hosts ...string) Routes {
		return Routes{App: app, AnyHost: anyHost, Hosts: hosts, Listeners: []Listener{{Scheme: scheme, Port: port}}}
	}
	c := NewClaims()
	first := []Routes{web("blog", false, HTTP, 80, "blog.example.com"), web("raw", true, HTTP, 8080), web("tls", false, HTTPS, 8443, "tls.example.com")}
	for _, r := range first {
		if err := c.Check(r); err != nil {
			t.Fatal(err)
		}
		c.Add(r)
	}
	for owner, r := range map[string]Routes{
		"blog": web("shop", false, HTTP, 80, "blog.example.com"),
		"raw":  web("shop", true, HTTP, 8080),
		"tls":  web("shop", false, HTTP, 8443, "shop.example.com"),
	} {
		var taken *TakenError
		if err := c.Check(r); !errors.As(err, &taken) || taken.Owner != owner || taken.App != "shop" {
			t.Errorf("Check(%+v) = %v, want it taken by %s", r, err, owner)
		}
	}
	for _, r := range append(first, web("shop", false, HTTP, 8080, "shop.example.com"), web("tls", false, HTTP, 8443), web("shop", true, HTTP, 80)) {
		if err := c.Check(r); err != nil {
			t.Errorf("Check(%+v) = %v", r, err)
		}
	}
	for _, r := range first {
		c.Drop(r)
	}
	if c.Used(80) || c.Used(8080) || c.Check(web("shop", true, HTTP, 8443, "blog.example.com")) != nil {
		t.Error("claims are left after Drop")
	}
}

func FuzzHost(f *testing.F) {
	for _, s := range []string{"a.example.com", "*.a", "", "*", "a:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ValidHost(s) && (len(s) > 253 || strings.ContainsAny(s, " /:\n\x00\"'$") || strings.ToLower(s) != s || strings.Contains(s, "..")) {
			t.Errorf("%q is accepted", s)
		}
	})
}
