package authkeys

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"
)

// harmless options concern what Slipway's own server never offers.
var harmless = []string{
	"no-agent-forwarding", "agent-forwarding", "no-port-forwarding", "port-forwarding", "no-user-rc", "user-rc",
	"no-x11-forwarding", "x11-forwarding", "environment", "permitlisten", "permitopen", "tunnel",
}

// Restrictions are the options of a key that bind Slipway's own server.
type Restrictions struct {
	From    []string  // patterns of addresses, nil: from everywhere
	Expires time.Time // zero: never
	NoPTY   bool
}

// Restrictions reads the key's options. An option that it does not know is an
// error, and the key must not be used: sshd does the same.
func (k *Key) Restrictions() (Restrictions, error) {
	var r Restrictions
	for _, o := range k.Options {
		name, _, _ := strings.Cut(strings.ToLower(o), "=")
		switch {
		case name == "no-pty" || name == "restrict":
			r.NoPTY = true
		case name == "pty":
			r.NoPTY = false
		case name == "from":
			list, ok := OptionValue(o, "from")
			if !ok || list == "" {
				return r, fmt.Errorf("the option %s has no value", o)
			}
			r.From = strings.Split(list, ",")
		case name == "expiry-time":
			value, _ := OptionValue(o, "expiry-time")
			t, err := parseExpiry(value)
			if err != nil {
				return r, err
			}
			r.Expires = t
		case slices.Contains(harmless, name):
		default:
			return r, fmt.Errorf("the option %s is not supported", name)
		}
	}
	return r, nil
}

// parseExpiry reads YYYYMMDD[HHMM[SS]][Z]; without Z it is the local time.
func parseExpiry(value string) (time.Time, error) {
	loc := time.Local
	digits, utc := strings.CutSuffix(value, "Z")
	if utc {
		loc = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if t, err := time.ParseInLocation(layout, digits, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("the option expiry-time has the value %q, expected YYYYMMDD[HHMM[SS]][Z]", value)
}

// Allow tells whether the key may be used from addr at this time.
func (r Restrictions) Allow(addr netip.Addr, now time.Time) bool {
	if !r.Expires.IsZero() && !now.Before(r.Expires) {
		return false
	}
	if r.From == nil {
		return true
	}
	allowed := false
	for _, pattern := range r.From {
		pattern, negated := strings.CutPrefix(strings.TrimSpace(pattern), "!")
		if !matchAddr(pattern, addr.Unmap()) {
			continue
		}
		if negated {
			return false
		}
		allowed = true
	}
	return allowed
}

// matchAddr compares with an address, a network or a pattern with * and ?.
// Host names never match: addresses are not resolved.
func matchAddr(pattern string, addr netip.Addr) bool {
	if prefix, err := netip.ParsePrefix(pattern); err == nil {
		return prefix.Contains(addr)
	}
	if single, err := netip.ParseAddr(pattern); err == nil {
		return single.Unmap() == addr
	}
	if strings.ContainsAny(pattern, `[]\`) {
		return false
	}
	ok, err := path.Match(pattern, addr.String())
	return ok && err == nil
}
