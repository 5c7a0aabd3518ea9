package dataplane

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/proxytest"
	"github.com/slipwayhq/slipway/proxy/route"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Caddy and its libraries keep these for the life of a process.
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*Cache).maintainAssets"),
		// The suite's clients.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}

func store(t testing.TB, lib string, routes ...proxy.Routes) {
	t.Helper()
	for _, r := range routes {
		if err := route.Dir(filepath.Join(lib, "data/proxy/routes")).Store(r); err != nil {
			t.Fatal(err)
		}
	}
}

func ask(t testing.TB, m *Main, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+m.Addr(80).String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestRestartServesFromDiskAlone(t *testing.T) {
	lib := t.TempDir()
	store(t, lib, proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")))
	for range 2 {
		m := open(t, lib)
		if status, body := ask(t, m, "blog.example.com"); status != http.StatusOK || body != "blog" {
			t.Errorf("after a start: %d %q", status, body)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBrokenRouteFilesArePassedOver(t *testing.T) {
	lib := t.TempDir()
	dir := filepath.Join(lib, "data/proxy/routes")
	store(t, lib,
		proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")),
		proxytest.Web("thief", "blog.example.com", proxytest.Upstream(t, "thief")))
	for name, content := range map[string]string{
		"half.json": `{"app":"half","hosts":["half.exa`, "empty.json": "", "other.json": `{"app":"shop"}`,
		"evil.json": `{"app":"evil","hosts":["../x"]}`, ".blog.json.123": "left behind", "notes.txt": "", "UP.json": "{}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	m := New(Config{Lib: lib, Listen: "127.0.0.1", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := m.Open(); err != nil {
		t.Fatal(err)
	}
	if status, body := ask(t, m, "blog.example.com"); status != http.StatusOK || body != "blog" {
		t.Errorf("among broken files: %d %q", status, body)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	for _, app := range []string{"half", "empty", "other", "evil", "thief"} {
		if !strings.Contains(log.String(), "app="+app+" ") {
			t.Errorf("nothing is logged of %s:\n%s", app, log.String())
		}
	}
}

func TestStartWithThousandAppsIsQuick(t *testing.T) {
	lib := t.TempDir()
	dir := filepath.Join(lib, "data/proxy/routes")
	store(t, lib, proxytest.Web("app-0", "app-0.example.com", proxytest.Upstream(t, "zero")))
	for i := 1; i < 1000; i++ { // written without fsync, to keep the test quick
		data := fmt.Sprintf(`{"app":"app-%d","hosts":["app-%d.example.com"],"listeners":[{"scheme":"http","port":80,"upstreams":["172.17.0.2:5000"]}]}`, i, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("app-%d.json", i)), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	m := open(t, lib)
	took := time.Since(begin)
	if status, body := ask(t, m, "app-0.example.com"); status != http.StatusOK || body != "zero" {
		t.Errorf("with 1,000 apps: %d %q", status, body)
	}
	if n := m.plane.size(); n != 1000 {
		t.Errorf("%d apps are served, want 1000", n)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("started in %s", took)
	if took > 3*time.Second { // 50 ms on an idle machine
		t.Errorf("the start took %s", took)
	}
}

func TestPortInUseAtStart(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	port := ln.Addr().(*net.TCPAddr).Port
	m := New(Config{Lib: t.TempDir(), Listen: "127.0.0.1", HTTPPort: port, Log: slog.New(slog.DiscardHandler)})
	want := fmt.Sprintf("the proxy cannot listen on port %d: another program, or another port of this proxy, has it", port)
	if err := m.Open(); err == nil || err.Error() != want {
		t.Errorf("Open = %v, want %s", err, want)
	}
}

func TestPortOfOneAppInUseAtStartLeavesTheOthers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	lib := t.TempDir()
	r := proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog"))
	port := ln.Addr().(*net.TCPAddr).Port
	r.Listeners = append(r.Listeners, proxy.Listener{Scheme: proxy.HTTP, Port: port, Upstreams: r.Listeners[0].Upstreams})
	store(t, lib, r)
	m := open(t, lib)
	defer func() { _ = m.Close() }()
	if status, _ := ask(t, m, "blog.example.com"); status != http.StatusOK {
		t.Errorf("port 80 with another in use: %d", status)
	}
	_ = ln.Close()
	if err := m.plane.apply("blog"); err != nil { // once it is free, the next change opens it
		t.Fatal(err)
	}
	if m.Addr(port) == nil {
		t.Errorf("port %d is still closed", port)
	}
}

func TestControlSocketIsPrivateAndOwned(t *testing.T) {
	lib := t.TempDir()
	m := open(t, lib)
	path := filepath.Join(lib, "run/proxy.sock")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("control socket: %v %v, want mode 0600", info.Mode(), err)
	}
	second := New(Config{Lib: lib, Listen: "127.0.0.1", Log: slog.New(slog.DiscardHandler)})
	if err := second.Open(); err == nil || !strings.Contains(err.Error(), "another proxy has") {
		t.Errorf("a second proxy on the same socket: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the second proxy took the socket away: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
	// What a killed proxy leaves behind is replaced.
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	_ = ln.Close()
	m = open(t, lib)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestStatusAndTable(t *testing.T) {
	_, c := start(t)
	r := proxytest.Web("blog", "blog.example.com", "172.17.0.2:5000")
	apply(t, c, r)
	health, err := c.Status(context.Background())
	if err != nil || health.Apps != 1 || health.Version != "test" {
		t.Errorf("Status = %+v, %v", health, err)
	}
	apps, err := c.Table(context.Background())
	if err != nil || len(apps) != 1 || apps[0].App != "blog" || apps[0].InFlight["172.17.0.2:5000"] != 0 {
		t.Errorf("Table = %+v, %v", apps, err)
	}
}
