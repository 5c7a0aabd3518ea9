package deploy_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/docker/fake"
)

// reconcile runs the reconciler until the returned function is called, at the latest until the test ends.
func (w *world) reconcile() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	flow := w.flow
	go func() {
		defer close(ended)
		_ = flow.Reconcile(ctx) // the error of ctx
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	w.t.Cleanup(stop)
	return stop
}

// subscribed waits until the reconciler follows the engine's events and has looked at every app.
func (w *world) subscribed() {
	w.t.Helper()
	dockertest.Eventually(w.t, "the reconciler looks at every app", func() bool {
		calls := w.engine.Calls()
		i := slices.Index(calls, "Events")
		return i >= 0 && slices.Contains(calls[i:], "List")
	})
}

func TestAContainerRemovedBehindOurBackIsPutBack(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.reconcile()
	w.subscribed()
	first := w.containers("blog")[0]
	if err := w.engine.Remove(context.Background(), first.ID); err != nil {
		t.Fatal(err)
	}
	dockertest.Eventually(t, "another container serves in its place", func() bool {
		all := w.containers("blog")
		return len(all) == 1 && all[0].Running() && slices.ContainsFunc(w.upstreams("blog"), func(u string) bool {
			return strings.HasPrefix(u, all[0].IP()+":")
		})
	})
	if rel, _, err := w.flow.Releases().Current("blog"); err != nil || rel.Number != 1 {
		t.Errorf("putting it back made a release: %+v %v", rel, err)
	}
}

func TestAContainerThatComesBackElsewhereIsRouted(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.reconcile()
	w.subscribed()
	first, before := w.containers("blog")[0], w.upstreams("blog")
	w.engine.Exit(first.ID, 1) // its restart policy starts it again, at another address
	dockertest.Eventually(t, "the other address is routed to", func() bool {
		now := w.upstreams("blog")
		return len(now) == 1 && now[0] != before[0] && strings.HasPrefix(now[0], w.containers("blog")[0].IP()+":")
	})
	if all := w.containers("blog"); len(all) != 1 || all[0].ID != first.ID {
		t.Errorf("containers: %+v", all)
	}
}

// flaky is an engine whose events break off, as they do when the daemon is restarted.
type flaky struct {
	*fake.Engine
	broken chan struct{} // a value breaks off the events
}

func (e flaky) Events(ctx context.Context) (<-chan docker.Event, <-chan error) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-e.broken:
		case <-ctx.Done():
		}
	}()
	return e.Engine.Events(ctx)
}

func TestARestartOfTheEngineResumesWhatHasEnded(t *testing.T) {
	w := newWorld(t, nil)
	engine := flaky{w.engine, make(chan struct{})}
	w.host.Docker = engine
	w.open()
	for _, app := range []string{"blog", "shop"} {
		w.create(app)
		w.mustDeploy(app, procfile)
	}
	w.must("ps:stop", "shop")
	w.reconcile()
	w.subscribed()
	first := w.containers("blog")[0]
	if err := w.engine.Stop(context.Background(), first.ID, time.Second); err != nil {
		t.Fatal(err)
	}
	dockertest.Eventually(t, "nothing is routed to", func() bool { return w.proxy.of("blog").Stopped })
	engine.broken <- struct{}{}
	dockertest.Eventually(t, "the same container runs and is routed to", func() bool {
		all := w.containers("blog")
		return len(all) == 1 && all[0].ID == first.ID && all[0].Running() && !w.proxy.of("blog").Stopped
	})
	if got := w.running("shop"); len(got) != 0 {
		t.Errorf("an app that the operator stopped runs: %v", got)
	}
}

func TestAtTheStartLeftoversAreRemovedAndTheMissingIsMade(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.must("ps:scale", "blog", "web=2", "worker=1")
	ctx := context.Background()
	for name, as := range map[string]string{
		"blog.web.2":    "blog.web.2.1700000000", // replaced; a crash came before its end
		"blog.worker.1": "blog.worker.1.upcoming-abc",
	} {
		if err := w.engine.Rename(ctx, name, as); err != nil {
			t.Fatal(err)
		}
	}
	w.reconcile()
	dockertest.Eventually(t, "leftovers are gone, what is missing runs", func() bool {
		all := w.containers("blog")
		return len(all) == 3 && slices.Equal(w.running("blog"), []string{"blog.web.1", "blog.web.2", "blog.worker.1"}) && len(w.upstreams("blog")) == 2
	})
}

// What is under way under an app's lock is not the reconciler's business.
func TestALockedAppIsLeftAlone(t *testing.T) {
	w := newWorld(t, nil)
	for _, app := range []string{"blog", "shop"} {
		w.create(app)
		w.mustDeploy(app, procfile)
	}
	_, release, err := w.host.Store.LockApp(context.Background(), "blog")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	w.reconcile()
	w.subscribed()
	if err := w.engine.Remove(context.Background(), w.containers("blog")[0].ID); err != nil {
		t.Fatal(err)
	}
	// The events of the other app come after those of blog.
	if err := w.engine.Remove(context.Background(), w.containers("shop")[0].ID); err != nil {
		t.Fatal(err)
	}
	dockertest.Eventually(t, "the other app is put back", func() bool { return len(w.running("shop")) == 1 })
	if all := w.containers("blog"); len(all) != 0 {
		t.Errorf("containers: %+v", all)
	}
}
