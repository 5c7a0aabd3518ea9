package domains

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/proxy"
)

// Host is a valid domain in lower case: a host name, an IPv4 address, a name
// behind "*.", or a name behind "." that stands for itself and all below it, as
// nginx has it.
type Host string

// ParseHost checks a domain. The words of the error are Dokku's.
func ParseHost(s string) (Host, error) {
	host := strings.ToLower(s)
	name, below := strings.CutPrefix(host, ".")
	if !proxy.ValidHost(name) || below && (strings.HasPrefix(name, "*") || isAddress(name)) {
		return "", fmt.Errorf("%s is invalid. exiting...", s) //nolint:staticcheck // Dokku's words
	}
	return Host(host), nil
}

// UnmarshalText implements encoding.TextUnmarshaler for command arguments.
func (h *Host) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHost(string(b))
	return err
}

// isAddress tells whether a domain is an IP address, of which there are no
// subdomains.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// claims are the names that a domain stands for.
func claims(host string) []string {
	if name, below := strings.CutPrefix(host, "."); below {
		return []string{name, "*." + name}
	}
	return []string{host}
}

// collide tells whether two domains stand for one name.
func collide(a, b string) bool {
	names := claims(b)
	return slices.ContainsFunc(claims(a), func(name string) bool { return slices.Contains(names, name) })
}
