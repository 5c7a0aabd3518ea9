package network

import (
	"net"
	"strings"
	"testing"
)

func TestListeners(t *testing.T) {
	for v, good := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:4000": true, "::1": true, "[::1]:80": true,
		"localhost": false, "127.0.0.1:": false, "127.0.0.1:0": false, "127.0.0.1:65536": false, "1.2.3.4:80:90": false, "": false,
		"127.0.0.1:80/x": false,
	} {
		if err := validListener(v); (err == nil) != good {
			t.Errorf("%q: %v", v, err)
		}
	}
}

func FuzzListener(f *testing.F) {
	for _, s := range []string{"127.0.0.1:4000", "::1", "[::1]:1", "a:1", "1.2.3.4:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if validListener(s) != nil {
			return
		}
		host := s
		if h, _, err := net.SplitHostPort(s); err == nil {
			host = h
		}
		if net.ParseIP(host) == nil || strings.ContainsAny(s, " \n/") {
			t.Errorf("%q passes", s)
		}
	})
}

func FuzzTLD(f *testing.F) {
	for _, s := range []string{"svc.cluster.local", ".", "-a", "a..b", "A", "a_b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if validTLD(s) == nil && (s == "" || len(s) > 200 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-")) {
			t.Errorf("%q passes", s)
		}
	})
}

func FuzzSplitNames(f *testing.F) {
	for _, s := range []string{"a,b", ",,a, a ,", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		seen := map[string]bool{}
		for _, name := range splitNames(s) {
			if name == "" || seen[name] || strings.Contains(name, ",") {
				t.Errorf("%q gives %q", s, name)
			}
			seen[name] = true
		}
	})
}
