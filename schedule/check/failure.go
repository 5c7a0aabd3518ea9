package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// onFailureTimeout bounds what a failed check does.
const onFailureTimeout = 10 * time.Second

// onFailure does what the check's onFailure says: a command in the container, a POST of the reason to a URL.
//
// Dokku runs the command on the host as root. Whoever may push would own the host, so here it runs in the container.
func (r *runner) onFailure(ctx context.Context, t Target, p probe, reason error) error {
	if p.OnFailure == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, onFailureTimeout)
	defer cancel()
	if len(p.OnFailure.Command) > 0 {
		code, err := r.engine.Exec(ctx, t.ContainerID, docker.ExecOptions{Cmd: p.OnFailure.Command}, nil, nil, nil)
		if err != nil {
			return fmt.Errorf("cannot run its command: %w", err)
		}
		if code != 0 {
			return fmt.Errorf("its command exited with code %d", code)
		}
	}
	if p.OnFailure.URL == "" {
		return nil
	}
	return post(ctx, outside(), p, reason)
}

// post sends what Dokku's checker sends, with the errors as text.
func post(ctx context.Context, client *http.Client, p probe, reason error) error {
	body, err := json.Marshal(map[string]any{"healthcheck_name": p.Name, "errors": []string{reason.Error()}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.OnFailure.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("its url is not valid: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot reach its url: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("its url answered with status %d", response.StatusCode)
	}
	return nil
}

// outside is a client for addresses that come with a pushed repository: it reaches nothing of this machine itself.
func outside() *http.Client {
	dialer := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if ip := to.Addr().Unmap(); ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() {
			return fmt.Errorf("%s is not an address that a check may call", ip)
		}
		return nil
	}}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
