package migrate_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins"
	"github.com/slipwayhq/slipway/plugins/migrate"
	"github.com/slipwayhq/slipway/proxy"
)

// routes is a proxy that remembers what it was told.
type routes struct {
	mu     sync.Mutex
	routes map[string]proxy.Routes
}

func (r *routes) Apply(_ context.Context, of proxy.Routes) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routes[of.App] = of
	return nil
}

func (r *routes) Remove(_ context.Context, app string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.routes, app)
	return nil
}

func (r *routes) Drain(context.Context, string, []string, time.Duration) error { return nil }

// features are those of Slipway, migrate with a host of its own.
func (w *world) features(t testing.TB, h *plugin.Host) []plugin.Plugin {
	t.Helper()
	h.Docker = w.engine
	flow, all := plugins.All(h, w.proxy, "slipway")
	t.Cleanup(flow.Close)
	w.flow = flow
	for n, p := range all {
		if p.Name == "migrate" {
			w.m, all[n] = migrate.New(h, flow, t.TempDir(), w.runHost)
		}
	}
	return all
}

func TestStories(t *testing.T) {
	plugintest.RunAll(t, func(t testing.TB, h *plugin.Host) []plugin.Plugin {
		w := &world{engine: fake.New(), proxy: &routes{routes: map[string]proxy.Routes{}}, off: map[string]bool{}}
		return w.features(t, h)
	})
}
