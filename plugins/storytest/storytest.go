// Package storytest plays the stories of features that act on a deployed app: every feature of Slipway in the process of
// the test, over a Docker engine in memory and a proxy that accepts everything.
//
//	func TestStories(t *testing.T) { storytest.Run(t) }
//
// How stories are written says package plugin/plugintest. There is one app at their beginning, web1 at web1.example.com.
// Its release 1 has the processes web and worker. It does not run before a story says `dokku ps:start web1`, and its checks
// are skipped: nothing listens in the containers of such an engine. There is a registry, registry.example.com, that asks for
// the login of ann with the password s3cret.
package storytest

import (
	"context"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/state"
)

// App is the app that stories find.
const App = "web1"

// Run plays every story in testdata.
func Run(t *testing.T) {
	t.Helper()
	plugintest.RunAll(t, Features)
}

// Features makes every feature, and the app. It is a plugintest.All.
func Features(t testing.TB, h *plugin.Host) []plugin.Plugin {
	t.Helper()
	engine := fake.New()
	engine.Logins = map[string]string{"registry.example.com": "ann:s3cret"}
	image := engine.AddImage(docker.Image{
		ID:   "sha256:" + "5107e5bb8cba1c0ab0d3cf58fc2dd1fe7a3a7b5f5d1f4f2dbf0b0a9f0c1c2d3e",
		Tags: []string{"dokku/" + App + ":release-1", "dokku/" + App + ":latest"}, Cmd: []string{"serve"},
		Labels: map[string]string{docker.LabelImageStage: "release"},
	})
	h.Docker = engine
	flow, features := plugins.All(h, open{}, "slipway")
	t.Cleanup(flow.Close)
	for _, err := range []error{
		h.Store.MkdirAll(h.Store.AppDir(App), 0o755),
		h.Store.WriteLines(h.Store.RootPath("VHOST"), []string{"example.com"}, 0o644),
		h.Store.WriteLines(h.Store.RootPath(App, "VHOST"), []string{App + ".example.com"}, 0o644),
		h.Store.Set(deploy.Deployed, App, "true"),
		h.Store.Set(state.Property{Plugin: "checks", Name: "skipped"}, App, "_all_"),
		h.Store.SetList(deploy.ScaleList, App, []string{"web=1", "worker=0"}),
		flow.Releases().Save(app.Release{
			App: App, Number: 1, CreatedAt: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Actor: "ann", Source: "git-push",
			Metadata: "main", Description: "Deploy 0a1b2c3d", ImageID: image, Builder: "dockerfile", Rev: "0a1b2c3d",
			Procfile: "web: serve\nworker: work\n",
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return features
}

// open is a proxy that accepts everything and routes nothing.
type open struct{}

func (open) Apply(context.Context, proxy.Routes) error                    { return nil }
func (open) Remove(context.Context, string) error                         { return nil }
func (open) Drain(context.Context, string, []string, time.Duration) error { return nil }
