package e2e

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// do sends one request to a host through the proxy.
func (in *installation) do(t testing.TB, method, host, path string, body io.Reader, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d%s", in.httpPort, path), body)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	for n := 0; n < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// webSocket opens a WebSocket to the test app.
func (in *installation) webSocket(t testing.TB, host string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.httpPort))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", host)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v %v", resp, err)
	}
	return c, r
}

// zeros is so many bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTraffic(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "blog")
	r.commit(t, "one")
	if err := run(r.push()); err != nil {
		t.Fatal(err)
	}
	r.body(t, "one")

	t.Run("websocket", func(t *testing.T) {
		c, answers := in.webSocket(t, r.host())
		for n := range 3 {
			line := fmt.Sprintf("line %d\n", n)
			io.WriteString(c, line)
			if got, err := answers.ReadString('\n'); err != nil || got != line {
				t.Fatalf("echo %q %v", got, err)
			}
			if n == 1 { // it lives on while routes change
				if err := in.dokku("domains:add", "blog", "ws.example.com"); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	t.Run("events", func(t *testing.T) {
		resp := in.do(t, "GET", r.host(), "/sse", nil)
		lines := bufio.NewReader(resp.Body)
		start := time.Now()
		for n := range 3 {
			if got, err := lines.ReadString('\n'); err != nil || got != fmt.Sprintf("data: %d\n", n) {
				t.Fatalf("event %q %v", got, err)
			}
			_, _ = lines.ReadString('\n')
			if n == 0 && time.Since(start) > 40*time.Millisecond {
				t.Error("events are held back")
			}
		}
	})
	t.Run("upload", func(t *testing.T) {
		const size = 256 << 20
		resp := in.do(t, "POST", r.host(), "/upload", zeros(size))
		got, _ := io.ReadAll(resp.Body)
		sum := sha256.New()
		io.Copy(sum, zeros(size))
		if want := fmt.Sprintf("%d %x <nil>", size, sum.Sum(nil)); string(got) != want {
			t.Errorf("the app got %s, want %s", got, want)
		}
	})
	t.Run("download", func(t *testing.T) {
		const size = 256 << 20
		resp := in.do(t, "GET", r.host(), fmt.Sprintf("/download?n=%d", size), nil)
		if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
	t.Run("headers", func(t *testing.T) {
		resp := in.do(t, "GET", r.host(), "/headers", nil, "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https", "X-Real-Ip", "1.2.3.4")
		var seen struct {
			Host    string
			Headers http.Header
		}
		if err := json.NewDecoder(resp.Body).Decode(&seen); err != nil {
			t.Fatal(err)
		}
		h := seen.Headers
		if seen.Host != r.host() || h.Get("X-Forwarded-For") != "127.0.0.1" || h.Get("X-Forwarded-Proto") != "http" || h.Get("X-Forwarded-Host") != r.host() || h.Get("X-Forwarded-Port") != fmt.Sprint(in.httpPort) || h.Get("X-Real-Ip") == "1.2.3.4" {
			t.Errorf("the app sees %+v", seen)
		}
	})
	t.Run("request in flight", func(t *testing.T) {
		answered := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			status, body, err := in.get(ctx, r.host(), "/slow?ms=2500")
			if err == nil && (status != 200 || body != "one\n") {
				err = fmt.Errorf("%d %q", status, body)
			}
			answered <- err
		}()
		time.Sleep(50 * time.Millisecond) // the request is on its way
		r.commit(t, "two")
		if err := run(r.push()); err != nil {
			t.Fatal(err)
		}
		r.body(t, "two")
		if err := <-answered; err != nil {
			t.Errorf("a request in flight at the old release: %v", err)
		}
	})
	t.Run("crash of a container", func(t *testing.T) {
		_, _, _ = in.get(t.Context(), r.host(), "/crash") // it dies before it answers
		r.body(t, "two")
	})
}

// Whatever is done to a running app under load, no request fails.
func TestNoRequestFails(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "blog")
	r.commit(t, "0")
	if err := errors.Join(run(r.push()), in.dokku("ps:scale", "blog", "web=2")); err != nil {
		t.Fatal(err)
	}
	r.body(t, "0")
	l := in.startLoad(r.host(), "/", "0")
	defer l.stop()
	for n := 1; n <= 5; n++ {
		next := fmt.Sprint(n)
		r.commit(t, next)
		l.want(fmt.Sprint(n-1), next)
		if err := run(r.push()); err != nil {
			t.Fatal(err)
		}
		r.body(t, next)
		l.check(t)
	}
	for _, line := range []string{
		"config:set blog A=1", "config:unset blog A", "ps:scale blog web=4", "ps:scale blog web=1", "ps:scale blog web=3", "ps:restart blog",
		"domains:add blog www.example.com", "domains:remove blog www.example.com", "proxy:build-config blog", "ps:rebuild blog",
	} {
		if err := in.dokku(strings.Fields(line)...); err != nil {
			t.Error(err)
		}
		l.check(t)
	}
	l.want("5", "4")
	if err := in.dokku("releases:rollback", "blog", "5"); err != nil {
		t.Error(err)
	}
	r.body(t, "4", "5")
	if err := in.awaitRunning("blog", "web", 3); err != nil {
		t.Error(err)
	}
	if err := in.tidy("blog"); err != nil {
		t.Error(err)
	}
	l.check(t)
}
