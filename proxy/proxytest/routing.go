package proxytest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/proxy"
)

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

func redirect(t *testing.T, p Plane) {
	r := Web("blog", "blog.example.com", Upstream(t, "blog"))
	r.Listeners[0].Redirect = 443
	p.apply(t, r)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequest(http.MethodPost, "http://"+p.Addr(80)+"/a%20b?c=d", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "Blog.example.com:80"
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	want := "https://blog.example.com:443/a%20b?c=d"
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusMovedPermanently || got != want {
		t.Errorf("%d to %q, want %q", res.StatusCode, got, want)
	}
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("browsers keep the redirect, though a certificate can go: %q", got)
	}
	p.apply(t, Web("blog", "blog.example.com", r.Listeners[0].Upstreams...))
	p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
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
		{App: "blog", Listeners: []proxy.Listener{{Scheme: "https", Port: 443, Redirect: 443}}},
		{App: "blog", Listeners: []proxy.Listener{{Scheme: "http", Port: 80, Redirect: 70000}}},
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
