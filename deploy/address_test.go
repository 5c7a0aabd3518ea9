package deploy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

// installed are the triggers of one external plugin, and the compiled ones that
// it stands in for.
type installed struct {
	name     string
	triggers plugin.Triggers
}

func (p installed) Replaces(name string) bool { return name == p.name }

func (p installed) Handlers(name string) []trigger.Handler {
	if run, ok := p.triggers[name]; ok {
		return []trigger.Handler{{Plugin: p.name, Trigger: name, Run: run}}
	}
	return nil
}

// addresses answers network-get-ipaddr by what the test says of each process.
func addresses(of map[string]string) installed {
	return installed{"overlay", plugin.Triggers{"network-get-ipaddr": func(_ context.Context, c *trigger.Call) error {
		if c.Arg(0) != "blog" || docker.CheckContainerID(c.Arg(2)) != nil {
			return fmt.Errorf("asked for %q", c.Args)
		}
		_, err := fmt.Fprintln(c.Out, of[c.Arg(1)])
		return err
	}}}
}

func TestAPluginGivesTheAddressToRouteTo(t *testing.T) {
	w := newWorld(t, nil)
	answer := map[string]string{"web": "10.9.0.7"}
	w.external = addresses(answer)
	var written []string
	w.triggers = plugin.Triggers{"network-write-ipaddr": func(_ context.Context, c *trigger.Call) error {
		written = append(written, strings.Join(c.Args, " "))
		return nil
	}}
	w.open()
	w.create("blog")
	w.must("ps:scale", "--skip-deploy", "blog", "worker=1")
	w.mustDeploy("blog", procfile)
	if got := w.upstreams("blog"); !slices.Equal(got, []string{"10.9.0.7:5000"}) {
		t.Errorf("routed to %q", got)
	}
	if len(written) != 2 || written[0] != "blog web 1 10.9.0.7" || strings.Contains(written[1], "10.9.0.7") {
		t.Errorf("written: %q", written)
	}
	// It is asked again whenever the app is routed, and drained where it was reached.
	answer["web"] = "10.9.0.8"
	w.must("proxy:build-config", "blog")
	if got := w.upstreams("blog"); !slices.Equal(got, []string{"10.9.0.8:5000"}) {
		t.Errorf("routed to %q", got)
	}
	drained := make(chan []string, 1)
	w.proxy.draining = func(upstreams []string) { drained <- upstreams }
	w.mustDeploy("blog", procfile)
	if got := <-drained; !slices.Contains(got, "10.9.0.8:5000") {
		t.Errorf("drained %q", got)
	}
}

func TestAnAddressThatIsNoneFailsTheDeploy(t *testing.T) {
	w := newWorld(t, nil)
	w.external = addresses(map[string]string{"web": "nowhere at all"})
	w.open()
	w.create("blog")
	_, err := w.deploy("blog", procfile)
	if err == nil || !strings.Contains(err.Error(), `A plugin gives "nowhere at all" as the address of blog.web.1, which is no IP address`) {
		t.Error(err)
	}
	if got := w.running("blog"); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
}
