package deploy

import (
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/proxy"
)

// An image that exposes 443 was routed as http:443, which the proxy refuses.
func TestExposedPortsAreMapped(t *testing.T) {
	if got := mappings(nil); !slices.Equal(got, []string{"http:80:5000"}) {
		t.Errorf("nothing exposed: %v", got)
	}
	got := mappings([]string{"80/tcp", "443/tcp", "2019/tcp", "443/udp"})
	if want := []string{"http:80:80", "https:443:443", "http:2019:2019", "udp:443:443"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAnAppReachedByUDPOnlyHasNoPortToCheck(t *testing.T) {
	udp, web := portMap{"udp", 1194, 1194}, portMap{"http", 80, 3000}
	for _, c := range []struct {
		maps []portMap
		want int
	}{{nil, 5000}, {[]portMap{udp}, 0}, {[]portMap{udp, web}, 3000}, {[]portMap{web, udp}, 3000}} {
		if got := listenPort(c.maps); got != c.want {
			t.Errorf("%v: %d", c.maps, got)
		}
	}
}

func TestDomainThatStandsForTwoNames(t *testing.T) {
	got := spread([]string{".example.com", "example.com", "*.a.org", "a.org"})
	if want := []string{"example.com", "*.example.com", "*.a.org", "a.org"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestHTTPIsSentToHTTPS(t *testing.T) {
	listeners := func() []proxy.Listener {
		return []proxy.Listener{{Scheme: "http", Port: 80}, {Scheme: "http", Port: 8080}, {Scheme: "https", Port: 8443}, {Scheme: "https", Port: 443}}
	}
	f := &Flow{host: &plugin.Host{}}
	all := listeners()
	if f.redirect(all); all[0].Redirect != 443 || all[1].Redirect+all[2].Redirect+all[3].Redirect != 0 {
		t.Errorf("got %+v", all)
	}
	all = listeners()[:3]
	if f.redirect(all); all[0].Redirect != 8443 {
		t.Errorf("without 443: %+v", all)
	}
	f.host.PublicPort = func(int) int { return 4443 }
	if f.redirect(all); all[0].Redirect != 4443 {
		t.Errorf("behind other ports: %+v", all)
	}
	all = listeners()[:2]
	if f.redirect(all); all[0].Redirect != 0 {
		t.Errorf("without https: %+v", all)
	}
}
