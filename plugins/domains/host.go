package domains

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/slipwayhq/slipway/proxy"
)

// Host is a valid domain in lower case: a host name, an IPv4 address, or a
// name behind "*.".
type Host string

// ParseHost checks a domain. The words of the error are Dokku's.
func ParseHost(s string) (Host, error) {
	host := strings.ToLower(s)
	if !proxy.ValidHost(host) {
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
