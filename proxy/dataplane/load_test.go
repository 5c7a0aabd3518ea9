package dataplane

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/proxy/proxytest"
)

// hammer asks blog.example.com without pause over conns connections until stop is
// called, which returns how many answers there were. Any failure fails the test.
func hammer(t *testing.T, m *Main, conns int) (stop func() int64) {
	t.Helper()
	return hammerAt(t, m.Addr(80).String(), conns)
}

// hammerAt is hammer for the data plane of any process. It connects again where an
// answer asks for that.
func hammerAt(t *testing.T, addr string, conns int) (stop func() int64) {
	t.Helper()
	var (
		n    atomic.Int64
		wg   sync.WaitGroup
		done = make(chan struct{})
	)
	for i := range conns {
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }() // the one that is open by then
			in := bufio.NewReader(c)
			for {
				select {
				case <-done:
					return
				default:
				}
				ask := "GET / HTTP/1.1\r\nHost: blog.example.com\r\n\r\n"
				if i%4 == 0 {
					ask = "POST / HTTP/1.1\r\nHost: blog.example.com\r\nContent-Length: 5\r\n\r\nhello"
				}
				_, _ = io.WriteString(c, ask)
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Errorf("a request failed: %v", err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("a request failed: %d %v", res.StatusCode, err)
					return
				}
				n.Add(1)
				if !res.Close {
					continue
				}
				_ = c.Close() // as we were told
				if c, err = net.Dial("tcp", addr); err != nil {
					t.Error(err)
					return
				}
				in.Reset(c)
			}
		})
	}
	return func() int64 {
		close(done)
		wg.Wait()
		return n.Load()
	}
}

// TestDeploysUnderLoad switches an app 200 times to a new container, drains the old
// one, and stops it at once, with a request inside counted as a failure of Drain.
func TestDeploysUnderLoad(t *testing.T) {
	m, c := start(t)
	type container struct {
		*httptest.Server
		inside atomic.Int64
	}
	run := func() *container {
		k := new(container)
		k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			k.inside.Add(1)
			defer k.inside.Add(-1)
			_, _ = io.Copy(w, r.Body)
			_, _ = io.WriteString(w, "ok")
		}))
		return k
	}
	addr := func(k *container) string { return k.Listener.Addr().String() }

	old := run()
	apply(t, c, proxytest.Web("blog", "blog.example.com", addr(old)))
	stop := hammer(t, m, 8)
	for range 200 {
		next := run()
		apply(t, c, proxytest.Web("blog", "blog.example.com", addr(next)))
		if err := c.Drain(context.Background(), "blog", []string{addr(old)}, time.Minute); err != nil {
			t.Fatal(err)
		}
		if n := old.inside.Load(); n != 0 {
			t.Errorf("%d requests in a container that was drained", n)
		}
		old.CloseClientConnections() // as a container that is killed does
		old.Close()
		old = next
	}
	n := stop()
	old.Close()
	t.Logf("%d requests", n)
	if n < 200 {
		t.Errorf("only %d requests: this was no load", n)
	}
	for _, app := range m.plane.snapshot() {
		if len(app.InFlight) != 1 || app.InFlight[addr(old)] != 0 {
			t.Errorf("counters are left over: %v", app.InFlight)
		}
	}
}

func TestOtherAppsChangeUnderLoad(t *testing.T) {
	m, c := start(t)
	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")))
	stop := hammer(t, m, 4)
	for i := range 100 {
		app := fmt.Sprintf("app-%d", i%10)
		r := proxytest.Web(app, app+".example.com", "172.17.0.2:5000")
		apply(t, c, r)
		if err := c.Remove(context.Background(), app); err != nil {
			t.Fatal(err)
		}
	}
	if stop() == 0 {
		t.Error("no requests: this was no load")
	}
}

// TestStopFinishesRequests stops the data plane with a request inside.
func TestStopFinishesRequests(t *testing.T) {
	lib := t.TempDir()
	m := New(Config{Lib: lib, Listen: "127.0.0.1", Log: slog.New(slog.DiscardHandler)})
	arrived, release := make(chan struct{}), make(chan struct{})
	up := proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		_, _ = io.WriteString(w, "whole")
	}))
	if err := m.plane.dir.Store(proxytest.Web("blog", "blog.example.com", up)); err != nil {
		t.Fatal(err)
	}
	if err := m.Open(); err != nil {
		t.Fatal(err)
	}
	addr := m.Addr(80).String()
	got := make(chan string, 1)
	go func() {
		body, err := io.ReadAll(send(t, m, http.MethodGet, nil).Body)
		got <- fmt.Sprint(string(body), err)
	}()
	<-arrived
	closed := make(chan error, 1)
	go func() { closed <- m.Close() }()
	for { // until it accepts no more
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		_ = c.Close()
	}
	select {
	case <-closed:
		t.Error("the data plane was gone before its last request")
	default:
	}
	close(release)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if s := <-got; s != "whole<nil>" {
		t.Errorf("the last request got %s", s)
	}
}
