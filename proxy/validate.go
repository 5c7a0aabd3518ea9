package proxy

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var appName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// ValidApp reports whether name can be the name of an app, and so of its route
// file: it has no slash, is not "." or "..", and leaves room for ".json" in 255 bytes.
func ValidApp(name string) bool {
	return len(name) <= 200 && appName.MatchString(name)
}

// Validate returns an *InvalidError for the first thing in r that makes no sense.
// It looks at r alone: who else owns a host or port is for the Provider to say.
func (r Routes) Validate() error {
	if !ValidApp(r.App) {
		return &InvalidError{App: strconv.Quote(r.App), Reason: "this is not the name of an app"}
	}
	var reason string
	switch {
	case r.AnyHost && len(r.Hosts) > 0:
		reason = "it wants every host and also names some; clear one of the two"
	case r.TLS != nil && (!filepath.IsAbs(r.TLS.CertFile) || !filepath.IsAbs(r.TLS.KeyFile)):
		reason = "the paths of its certificate and key must be absolute"
	default:
		reason = r.invalidHost()
	}
	if reason == "" {
		reason = r.invalidListener()
	}
	if reason != "" {
		return &InvalidError{App: r.App, Reason: reason}
	}
	return nil
}

func (r Routes) invalidHost() string {
	seen := make(map[string]bool, len(r.Hosts))
	for _, h := range r.Hosts {
		if !ValidHost(h) {
			return fmt.Sprintf("%q is not a host name", h)
		}
		if seen[h] {
			return fmt.Sprintf("host %s is named twice", h)
		}
		seen[h] = true
	}
	return ""
}

func (r Routes) invalidListener() string {
	seen := make(map[int]bool, len(r.Listeners))
	for _, l := range r.Listeners {
		switch {
		case l.Scheme != HTTP && l.Scheme != HTTPS:
			return fmt.Sprintf("%q is not a scheme; use http or https", l.Scheme)
		case l.Port < 1 || l.Port > 65535:
			return fmt.Sprintf("%d is not a port; use 1 to 65535", l.Port)
		case l.Redirect < 0 || l.Redirect > 65535 || l.Redirect > 0 && l.Scheme != HTTP:
			return fmt.Sprintf("port %d cannot send its requests to port %d", l.Port, l.Redirect)
		case seen[l.Port]:
			return fmt.Sprintf("port %d is named twice", l.Port)
		case l.Port == 80 && l.Scheme != HTTP:
			return "port 80 serves http only"
		case l.Port == 443 && l.Scheme != HTTPS:
			return "port 443 serves https only"
		}
		seen[l.Port] = true
		for _, u := range l.Upstreams {
			if a, err := netip.ParseAddrPort(u); err != nil || a.Port() == 0 {
				return fmt.Sprintf("%q is not an address with a port, such as 172.17.0.3:5000", u)
			}
		}
	}
	return ""
}

// ValidHost reports whether h can stand in Routes.Hosts: lower-case labels of
// letters, digits, '-' and '_', at most 63 bytes each and 253 together, where the
// first may be "*". An IPv4 address has that form too.
func ValidHost(h string) bool {
	if len(h) == 0 || len(h) > 253 {
		return false
	}
	name, wild := strings.CutPrefix(h, "*.")
	if wild && name == "" {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !validLabel(label) {
			return false
		}
	}
	return true
}

func validLabel(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
