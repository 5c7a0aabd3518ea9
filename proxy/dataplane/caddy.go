package dataplane

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage" // registers storage "file_system"

	"github.com/slipwayhq/slipway/proxy"
)

// running is held while a Caddy runs: its configuration is global to the process.
var running sync.Mutex

// An engine is the Caddy that runs.
type engine struct {
	transport *transport
}

// startCaddy runs Caddy with our modules, its own files in the folder storage.
func startCaddy(p *plane, ports *ports, storage string) (*engine, error) {
	if !running.TryLock() {
		return nil, errors.New("a process runs one proxy at a time")
	}
	e := &engine{transport: newTransport()}
	id := register(p, ports, e.transport)
	if err := caddy.Run(config(id, storage)); err != nil {
		running.Unlock()
		return nil, fmt.Errorf("cannot start Caddy: %w", err)
	}
	return e, nil
}

// stop begins a graceful stop: idle connections are closed, WebSockets are ended, and
// other requests go on. They are over when their connections are (ports.stop).
func (e *engine) stop() error {
	defer running.Unlock()
	err := caddy.Stop()
	e.transport.http.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("cannot stop Caddy: %w", err)
	}
	return nil
}

// register makes our modules and listeners known to Caddy under a name of their own,
// which it returns: Caddy makes modules from names in a JSON document, and this name is
// how its modules find p. Caddy has no way to take a name back.
func register(p *plane, ports *ports, t *transport) string {
	id := "slipway_" + strings.ToLower(rand.Text())
	caddy.RegisterModule(&handler{id: id, plane: p, to: t})
	caddy.RegisterModule(&certManager{id: id, plane: p})
	caddy.RegisterModule(&permission{id: id, plane: p})
	caddy.RegisterNetwork(id, func(_ context.Context, _, scheme, _ string, _ uint, _ net.ListenConfig) (any, error) {
		return ports.schemes[scheme], nil
	})
	return id
}

// config is Caddy's configuration. There is no admin endpoint and none of Caddy's files
// outside storage; certificates are ours to give, so nothing is automatic about HTTPS,
// no authority is made, and none installed into a trust store.
func config(id, storage string) *caddy.Config {
	off := false
	return &caddy.Config{
		Admin:      &caddy.AdminConfig{Disabled: true, Config: &caddy.ConfigSettings{Persist: &off}},
		StorageRaw: encode(map[string]any{"module": "file_system", "root": storage}),
		Logging: &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {
			BaseLog: caddy.BaseLog{Level: "WARN"},
			// Our handler logs what reverse_proxy returns. Excluding it also spares
			// the fields that Caddy gathers for each request. A refused handshake is
			// the daily visit of a scanner, and admin only says that it is off.
			Exclude: []string{"http.handlers." + id, "tls.handshake", "admin"},
		}}},
		AppsRaw: caddy.ModuleMap{
			"http": encode(map[string]any{
				"grace_period": grace,
				"servers": map[string]any{
					"http":  server(id, proxy.HTTP, []string{"h1"}),
					"https": server(id, proxy.HTTPS, []string{"h1", "h2"}),
				},
			}),
			"tls": encode(map[string]any{
				"disable_storage_check": true,
				"disable_storage_clean": true,
				"automation": map[string]any{
					"policies":  []any{map[string]any{"get_certificate": []any{map[string]any{"via": id}}}},
					"on_demand": map[string]any{"permission": map[string]any{"module": id}},
				},
			}),
		},
	}
}

func server(id, scheme string, protocols []string) map[string]any {
	s := map[string]any{
		"listen":           []string{id + "/" + scheme + ":1"}, // the port is a formality
		"protocols":        protocols,
		"max_header_bytes": 64 << 10,
		"automatic_https":  map[string]any{"disable": true},
		"routes": caddyhttp.RouteList{{
			HandlersRaw: []json.RawMessage{encode(map[string]any{"handler": id})},
		}},
	}
	if scheme == proxy.HTTPS {
		s["tls_connection_policies"] = []any{map[string]any{}}
	}
	return s
}

// encode turns a literal of this file into JSON.
func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic("dataplane: " + err.Error()) // a literal of this file cannot be encoded
	}
	return data
}
