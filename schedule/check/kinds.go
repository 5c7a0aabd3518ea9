package check

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// maxBody bounds how much of an answer is searched for the expected content, in bytes.
const maxBody = 4 << 20

// maxShown bounds how much of a failed command's output is shown, in bytes.
const maxShown = 8 << 10

// maxRedirects is Go's own bound (net/http, Client.CheckRedirect).
const maxRedirects = 10

func (t Target) address(port int) string {
	ip := t.IP
	if ip == "" {
		ip = "127.0.0.1"
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

// listening passes when the port accepts a connection.
func (r *runner) listening(ctx context.Context, t Target, p probe) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := r.dial(ctx, "tcp", t.address(p.Port))
	if err != nil {
		return err
	}
	return conn.Close()
}

// http passes when the answer is 2xx and has the expected content. A redirect is followed while it stays within the
// process; one that leads elsewhere (to HTTPS, to another host) shows that the app answers, and passes.
func (r *runner) http(ctx context.Context, t Target, p probe) error {
	scheme := strings.ToLower(p.Scheme)
	if scheme == "" {
		scheme = "http"
	}
	if scheme != "http" && scheme != "https" {
		return fmt.Errorf("the scheme %q of the check is neither http nor https", p.Scheme)
	}
	address := t.address(p.Port)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/"+strings.TrimPrefix(p.Path, "/"), nil)
	if err != nil {
		return fmt.Errorf("the path %q of the check is not valid: %w", p.Path, err)
	}
	t.setHeaders(request, p)
	response, err := r.client(scheme, address, request.Host).Do(request)
	if err != nil {
		return httpError(err, p)
	}
	defer response.Body.Close()
	elsewhere := response.StatusCode >= 300 && response.StatusCode < 400 && response.Header.Get("Location") != ""
	if (response.StatusCode < 200 || response.StatusCode > 299) && (!elsewhere || p.Content != "") {
		return fmt.Errorf("%s answered with status %d", p.Path, response.StatusCode)
	}
	if p.Content == "" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return httpError(err, p)
	}
	if !bytes.Contains(body, []byte(p.Content)) {
		return fmt.Errorf("the answer of %s does not contain %q", p.Path, p.Content)
	}
	return nil
}

func (t Target) setHeaders(request *http.Request, p probe) {
	request.Header.Set("Accept", "*/*")
	request.Header.Set("User-Agent", "slipway-healthcheck")
	if t.Host != "" {
		request.Host = t.Host
	}
	if t.TLS {
		request.Header.Set("X-Forwarded-Proto", "https")
	}
	for _, h := range p.HTTPHeaders {
		if strings.EqualFold(h.Name, "Host") {
			request.Host = h.Value
		} else {
			request.Header.Set(h.Name, h.Value)
		}
	}
}

// client reaches nothing but the one address, and never a proxy.
func (r *runner) client(scheme, address, host string) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				ctx, cancel := context.WithTimeout(ctx, dialTimeout)
				defer cancel()
				return r.dial(ctx, network, address)
			},
			// The container's certificate names the app's domain, or is its own.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: host},
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			within := next.URL.Scheme == scheme && (next.URL.Host == address || next.URL.Host == host)
			if !within || len(via) > maxRedirects {
				return http.ErrUseLastResponse
			}
			next.Host = via[0].Host
			return nil
		},
	}
}

func httpError(err error, p probe) error {
	switch {
	case isRefused(err):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer within %d s", p.Path, whole(p.timeout))
	}
	return fmt.Errorf("%s did not answer: %w", p.Path, err)
}

// commandError is a command check that failed, with what the command wrote.
type commandError struct {
	reason string
	output []byte
}

func (e *commandError) Error() string { return e.reason }

// command passes when the command exits with 0 in the container.
func (r *runner) command(ctx context.Context, t Target, p probe) error {
	argv, err := r.inImage(ctx, t, p.Command)
	if err != nil {
		return err
	}
	output := &tail{max: maxShown}
	code, err := r.engine.Exec(ctx, t.ContainerID, docker.ExecOptions{Cmd: argv}, nil, output, output)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &commandError{fmt.Sprintf("the command did not end within %d s", whole(p.timeout)), output.data}
	case err != nil:
		return fmt.Errorf("the command could not be run: %w", err)
	case code != 0:
		return &commandError{fmt.Sprintf("the command exited with code %d", code), output.data}
	}
	return nil
}

// inImage is a command as the container's image runs it: by /exec in one of
// herokuish, so that it finds what buildpacks put into the PATH.
func (r *runner) inImage(ctx context.Context, t Target, argv []string) ([]string, error) {
	c, err := r.engine.Inspect(ctx, t.ContainerID)
	if err != nil {
		return nil, fmt.Errorf("the command could not be run: %w", err)
	}
	env := map[string]string{}
	for _, entry := range c.Env {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return build.KindOf(docker.Image{Env: c.Env, Labels: c.Labels}, env).Exec(argv), nil
}

// showOutput shows what a failed command wrote.
func showOutput(err error, out *command.Output) {
	var failed *commandError
	if !errors.As(err, &failed) || len(bytes.TrimSpace(failed.output)) == 0 {
		return
	}
	out.Title("Start healthcheck output")
	lines := out.Indented()
	_, _ = lines.Write(failed.output) // never fails
	lines.Close()
	out.Title("End healthcheck output")
}

// tail keeps the last bytes written to it.
type tail struct {
	max  int
	data []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.data = append(w.data, p...)
	if extra := len(w.data) - w.max; extra > 0 {
		w.data = append(w.data[:0], w.data[extra:]...)
	}
	return len(p), nil
}

// uptime passes when the container has run for the time without a restart. That it exits is seen by watchExit.
func (r *runner) uptime(ctx context.Context, t Target, began time.Time, p probe) error {
	if err := sleepUntil(ctx, began.Add(p.uptime)); err != nil {
		return err
	}
	container, err := r.engine.Inspect(ctx, t.ContainerID)
	switch {
	case err != nil:
		return err
	case !container.Running():
		return fmt.Errorf("the container is %s, exit code %d", container.State, container.ExitCode)
	case container.RestartCount > 0:
		return fmt.Errorf("the container has restarted %d times", container.RestartCount)
	}
	return nil
}
