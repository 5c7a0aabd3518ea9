package dataplane

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/proxy/client"
	"github.com/slipwayhq/slipway/proxy/proxytest"
)

// open starts a data plane on free ports with its files in lib.
func open(t testing.TB, lib string) *Main {
	t.Helper()
	m := New(Config{Lib: lib, Listen: "127.0.0.1", Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := m.Open(); err != nil {
		t.Fatal(err)
	}
	return m
}

// start is open until the test ends, with a client.
func start(t testing.TB) (*Main, *client.Client) {
	t.Helper()
	lib := t.TempDir()
	m := open(t, lib)
	c := client.New(client.Config{Routes: filepath.Join(lib, "data/proxy/routes"), Socket: filepath.Join(lib, "run/proxy.sock")})
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, c
}

// reach is the address of a port, "" when it is closed.
func (m *Main) reach(port int) string {
	if a := m.Addr(port); a != nil {
		return a.String()
	}
	return ""
}

func TestConformance(t *testing.T) {
	proxytest.Run(t, func(t *testing.T) proxytest.Plane {
		m, c := start(t)
		return proxytest.Plane{Provider: c, Addr: m.reach}
	})
}
