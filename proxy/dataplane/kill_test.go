package dataplane

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slipwayhq/slipway/proxy/client"
	"github.com/slipwayhq/slipway/proxy/proxytest"
)

// libVariable makes this test binary a data plane with its files in that folder.
const libVariable = "SLIPWAY_TEST_PROXY_LIB"

// takeOverVariable makes it take over from the one that runs there.
const takeOverVariable = "SLIPWAY_TEST_PROXY_TAKE_OVER"

// TestProxyProcess is the other process of the tests below.
func TestProxyProcess(t *testing.T) {
	lib := os.Getenv(libVariable)
	if lib == "" {
		t.Skip("runs only as the child of other tests")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	m := New(Config{Lib: lib, Listen: "127.0.0.1", TakeOver: os.Getenv(takeOverVariable) != ""})
	if err := m.Open(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("serves", m.Addr(80))
	<-ctx.Done()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// spawn starts a data plane as a process and returns it with its address.
func spawn(t *testing.T, lib string, env ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestProxyProcess$")
	cmd.Env = append(append(os.Environ(), libVariable+"="+lib), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, as a rule
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "serves "); ok {
			return cmd, addr
		}
	}
	t.Fatal("the proxy did not start")
	return nil, ""
}

func TestKilledProxyComesBackWithItsRoutes(t *testing.T) {
	lib, ctx := t.TempDir(), context.Background()
	c := client.New(client.Config{Routes: filepath.Join(lib, "data/proxy/routes"), Socket: filepath.Join(lib, "run/proxy.sock")})
	want := func(addr, host, body string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got := new(strings.Builder)
		_, _ = bufio.NewReader(res.Body).WriteTo(got)
		_ = res.Body.Close()
		if got.String() != body {
			t.Errorf("%s: %d %q, want %q", host, res.StatusCode, got, body)
		}
	}

	cmd, addr := spawn(t, lib)
	apply(t, c, proxytest.Web("blog", "blog.example.com", proxytest.Upstream(t, "blog")))
	want(addr, "blog.example.com", "blog")
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // "signal: killed"

	apply(t, c, proxytest.Web("shop", "shop.example.com", proxytest.Upstream(t, "shop"))) // while it is down
	cmd, addr = spawn(t, lib)
	want(addr, "blog.example.com", "blog")
	want(addr, "shop.example.com", "shop")
	if h, err := c.Status(ctx); err != nil || h.Apps != 2 {
		t.Errorf("Status = %+v, %v", h, err)
	}

	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}
