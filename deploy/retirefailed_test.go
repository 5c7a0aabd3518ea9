package deploy_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

// stubborn is an engine that cannot stop containers while told so.
type stubborn struct {
	*fake.Engine
	refuse bool
}

func (e *stubborn) Stop(ctx context.Context, id string, grace time.Duration) error {
	if e.refuse {
		return errors.New("the engine is out of order")
	}
	return e.Engine.Stop(ctx, id, grace)
}

func TestPluginsLearnOfARetirementThatFailed(t *testing.T) {
	w := newWorld(t, nil)
	engine := &stubborn{Engine: w.engine}
	w.host.Docker = engine
	failed := make(chan []string, 10)
	w.triggers = plugin.Triggers{"retire-container-failed": func(_ context.Context, c *trigger.Call) error {
		failed <- c.Args
		return nil
	}}
	w.open()
	w.create("blog")
	w.mustDeploy("blog", procfile)
	engine.refuse = true
	w.mustDeploy("blog", procfile) // to retire is not part of the deploy
	if got := <-failed; !slices.Equal(got, []string{"blog"}) {
		t.Errorf("fired with %q", got)
	}
	w.flow.Close()
	if len(failed) > 0 {
		t.Errorf("fired %d times more", len(failed))
	}
	engine.refuse = false
	w.open()
	w.must("ps:retire", "blog")
	dockertest.Eventually(t, "the old container is gone", func() bool {
		return !slices.ContainsFunc(w.containers("blog"), func(c docker.Container) bool { return c.Name != "blog.web.1" })
	})
}
