package deploy

import (
	"slices"
	"testing"
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

func TestDomainThatStandsForTwoNames(t *testing.T) {
	got := spread([]string{".example.com", "example.com", "*.a.org", "a.org"})
	if want := []string{"example.com", "*.example.com", "*.a.org", "a.org"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
