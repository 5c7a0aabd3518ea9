package network_test

import (
	"context"
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storytest"
)

func TestStories(t *testing.T) { storytest.Run(t) }

// Containers are found by APP.PROCESS on every network but bridge, whatever
// property put them there.
func TestContainersAreAttachedUnderTheirAliases(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
	engine := w.Host.Docker.(*fake.Engine)
	must := func(argv ...string) {
		t.Helper()
		if r := w.Dokku(argv...); r.Code != 0 {
			t.Fatalf("%q: %+v", argv, r)
		}
	}
	for _, name := range []string{"first", "made", "done"} {
		must("network:create", name)
	}
	must("network:set", storytest.App, "tld", "svc.local")
	must("network:set", storytest.App, "initial-network", "first")
	must("network:set", storytest.App, "attach-post-create", "made")
	must("network:set", storytest.App, "attach-post-deploy", "done")
	must("ps:start", storytest.App)
	live := find(t, w.Host, storytest.App+".web.1")
	if want := []string{"done", "first", "made"}; !slices.Equal(live.Networks, want) {
		t.Errorf("it is in %v, want %v", live.Networks, want)
	}
	alias := storytest.App + ".web.svc.local"
	for _, name := range []string{"made", "done"} {
		if got, want := engine.Aliases(live.ID, name), []string{alias, live.Hostname + "." + alias}; !slices.Equal(got, want) {
			t.Errorf("its aliases in %s are %v, want %v", name, got, want)
		}
	}
	if got, _ := engine.Args(live.ID).Option("network-alias"); got != alias {
		t.Errorf("its alias in the first network is %q, want %q", got, alias)
	}
	if ip, err := w.Host.Store.ReadFile(w.Host.Store.RootPath(storytest.App, "IP.web.1")); err != nil || ip != live.IPs["first"] {
		t.Errorf("IP.web.1 is %q (%v), want the address in the first network, %q", ip, err, live.IPs["first"])
	}
	calls := engine.Calls()
	started := slices.Index(calls, "Start "+live.ID)
	if made := slices.Index(calls, "NetworkConnect made"); made < 0 || started < made {
		t.Errorf("attached to made by call %d, started by call %d", made, started)
	}
	if done := slices.Index(calls, "NetworkConnect done"); done < started {
		t.Errorf("attached to done by call %d, started by call %d", done, started)
	}
	must("ps:scale", storytest.App, "web=2") // the first instance stays, and is not attached again
}

func TestPortsArePublishedOnlyWhenAskedFor(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
	engine := w.Host.Docker.(*fake.Engine)
	for _, test := range []struct {
		value string
		want  []string
	}{{"true", []string{"5000"}}, {"false", nil}} {
		w.Dokku("network:set", storytest.App, "bind-all-interfaces", test.value)
		if r := w.Dokku("ps:restart", storytest.App); r.Code != 0 {
			t.Fatalf("%+v", r)
		}
		got := engine.Args(find(t, w.Host, storytest.App+".web.1").ID).Options["publish"]
		if !slices.Equal(got, test.want) {
			t.Errorf("%s publishes %v, want %v", test.value, got, test.want)
		}
	}
}

func find(t *testing.T, h *plugin.Host, name string) docker.Container {
	t.Helper()
	c, err := h.Docker.Inspect(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
