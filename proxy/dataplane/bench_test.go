package dataplane

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/client"
	"github.com/slipwayhq/slipway/proxy/proxytest"
)

// BenchmarkRouteChange is one Apply with 1,000 apps, from the control plane's call to
// the route in effect, with its fsyncs. Budget: 5 ms.
func BenchmarkRouteChange(b *testing.B) {
	_, c := start(b)
	fill(b, c, 1000)
	for i := 0; b.Loop(); i++ {
		r := proxytest.Web("app-500", "app-500.example.com", fmt.Sprintf("172.17.0.%d:5000", i%250+1))
		if err := c.Apply(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSwap is the part of it that the data plane does, without files.
func BenchmarkSwap(b *testing.B) {
	m, c := start(b)
	fill(b, c, 1000)
	for b.Loop() {
		s := m.plane.sites["app-500"]
		m.plane.table.Store(m.plane.table.Load().with(s, s))
	}
}

func fill(b *testing.B, c *client.Client, apps int) {
	b.Helper()
	for i := range apps {
		app := fmt.Sprintf("app-%d", i)
		if err := c.Apply(context.Background(), proxytest.Web(app, app+".example.com", "172.17.0.2:5000")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkThroughput is the data plane with 1,000 apps against Go's bare ReverseProxy,
// in turns of half a second in one run, over 32 connections. Budget: 0.9 of it. The
// second peer is the same with a pool of buffers, which ReverseProxy has only when it is
// given one.
//
// "lean" has a generator and an upstream that cost almost nothing, so that nearly all of
// the time is the proxy's: the hardest comparison there is. "app" has an upstream on
// net/http that answers 10 kB, which is what a small app does.
func BenchmarkThroughput(b *testing.B) {
	b.Run("lean", func(b *testing.B) { compare(b, leanUpstream(b)) })
	b.Run("app", func(b *testing.B) {
		page := strings.Repeat("0123456789", 1024)
		compare(b, proxytest.Serve(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", "10240")
			_, _ = io.WriteString(w, page)
		})))
	})
}

func compare(b *testing.B, upstream string) {
	m, c := start(b)
	fill(b, c, 1000)
	if err := c.Apply(context.Background(), proxy.Routes{
		App: "bench", Hosts: []string{"bench.example.com"},
		Listeners: []proxy.Listener{{Scheme: proxy.HTTP, Port: 80, Upstreams: []string{upstream}}},
	}); err != nil {
		b.Fatal(err)
	}
	target := &url.URL{Scheme: "http", Host: upstream}
	bare := func(pool httputil.BufferPool) string {
		transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256}
		s := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(target)
				r.Out.Host = r.In.Host
				r.SetXForwarded()
			},
			Transport:  transport,
			BufferPool: pool,
		})
		b.Cleanup(func() {
			s.Close()
			transport.CloseIdleConnections()
		})
		return s.Listener.Addr().String()
	}
	runs := []*run{
		{name: "slipway", addr: m.Addr(80).String()},
		{name: "bare", addr: bare(nil)},
		{name: "pooled", addr: bare(new(buffers))},
	}
	for b.Loop() {
		for i := range 6 { // each is first, second and last in turn
			for j := range runs {
				runs[(i+j)%len(runs)].load(b, 32, 500*time.Millisecond)
			}
		}
	}
	for _, r := range runs {
		b.ReportMetric(r.rate(), r.name+"-req/s")
		b.ReportMetric(p99(r.took).Seconds()*1e3, r.name+"-p99-ms")
	}
	b.ReportMetric(runs[0].rate()/runs[1].rate(), "of-bare")
	b.ReportMetric(runs[0].rate()/runs[2].rate(), "of-pooled")
	b.ReportMetric(0, "ns/op")
}

// buffers is the BufferPool that a careful user gives ReverseProxy.
type buffers struct{ pool sync.Pool }

func (p *buffers) Get() []byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

func (p *buffers) Put(b []byte) { p.pool.Put(&b) }

// A run is what one proxy has done so far.
type run struct {
	name, addr string
	took       []time.Duration
	time       time.Duration
}

func (r *run) rate() float64 { return float64(len(r.took)) / r.time.Seconds() }

func p99(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)*99/100]
}

// load asks r over a number of connections for a while.
func (r *run) load(b *testing.B, conns int, d time.Duration) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	start := time.Now()
	for range conns {
		wg.Go(func() {
			took, err := drive(r.addr, start.Add(d))
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			r.took = append(r.took, took...)
		})
	}
	wg.Wait()
	r.time += time.Since(start)
}

// request is what a browser sends, more or less.
const request = "GET /some/path?query=1 HTTP/1.1\r\nHost: bench.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef\r\n\r\n"

func drive(addr string, until time.Time) ([]time.Duration, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	in := bufio.NewReaderSize(c, 16<<10)
	var took []time.Duration
	for now := time.Now(); now.Before(until); {
		if _, err := io.WriteString(c, request); err != nil {
			return took, err
		}
		if err := readAnswer(in); err != nil {
			return took, err
		}
		then := time.Now()
		took = append(took, then.Sub(now))
		now = then
	}
	return took, nil
}

// readAnswer reads one response that has a Content-Length.
func readAnswer(in *bufio.Reader) error {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && string(line[9:12]) != "200" {
			return fmt.Errorf("answer %q", line)
		}
		if len(line) == 2 {
			_, err := in.Discard(length)
			return err
		}
		if len(line) > 16 && strings.EqualFold(string(line[:16]), "Content-Length: ") {
			for _, c := range line[16 : len(line)-2] {
				length = length*10 + int(c-'0')
			}
		}
	}
}

// leanUpstream answers every request with the same bytes.
func leanUpstream(b *testing.B) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ln.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Sat, 21 Nov 2026 08:00:00 GMT\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("x", 1024))
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				in := bufio.NewReader(c)
				for {
					line, err := in.ReadSlice('\n')
					if err != nil {
						return
					}
					if len(line) == 2 {
						if _, err := c.Write(answer); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return ln.Addr().String()
}
