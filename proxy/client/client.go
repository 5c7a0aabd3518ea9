// Package client is the control plane's side of Slipway's own data plane. [Client] is
// a proxy.Provider: it writes the routes of an app to disk, from where the data plane
// can start at any time, and then tells the running data plane to read them.
//
//	c := client.New(client.Config{Routes: lib + "/data/proxy/routes", Socket: lib + "/run/proxy.sock"})
//	err := c.Apply(ctx, routes)
//	health, err := c.Status(ctx) // ErrDown: the data plane does not run
//
// While the data plane is down, Apply and Remove succeed: the file is enough, and the
// data plane will start from it. Callers that want to tell their user ask Status.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/control"
	"github.com/slipwayhq/slipway/proxy/route"
)

// ErrDown says that the data plane does not run.
var ErrDown = errors.New("the proxy is not running; start it with 'slipwayd proxy'")

// Config says where the data plane is.
type Config struct {
	Routes string // folder of route files: $LIB/data/proxy/routes
	Socket string // control socket: $LIB/run/proxy.sock
}

// Client talks to the data plane. It may be used from several goroutines.
type Client struct {
	dir  route.Dir
	http *http.Client

	// mu makes "write, ask, take back when refused" one step. Two apps that claim
	// one host at the same time are told apart by it also while the proxy is down.
	mu sync.Mutex
}

var _ proxy.Provider = (*Client)(nil)

// New returns a Client. It does not connect.
func New(cfg Config) *Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", cfg.Socket)
		},
		// A connection for each call: one that breaks then belongs to a data plane
		// that died after our file was written, so the next one reads it.
		DisableKeepAlives: true,
	}
	return &Client{dir: route.Dir(cfg.Routes), http: &http.Client{Transport: transport}}
}

// Apply implements proxy.Provider.
func (c *Client) Apply(ctx context.Context, r proxy.Routes) error {
	if err := r.Validate(); err != nil {
		return err
	}
	ctx, cancel, err := whole(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()

	old, err := c.dir.Load(r.App)
	var invalid *proxy.InvalidError
	existed := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &invalid) {
		return err // a broken file is replaced, an unreadable one is not
	}
	if err := c.dir.Store(r); err != nil {
		return err
	}
	err = c.call(ctx, http.MethodPost, "/apply?app="+url.QueryEscape(r.App), nil, nil)
	if errors.Is(err, ErrDown) {
		err = conflict(c.dir, r)
	}
	if err == nil {
		return nil
	}
	undo := func() error { return c.dir.Delete(r.App) }
	if existed {
		undo = func() error { return c.dir.Store(old) }
	}
	if undoErr := undo(); undoErr != nil {
		return errors.Join(err, undoErr)
	}
	return err
}

// Remove implements proxy.Provider.
func (c *Client) Remove(ctx context.Context, app string) error {
	ctx, cancel, err := whole(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.dir.Delete(app); err != nil {
		return err
	}
	return unlessDown(c.call(ctx, http.MethodPost, "/remove?app="+url.QueryEscape(app), nil, nil))
}

// Drain implements proxy.Provider. When the data plane does not run, nothing is in
// flight.
func (c *Client) Drain(ctx context.Context, app string, upstreams []string, timeout time.Duration) error {
	body := control.Drain{Upstreams: upstreams, Timeout: timeout}
	return unlessDown(c.call(ctx, http.MethodPost, "/drain?app="+url.QueryEscape(app), body, nil))
}

// Status asks the data plane how it is. The error is ErrDown when it does not run.
func (c *Client) Status(ctx context.Context) (control.Health, error) {
	var h control.Health
	err := c.call(ctx, http.MethodGet, "/healthz", nil, &h)
	return h, err
}

// Table returns what the data plane serves now, sorted by app, or ErrDown.
func (c *Client) Table(ctx context.Context) ([]control.App, error) {
	var apps []control.App
	err := c.call(ctx, http.MethodGet, "/table", nil, &apps)
	return apps, err
}

// whole returns a context for a change that must not stop between file and table: it
// ends after a time in which any change is done, not when ctx does.
func whole(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	return ctx, cancel, nil
}

func unlessDown(err error) error {
	if errors.Is(err, ErrDown) {
		return nil
	}
	return err
}

// call sends one request. A data plane that cannot be reached, or that goes away
// before it answers, is ErrDown: it reads the files when it comes back.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("cannot ask the proxy: %w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://proxy"+path, body)
	if err != nil {
		return fmt.Errorf("cannot ask the proxy: %w", err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end below
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	if res.StatusCode >= 300 {
		var p control.Problem
		if err := json.Unmarshal(data, &p); err != nil {
			return fmt.Errorf("the proxy answered %s: %s", res.Status, data)
		}
		return p.Err()
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("cannot read the proxy's answer: %w", err)
	}
	return nil
}

func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("cannot ask the proxy: %w", err)
	}
	return fmt.Errorf("%w (%w)", ErrDown, err)
}
