package dataplane

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/proxytest"
)

// echoSocket is an upstream that upgrades and then sends every line back.
func echoSocket(t *testing.T) string {
	return proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, brw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = c.Close() }()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(c, brw)
	}))
}

// socket opens a WebSocket, or what a proxy takes for one, to blog.example.com.
func socket(t *testing.T, m *Main) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", m.Addr(80).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: blog.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v %v", res, err)
	}
	return c, in
}

func echo(t *testing.T, c net.Conn, in *bufio.Reader, line string) {
	t.Helper()
	_, _ = io.WriteString(c, line+"\n")
	if got, err := in.ReadString('\n'); err != nil || got != line+"\n" {
		t.Fatalf("echo of %q: %q, %v", line, got, err)
	}
}

func apply(t testing.TB, c proxy.Provider, r proxy.Routes) {
	t.Helper()
	if err := c.Apply(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}

func TestWebSocketLivesAcrossApplyUntilDrainEndsIt(t *testing.T) {
	m, c := start(t)
	old := echoSocket(t)
	apply(t, c, proxytest.Web("blog", "blog.example.com", old))
	conn, in := socket(t, m)
	echo(t, conn, in, "before")

	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "new")))
	for i := range 50 {
		apply(t, c, proxytest.Web("shop", "shop.example.com", fmt.Sprintf("172.17.0.%d:5000", i+1)))
	}
	echo(t, conn, in, "after")
	if n := m.plane.snapshot()[0].InFlight[old]; n != 1 {
		t.Errorf("%d requests in flight to the old upstream, want the WebSocket", n)
	}

	if err := c.Drain(context.Background(), "blog", []string{old}, 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(in)
	if !bytes.HasPrefix(rest, goingAway[:]) {
		t.Errorf("the end of the WebSocket: % x, %v, want close frame 1001", rest, err)
	}
	// A second Drain finds nothing.
	if err := c.Drain(context.Background(), "blog", []string{old}, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestEventStreamIsFlushedAtOnce(t *testing.T) {
	m, c := start(t)
	more := make(chan struct{})
	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			<-more
		}
	}))))
	res := send(t, m, http.MethodGet, nil)
	in := bufio.NewReader(res.Body)
	for i := range 3 { // each event must be here before the next is made
		if line, err := in.ReadString('\n'); err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("event %d: %q %v", i, line, err)
		}
		_, _ = in.ReadString('\n')
		more <- struct{}{}
	}
}

// send asks blog.example.com for /.
func send(t testing.TB, m *Main, method string, body io.Reader) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+m.Addr(80).String()+"/", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "blog.example.com"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// zeros is n bytes that are not in memory.
type zeros struct{ n int }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.n)
	clear(p[:n])
	z.n -= n
	return n, nil
}

func TestLargeBodiesStream(t *testing.T) {
	const size = 200 << 20
	m, c := start(t)
	first := make(chan struct{})
	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.Copy(w, &zeros{size})
			return
		}
		one := make([]byte, 1)
		_, _ = io.ReadFull(r.Body, one)
		close(first)
		sum := sha256.New()
		_, _ = sum.Write(one)
		n, _ := io.Copy(sum, r.Body)
		_, _ = fmt.Fprintf(w, "%d %x", n+1, sum.Sum(nil))
	}))))

	// The first byte reaches the app while the last is not sent yet.
	pr, pw := io.Pipe()
	go func() {
		_, _ = pw.Write(make([]byte, 1<<10))
		<-first
		_, _ = io.Copy(pw, &zeros{size - 1<<10})
		_ = pw.Close()
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res := send(t, m, http.MethodPost, pr)
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	_, _ = io.Copy(sum, &zeros{size})
	if want := fmt.Sprintf("%d %x", size, sum.Sum(nil)); string(got) != want {
		t.Errorf("the app got %s, want %s", got, want)
	}
	res = send(t, m, http.MethodGet, nil)
	if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
		t.Errorf("download: %d bytes, %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 40<<20 {
		t.Errorf("%d MB were allocated for bodies that should stream", grown>>20)
	}
}

func TestUploadThatIsCutOffReachesTheAppAsSuch(t *testing.T) {
	m, c := start(t)
	result := make(chan error, 1)
	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		result <- err
	}))))
	conn, err := net.Dial("tcp", m.Addr(80).String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: blog.example.com\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 50000))
	_ = conn.Close()
	if err := <-result; err == nil {
		t.Error("half an upload looked whole to the app")
	}
}

func TestRequestTargetArrivesAsSent(t *testing.T) {
	m, c := start(t)
	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RequestURI)
	}))))
	for _, target := range []string{"/a%2Fb//c/../d?x=1;y=%zz&&", "/%C3%A9/", "/?", "/a%20b+c", "/.well-known/x", "/*"} {
		conn, err := net.Dial("tcp", m.Addr(80).String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: blog.example.com\r\nConnection: close\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = conn.Close()
		if string(body) != target {
			t.Errorf("%s arrived as %s (%d)", target, body, res.StatusCode)
		}
	}
}

func TestOddRequestsAreAnsweredHere(t *testing.T) {
	m, c := start(t)
	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")))
	for ask, want := range map[string]int{
		"GET / HTTP/1.1\r\n\r\n":                                                        http.StatusBadRequest,
		"GET / HTTP/1.0\r\n\r\n":                                                        http.StatusNotFound,
		"GET / HTTP/1.0\r\nHost: blog.example.com\r\n\r\n":                              http.StatusOK,
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                                  http.StatusBadRequest,
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n":                                           http.StatusBadRequest,
		"CONNECT blog.example.com:80 HTTP/1.1\r\nHost: blog.example.com:80\r\n\r\n":     http.StatusMethodNotAllowed,
		"GET http://other.example.com/ HTTP/1.1\r\nHost: blog.example.com\r\n\r\n":      http.StatusNotFound,
		"POST / HTTP/1.1\r\nHost: blog.example.com\r\nContent-Length: -1\r\n\r\n":       http.StatusBadRequest,
		"GET / HTTP/1.1\r\nHost: blog.example.com\r\nTransfer-Encoding: cow\r\n\r\n":    http.StatusNotImplemented,
		"GET / HTTP/1.1\r\nHost: " + strings.Repeat("a.", 20000) + "com\r\n\r\n":        http.StatusNotFound,
		"GET / HTTP/1.1\r\nHost: blog.example.com\r\nX: " + strings.Repeat("a", 200000): http.StatusRequestHeaderFieldsTooLarge,
	} {
		conn, err := net.Dial("tcp", m.Addr(80).String())
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, ask) }()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%.60q: %v", ask, err)
		}
		_ = res.Body.Close()
		_ = conn.Close()
		if res.StatusCode != want {
			t.Errorf("%.60q: %d, want %d", ask, res.StatusCode, want)
		}
	}
}
