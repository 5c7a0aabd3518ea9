package deploy_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/docker/fake"
)

// TestAddressOfARetiredContainerIsNotDrained is a regression test. The third deploy began while the first one's container
// was still being retired, and its new container got the address of that one. To drain it failed, because it was routed to,
// and so the second one's container was left over.
func TestAddressOfARetiredContainerIsNotDrained(t *testing.T) {
	var mu sync.Mutex
	started := 0
	w := newWorld(t, func(docker.Container) fake.Behaviour {
		mu.Lock()
		defer mu.Unlock()
		started++
		return fake.Behaviour{IP: []string{"10.0.0.5", "10.0.0.6"}[(started+1)%2]}
	})
	w.create("blog")
	w.mustDeploy("blog", procfile)
	first := w.containers("blog")[0].ID

	release := make(chan struct{})
	w.proxy.draining = func([]string) { <-release }
	w.mustDeploy("blog", procfile)

	var drained [][]string
	w.proxy.applying = func() { // the third deploy knows by now what it replaces
		w.proxy.applying = nil
		close(release)
		dockertest.Eventually(t, "the first container is removed", func() bool {
			return !slices.ContainsFunc(w.containers("blog"), func(c docker.Container) bool { return c.ID == first })
		})
		w.proxy.draining = func(upstreams []string) {
			mu.Lock()
			defer mu.Unlock()
			drained = append(drained, upstreams)
		}
	}
	w.mustDeploy("blog", procfile)
	dockertest.Eventually(t, "the second container is removed", func() bool { return len(w.containers("blog")) == 1 })
	mu.Lock()
	defer mu.Unlock()
	if len(drained) != 1 || !slices.ContainsFunc(drained[0], func(u string) bool { return strings.HasPrefix(u, "10.0.0.6:") }) ||
		slices.ContainsFunc(drained[0], func(u string) bool { return strings.HasPrefix(u, "10.0.0.5:") }) {
		t.Errorf("drained %v, want 10.0.0.6 alone", drained)
	}
}
