package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/sdk/signing"
	"github.com/slipwayhq/slipway/sdk/wire"
)

// Web is a plugin that is reached over HTTP. Each message of ours is the body of a POST; what the plugin says during a call
// is the body of the answer, a message on each line, the last of them the response.
type Web struct {
	cfg    Config
	target func() (Target, error)
	client *http.Client
}

// Target is where a plugin is reached, and what proves that it is us.
type Target struct {
	URL    string
	Auth   string // hmac, bearer or none
	Secret string
}

// attempts is how often a request is sent that the plugin did not get, or that may be repeated.
const attempts = 4

// retryDelay is the pause before the second attempt; it doubles each time.
const retryDelay = 200 * time.Millisecond

// NewWeb is the plugin at target, which is asked before each request.
func NewWeb(cfg Config, target func() (Target, error)) *Web {
	cfg.Log = cfg.Log.With("plugin", cfg.Name)
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}
	return &Web{cfg: cfg, target: target, client: &http.Client{
		Transport: transport,
		// A redirection would carry what only the plugin may see to where nobody said.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close implements Peer.
func (w *Web) Close() { w.client.CloseIdleConnections() }

// Registration implements Peer.
func (w *Web) Registration(ctx context.Context) (wire.Registration, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	m, err := w.request(wire.Initialize, wire.Hello{Protocol: wire.Protocol, Slipway: w.cfg.Slipway, Plugin: w.cfg.Name})
	if err != nil {
		return wire.Registration{}, err
	}
	body, err := w.post(ctx, m, true)
	if err != nil {
		return wire.Registration{}, w.unreachable(err)
	}
	defer body.Close()
	r, err := awaitResponse(wire.NewReader(body), m.ID, func(wire.Message) error {
		return errors.New("it says something else before it answers initialize")
	})
	if err != nil {
		return wire.Registration{}, w.unreachable(err)
	}
	registration, err := registrationOf(r)
	if err != nil {
		return registration, w.unreachable(err)
	}
	if w.cfg.Registered != nil {
		w.cfg.Registered(registration)
	}
	return registration, nil
}

// unreachable names the plugin in an error of its connection.
func (w *Web) unreachable(err error) error {
	if errors.As(err, new(*command.Error)) || errors.Is(err, context.Canceled) {
		return err
	}
	return command.Fail("The plugin %s cannot be reached: %w", w.cfg.Name, err)
}

func (w *Web) request(method string, params any) (wire.Message, error) {
	// No number: another Slipway may call the same server.
	return wire.New(json.RawMessage(strconv.Quote(rand.Text())), method, params)
}

// awaitResponse reads until the response to the request id.
func awaitResponse(r *wire.Reader, id json.RawMessage, other func(wire.Message) error) (wire.Message, error) {
	for {
		m, err := r.Read()
		if errors.Is(err, io.EOF) {
			return m, errGone
		}
		if err != nil {
			return m, err
		}
		if m.IsResponse() && bytes.Equal(m.ID, id) {
			return m, nil
		}
		if m.Method == "" {
			return m, fmt.Errorf("it answers the request %s, which is not the one under way", m.ID)
		}
		if err := other(m); err != nil {
			return m, err
		}
	}
}

// Call implements Peer.
func (w *Web) Call(ctx context.Context, call wire.Call, caller Caller) error {
	m, err := w.request(wire.Invoke, call)
	if err != nil {
		return err
	}
	said := false // anything during the call: after that it cannot be begun again
	for n := 1; ; n++ {
		err = w.once(ctx, m, caller, &said)
		if err == nil || !again(err, caller.Idempotent && !said) || n == attempts {
			break
		}
		select {
		case <-time.After(retryDelay << (n - 1)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if errors.Is(err, errGone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return command.Fail("The plugin %s ended in the middle of %s: it closed the connection without an answer", w.cfg.Name, call.Name)
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	var exit command.Exit
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return w.unreachable(err)
}

// again tells whether a call that failed so may be tried again.
func again(err error, idempotent bool) bool {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return true // the plugin knows nothing of it
	}
	var status statusError
	if errors.As(err, &status) {
		return idempotent && status.passing()
	}
	return idempotent && !errors.As(err, new(*command.Error)) && !errors.As(err, new(command.Exit)) && !errors.Is(err, context.Canceled)
}

// once makes one attempt at a call.
func (w *Web) once(ctx context.Context, m wire.Message, caller Caller, said *bool) error {
	// The request outlives ctx for a while: the plugin may end the call by itself.
	open, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		cancelled, done := context.WithTimeout(open, grace)
		defer done()
		if n, err := wire.New(nil, wire.Cancel, wire.CallID{Call: m.ID}); err == nil {
			w.tell(cancelled, n)
		}
		select {
		case <-over:
		case <-cancelled.Done():
			abort()
		}
	}()
	body, err := w.post(open, m, false)
	if err != nil {
		return err
	}
	defer body.Close()
	s := newSession(ctx, caller, w.cfg.Log, func(answer wire.Message) error {
		w.tell(open, answer)
		return nil
	})
	defer s.finish()
	r, err := awaitResponse(wire.NewReader(body), m.ID, func(m wire.Message) error {
		*said = true
		return s.handle(m)
	})
	if err != nil {
		return err
	}
	s.out.close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ended(r)
}

// tell posts a message to which there is no answer: one of ours, or a notification.
func (w *Web) tell(ctx context.Context, m wire.Message) {
	body, err := w.post(ctx, m, true)
	if err != nil {
		if ctx.Err() == nil {
			w.cfg.Log.Warn("a plugin cannot be told something", "method", m.Method, "err", err)
		}
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 1<<20))
	_ = body.Close()
}

// statusError is an answer that is none of the protocol.
type statusError struct{ code int }

func (e statusError) Error() string {
	return fmt.Sprintf("it answers with status %d %s", e.code, http.StatusText(e.code))
}

// passing tells whether it may be gone the next time.
func (e statusError) passing() bool {
	switch e.code {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return true
	}
	return false
}

// post sends one message; repeat allows to try again by itself.
func (w *Web) post(ctx context.Context, m wire.Message, repeat bool) (io.ReadCloser, error) {
	for n := 1; ; n++ {
		body, err := w.postOnce(ctx, m)
		if err == nil || !repeat || n == attempts || !again(err, true) {
			return body, err
		}
		select {
		case <-time.After(retryDelay << (n - 1)):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (w *Web) postOnce(ctx context.Context, m wire.Message) (io.ReadCloser, error) {
	target, err := w.target()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := wire.Write(&b, m); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.URL, bytes.NewReader(b.Bytes()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "slipway/"+w.cfg.Slipway)
	switch target.Auth {
	case "hmac":
		signing.Sign(req.Header, target.Secret, b.Bytes(), time.Now())
	case "bearer":
		req.Header.Set("Authorization", "Bearer "+target.Secret)
	}
	answer, err := w.client.Do(req)
	if err != nil {
		return nil, plainly(err)
	}
	if answer.StatusCode/100 != 2 {
		_ = answer.Body.Close()
		return nil, statusError{answer.StatusCode}
	}
	return answer.Body, nil
}

// plainly is an error of the HTTP client without the method and the URL, in which there may be a secret.
func plainly(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
