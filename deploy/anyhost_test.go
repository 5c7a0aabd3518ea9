package deploy_test

import (
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/proxy"
)

func TestAnAppWithoutDomainsIsServedOverHTTPS(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("ports:set", "blog", "http:80:5000", "https:443:5000", "http:8080:5000")
	w.mustDeploy("blog", procfile)
	w.must("domains:disable", "blog")
	if r := w.proxy.of("blog"); !r.AnyHost || r.TLS != nil || slices.ContainsFunc(r.Listeners, func(l proxy.Listener) bool { return l.Scheme == proxy.HTTPS || l.Redirect > 0 }) {
		t.Errorf("without a certificate: %+v", r)
	}
	dir := w.host.Store.RootPath("blog", "tls")
	for _, file := range []string{"server.crt", "server.key"} {
		if err := w.host.Store.WriteFile(dir+"/"+file, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.must("proxy:build-config", "blog")
	r := w.proxy.of("blog")
	if !r.AnyHost || r.TLS == nil || r.TLS.CertFile != dir+"/server.crt" || len(r.Listeners) != 3 {
		t.Fatalf("%+v", r)
	}
	for _, l := range r.Listeners {
		if want := map[int]int{80: 443}[l.Port]; l.Redirect != want || len(l.Upstreams) != 1 {
			t.Errorf("%+v", l)
		}
	}
}
