package check

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// lookTimeout bounds the look at what the container listens on.
const lookTimeout = 2 * time.Second

// explain turns "connection refused" into what the user can do about it.
func (r *runner) explain(ctx context.Context, t Target, p probe, err error) error {
	if err == nil || ctx.Err() != nil || !isRefused(err) {
		return err
	}
	total := time.Duration(p.attempts-1)*p.wait + p.timeout
	reason := fmt.Sprintf("port %d did not accept a connection within %d s", p.Port, whole(total))
	if !p.poll {
		reason = fmt.Sprintf("port %d did not accept a connection in %d attempts", p.Port, p.attempts)
	}
	at, elsewhere := nearest(r.listeners(ctx, t), p.Port)
	switch {
	case !elsewhere:
		return fmt.Errorf("%s: does the app listen on 0.0.0.0:$PORT?", reason)
	case p.kind == kindListening:
		return fmt.Errorf("%s. Make the app listen on 0.0.0.0:$PORT", misplaced(p.Port, at))
	case int(at.Port()) == p.Port:
		return fmt.Errorf("%s: the app listens on %s, which is only reached from inside its container; make it listen on 0.0.0.0:$PORT", reason, at)
	}
	return fmt.Errorf("%s: the app listens on port %d instead; make it listen on 0.0.0.0:$PORT", reason, at.Port())
}

// nearest is where the app listens instead of the port: at that port inside of the
// container only, or else at the lowest other one that is reached from outside.
func nearest(found []netip.AddrPort, port int) (at netip.AddrPort, ok bool) {
	for _, l := range found {
		switch {
		case int(l.Port()) == port && l.Addr().IsLoopback():
			return l, true
		case !l.Addr().IsLoopback() && (!ok || l.Port() < at.Port()):
			at, ok = l, true
		}
	}
	return at, ok
}

// misplaced is Dokku's sentence for an app that listens elsewhere.
// Source: docker-container-healthchecker, appjson/healthcheck.go.
func misplaced(port int, at netip.AddrPort) string {
	version, any := "IPv4", "0.0.0.0"
	if at.Addr().Is6() {
		version, any = "IPv6", "::"
	}
	switch {
	case int(at.Port()) == port:
		return fmt.Sprintf("container listening on expected port (%d) with unexpected %s interface: expected=%s actual=%s", port, version, any, at.Addr())
	case at.Addr().IsUnspecified():
		return fmt.Sprintf("container listening on expected %s interface with an unexpected port: expected=%d actual=%d", version, port, at.Port())
	}
	return fmt.Sprintf("container listening on unexpected %s interface with an unexpected port: expected=%s actual=%s",
		version, net.JoinHostPort(any, strconv.Itoa(port)), at)
}

// listeners looks where the container listens; nil when that cannot be seen, as in an image without `cat`.
func (r *runner) listeners(ctx context.Context, t Target) []netip.AddrPort {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var table bytes.Buffer
	// In / because the working folder may be gone by now; cat fails where there is no IPv6, and has shown the rest.
	options := docker.ExecOptions{Cmd: []string{"cat", "/proc/net/tcp", "/proc/net/tcp6"}, Dir: "/"}
	if _, err := r.engine.Exec(ctx, t.ContainerID, options, nil, &table, nil); err != nil {
		return nil
	}
	return parseListeners(table.String())
}

// dockerDNS is the resolver that Docker puts into containers on networks of the user.
var dockerDNS = netip.MustParseAddr("127.0.0.11")

// parseListeners reads the listening sockets from /proc/net/tcp and tcp6. Source of the format: proc(5) and Linux
// Documentation/networking/proc_net_tcp.rst; addresses are words of 32 bits in the byte order of the machine.
func parseListeners(table string) []netip.AddrPort {
	const stateListen = "0A"
	var found []netip.AddrPort
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != stateListen {
			continue
		}
		if l, ok := parseSocket(fields[1]); ok && l.Addr() != dockerDNS {
			found = append(found, l)
		}
	}
	return found
}

func parseSocket(s string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(address)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(raw, 4) { // all machines that Docker runs on here are little-endian
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), ok
}
