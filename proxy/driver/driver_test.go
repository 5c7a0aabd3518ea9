package driver

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// notes is a proxy that notes what it is asked for.
type notes struct{ said []string }

func (n *notes) Apply(_ context.Context, r proxy.Routes) error {
	n.said = append(n.said, "apply "+r.App)
	return nil
}

func (n *notes) Remove(_ context.Context, app string) error {
	n.said = append(n.said, "remove "+app)
	return nil
}

func (n *notes) Drain(_ context.Context, app string, upstreams []string, _ time.Duration) error {
	n.said = append(n.said, "drain "+app+" "+strings.Join(upstreams, " "))
	return nil
}

var kind = state.Property{Plugin: "proxy", Name: "type", Default: "caddy"}

// world is a host with the plugin edge, whose hooks note what they are told in a file.
func world(t *testing.T) (Provider, *notes, func() []string) {
	t.Helper()
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	h := &plugin.Host{Store: store, Log: slog.New(slog.DiscardHandler), Exec: plugin.Exec{Env: os.Environ()}}
	h.Bus = trigger.NewBus(plugin.NewExternal(h))
	if err := h.Register(plugin.Plugin{Name: "proxy", Properties: []state.Property{kind}}); err != nil {
		t.Fatal(err)
	}
	told := filepath.Join(t.TempDir(), "told")
	hook := "#!/bin/sh\necho ${0##*/} $* $(cat) >>" + told + "\n"
	for file, text := range map[string]string{
		"plugin.toml": "[plugin.drivers]\nproxy = [\"edge\"]\n", "slipway-proxy-apply": hook, "slipway-proxy-remove": hook, "slipway-proxy-drain": hook,
	} {
		path := store.LibPath("plugins", "enabled", "my-edge", file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	builtIn := &notes{}
	return New(h, builtIn), builtIn, func() []string {
		text, err := os.ReadFile(told)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		_ = os.Remove(told)
		return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	}
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestAnAppIsServedByTheProxyThatItChose(t *testing.T) {
	p, builtIn, told := world(t)
	ctx, routes := context.Background(), proxy.Routes{App: "blog", Hosts: []string{"blog.example.com"}, Listeners: []proxy.Listener{{Scheme: "http", Port: 80, Upstreams: []string{"10.0.0.1:5000"}}}}
	text, err := json.Marshal(routes)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(p.Apply(ctx, routes))
	same(t, "built in", builtIn.said, "apply blog")
	same(t, "edge", told())

	must(p.host.Store.Set(kind, "blog", "edge"))
	must(p.Apply(ctx, routes))
	must(p.Drain(ctx, "blog", []string{"10.0.0.2:5000", "10.0.0.3:5000"}, 30*time.Second))
	same(t, "built in", builtIn.said, "apply blog", "remove blog")
	same(t, "edge", told(), "slipway-proxy-apply edge blog "+string(text), "slipway-proxy-drain edge blog 30 10.0.0.2:5000 10.0.0.3:5000")

	must(p.host.Store.Unset(kind, "blog"))
	must(p.Apply(ctx, routes))
	must(p.Drain(ctx, "blog", []string{"10.0.0.4:5000"}, time.Second))
	same(t, "built in", builtIn.said[2:], "apply blog", "drain blog 10.0.0.4:5000")
	same(t, "edge", told(), "slipway-proxy-remove edge blog")

	must(p.host.Store.Set(kind, "blog", "edge"))
	must(p.Apply(ctx, routes))
	told()
	must(p.Remove(ctx, "blog"))
	must(p.Remove(ctx, "blog"))
	same(t, "edge", told(), "slipway-proxy-remove edge blog")
}

func TestAProxyThatFailsFailsTheChange(t *testing.T) {
	p, builtIn, told := world(t)
	if err := p.host.Store.Set(kind, "blog", "edge"); err != nil {
		t.Fatal(err)
	}
	hook := p.host.Store.LibPath("plugins", "enabled", "my-edge", "slipway-proxy-apply")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(context.Background(), proxy.Routes{App: "blog"}); err == nil {
		t.Error("no error")
	}
	same(t, "built in keeps its routes", builtIn.said)
	same(t, "edge", told())
}

// An app whose proxy went with its plugin is served by Slipway's own.
func TestWithoutThePluginTheBuiltInProxyServes(t *testing.T) {
	p, builtIn, _ := world(t)
	if err := p.host.Store.Set(kind, "blog", "edge"); err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(context.Background(), proxy.Routes{App: "blog"}); err != nil {
		t.Fatal(err)
	}
	builtIn.said = nil
	if err := os.RemoveAll(p.host.Store.LibPath("plugins", "enabled", "my-edge")); err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(context.Background(), proxy.Routes{App: "blog"}); err != nil {
		t.Fatal(err)
	}
	same(t, "built in", builtIn.said, "apply blog")
}
