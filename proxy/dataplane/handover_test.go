package dataplane

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/client"
	"github.com/slipwayhq/slipway/proxy/control"
	"github.com/slipwayhq/slipway/proxy/proxytest"
)

const takeOver = takeOverVariable + "=1"

func clientOf(lib string) *client.Client {
	return client.New(client.Config{Routes: filepath.Join(lib, "data/proxy/routes"), Socket: filepath.Join(lib, "run/proxy.sock")})
}

// terminate ends a data plane as a supervisor does.
func terminate(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// TestReplacedUnderLoad replaces the process ten times. Half of the load connects anew
// for each request.
func TestReplacedUnderLoad(t *testing.T) {
	lib := t.TempDir()
	up := proxytest.Upstream(t, "blog")
	old, addr := spawn(t, lib)
	apply(t, clientOf(lib), proxytest.Web("blog", "blog.example.com", up))
	stop := hammerAt(t, addr, 4)
	stopNew := hammerNew(t, addr, 4)
	for range 10 {
		next, at := spawn(t, lib, takeOver)
		if at != addr {
			t.Fatalf("the next one listens on %s, want %s", at, addr)
		}
		terminate(t, old)
		old = next
	}
	kept, anew := stop(), stopNew()
	t.Logf("%d requests on connections that were kept, %d on new ones", kept, anew)
	if kept < 100 || anew < 100 {
		t.Error("this was no load")
	}
	terminate(t, old)
	if left, err := filepath.Glob(filepath.Join(lib, "run/*")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

// hammerNew is hammerAt with a connection for each request.
func hammerNew(t *testing.T, addr string, conns int) (stop func() int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	counts := make(chan int64)
	for range conns {
		go func() {
			c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			n := int64(0)
			for ctx.Err() == nil {
				if body, err := frontPage(&c, addr); err != nil || body != "blog" {
					t.Errorf("a request failed: %q %v", body, err)
					break
				}
				n++
			}
			counts <- n
		}()
	}
	return func() (sum int64) {
		cancel()
		for range conns {
			sum += <-counts
		}
		return sum
	}
}

// frontPage gets the front page of blog.example.com.
func frontPage(c *http.Client, addr string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		return "", err
	}
	req.Host = "blog.example.com"
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

// TestReplacedKnowsTheRoutes deploys and drains while the old process still has a
// request inside and a connection open.
func TestReplacedKnowsTheRoutes(t *testing.T) {
	lib, c := t.TempDir(), context.Background()
	old, addr := spawn(t, lib)
	routes := clientOf(lib)
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-release
		}
		_, _ = io.WriteString(w, "one")
	}))
	extra := freePort(t)
	one := proxytest.Web("blog", "blog.example.com", slow)
	one.Listeners = append(one.Listeners, proxy.Listener{Scheme: proxy.HTTP, Port: extra, Upstreams: []string{slow}})
	apply(t, routes, one)

	open := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	if body, err := frontPage(open, addr); body != "one" {
		t.Fatal(body, err)
	}
	got := make(chan string, 1)
	go func() {
		req, _ := http.NewRequest(http.MethodGet, "http://"+addr+"/slow", nil)
		req.Host = "blog.example.com"
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			got <- err.Error()
			return
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		got <- string(body)
	}()
	<-arrived

	next, _ := spawn(t, lib, takeOver)
	two := proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "two"))
	apply(t, routes, two)
	if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", extra)); err == nil {
		_ = conn.Close()
		t.Error("the port that the app gave up is still open")
	}
	if body, err := frontPage(open, addr); body != "two" { // on the old connection
		t.Errorf("the old process answers %q %v", body, err)
	}
	drained := make(chan error, 1)
	go func() { drained <- routes.Drain(c, "blog", []string{slow}, time.Minute) }()
	select {
	case err := <-drained:
		t.Errorf("drained with a request inside: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if s := <-got; s != "one" {
		t.Errorf("the slow request got %q", s)
	}
	terminate(t, old)
	apply(t, routes, one) // nobody is left to be told
	terminate(t, next)
}

// freePort is a port on which nothing listens.
func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().(*net.TCPAddr).Port
}

func TestSecondProxyIsRefused(t *testing.T) {
	lib := t.TempDir()
	old, addr := spawn(t, lib)
	apply(t, clientOf(lib), proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")))
	refused := func(takeOver bool, want string) {
		t.Helper()
		m := New(Config{Lib: lib, Listen: "127.0.0.1", TakeOver: takeOver})
		if err := m.Open(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open = %v, want %q", err, want)
		}
	}
	refused(false, "stop it first")
	next, _ := spawn(t, lib, takeOver)
	refused(true, "still finishes its requests; stop it first")
	for _, client := range []*http.Client{http.DefaultClient, {}} {
		if body, err := frontPage(client, addr); body != "blog" {
			t.Errorf("%q %v", body, err)
		}
	}
	terminate(t, old)
	terminate(t, next)
}

// TestFailedTakeOverChangesNothing has the new process fail after it has announced
// itself.
func TestFailedTakeOverChangesNothing(t *testing.T) {
	lib := t.TempDir()
	old, addr := spawn(t, lib)
	routes := clientOf(lib)
	apply(t, routes, proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")))
	m := New(Config{Lib: lib, Listen: "127.0.0.1", HTTPPort: heldPort(t), TakeOver: true})
	if err := m.Open(); err == nil || !strings.Contains(err.Error(), "cannot listen") {
		t.Fatalf("Open = %v", err)
	}
	for range 10 {
		if body, err := frontPage(&http.Client{}, addr); body != "blog" {
			t.Errorf("%q %v", body, err)
		}
	}
	if h, err := routes.Status(context.Background()); err != nil || h.Apps != 1 {
		t.Errorf("Status = %+v, %v", h, err)
	}
	next, at := spawn(t, lib, takeOver)
	if at != addr {
		t.Errorf("the next one listens on %s, want %s", at, addr)
	}
	terminate(t, old)
	terminate(t, next)
}

// heldPort is a port that another program has.
func heldPort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().(*net.TCPAddr).Port
}

// TestKilledSuccessorIsReplaced kills the new process while the old one still finishes.
func TestKilledSuccessorIsReplaced(t *testing.T) {
	lib := t.TempDir()
	old, _ := spawn(t, lib)
	apply(t, clientOf(lib), proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")))
	next, _ := spawn(t, lib, takeOver)
	_ = next.Process.Kill()
	_ = next.Wait() // "signal: killed"
	again, at := spawn(t, lib, takeOver)
	if body, err := frontPage(&http.Client{}, at); body != "blog" {
		t.Errorf("%q %v", body, err)
	}
	if _, err := os.Stat(filepath.Join(lib, "run/proxy.sock"+control.BeforeSuffix)); err != nil {
		t.Errorf("the old one cannot be told: %v", err)
	}
	terminate(t, old)
	terminate(t, again)
}
