package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/proxytest"
)

func newClient(t *testing.T) *Client {
	dir := t.TempDir()
	return New(Config{Routes: filepath.Join(dir, "routes"), Socket: filepath.Join(dir, "proxy.sock")})
}

func TestWhileTheProxyIsDownTheFileIsEnough(t *testing.T) {
	c, ctx := newClient(t), context.Background()
	blog := proxytest.Web("blog", "blog.example.com", "172.17.0.2:5000")
	if err := c.Apply(ctx, blog); err != nil {
		t.Fatal(err)
	}
	if got, err := c.dir.Load("blog"); err != nil || !cmp.Equal(got, blog) {
		t.Errorf("on disk: %+v, %v", got, err)
	}
	if _, err := c.Status(ctx); !errors.Is(err, ErrDown) {
		t.Errorf("Status = %v, want ErrDown", err)
	}
	if err := c.Drain(ctx, "blog", []string{"172.17.0.2:5000"}, time.Minute); err != nil {
		t.Errorf("Drain = %v", err)
	}
	if err := c.Remove(ctx, "blog"); err != nil {
		t.Errorf("Remove = %v", err)
	}
}

func TestWhileTheProxyIsDownAHostStillHasOneOwner(t *testing.T) {
	c, ctx := newClient(t), context.Background()
	if err := c.Apply(ctx, proxytest.Web("blog", "blog.example.com")); err != nil {
		t.Fatal(err)
	}
	shop := proxytest.Web("shop", "shop.example.com")
	if err := c.Apply(ctx, shop); err != nil {
		t.Fatal(err)
	}
	var taken *proxy.TakenError
	if err := c.Apply(ctx, proxytest.Web("shop", "blog.example.com")); !errors.As(err, &taken) || taken.Owner != "blog" {
		t.Errorf("a second owner: %v", err)
	}
	if got, err := c.dir.Load("shop"); err != nil || !cmp.Equal(got, shop) {
		t.Errorf("the old file is not back: %+v, %v", got, err)
	}
	if err := c.Apply(ctx, proxytest.Web("new", "blog.example.com")); err == nil {
		t.Error("a second owner was accepted")
	}
	if apps, err := c.dir.Apps(); err != nil || !cmp.Equal(apps, []string{"blog", "shop"}) {
		t.Errorf("Apps = %v, %v", apps, err)
	}
}

// answering serves handler on the client's socket.
func answering(t *testing.T, c *Client, handler http.HandlerFunc) {
	ln, err := net.Listen("unix", filepath.Join(filepath.Dir(string(c.dir)), "proxy.sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: handler}
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = s.Close() })
}

func TestRefusalTakesTheFileBack(t *testing.T) {
	c := newClient(t)
	answering(t, c, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"kind":"port","app":"blog","port":8080,"reason":"busy"}`))
	})
	var port *proxy.PortError
	if err := c.Apply(context.Background(), proxytest.Web("blog", "blog.example.com")); !errors.As(err, &port) || port.Port != 8080 {
		t.Errorf("Apply = %v, want a PortError", err)
	}
	if apps, err := c.dir.Apps(); err != nil || len(apps) != 0 {
		t.Errorf("Apps = %v, %v", apps, err)
	}
}

func TestProxyThatDiesWhileAskedIsDown(t *testing.T) {
	c := newClient(t)
	answering(t, c, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if err := c.Apply(context.Background(), proxytest.Web("blog", "blog.example.com")); err != nil {
		t.Errorf("Apply = %v", err)
	}
	if apps, err := c.dir.Apps(); err != nil || !cmp.Equal(apps, []string{"blog"}) {
		t.Errorf("Apps = %v, %v", apps, err)
	}
}

func TestFullDiskIsAnErrorAndLeavesTheOldRoutes(t *testing.T) {
	c, ctx := newClient(t), context.Background()
	if err := os.WriteFile(string(c.dir), nil, 0o600); err != nil { // no folder can be made here
		t.Fatal(err)
	}
	err := c.Apply(ctx, proxytest.Web("blog", "blog.example.com"))
	if err == nil || !strings.Contains(err.Error(), "routes of blog") {
		t.Errorf("Apply = %v", err)
	}
}

func TestDoneContextChangesNothing(t *testing.T) {
	c := newClient(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.Apply(ctx, proxytest.Web("blog", "blog.example.com")); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply = %v", err)
	}
	if apps, err := c.dir.Apps(); err != nil || len(apps) != 0 {
		t.Errorf("Apps = %v, %v", apps, err)
	}
}
