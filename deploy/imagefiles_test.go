package deploy_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	schedulerdockerlocal "github.com/slipwayhq/slipway/plugins/scheduler-docker-local"
	"github.com/slipwayhq/slipway/schedule"
)

// cachedBuilder finds everything in its cache: its image is always the same.
type cachedBuilder struct {
	imageBuilder
	id string
}

func (b *cachedBuilder) Build(ctx context.Context, req build.Request, _ *command.Output) error {
	return b.engine.ImageTag(ctx, b.id, req.Image)
}

// Looking for Procfile and app.json took two containers, 300 ms, at each push
// of an app that has neither.
func TestAnImageIsLookedIntoOnceByOneContainer(t *testing.T) {
	w := newWorld(t, nil)
	b := &cachedBuilder{imageBuilder{engine: w.engine}, w.engine.AddImage(docker.Image{Tags: []string{"seen:1"}, WorkingDir: "/app", Cmd: []string{"serve"}})}
	w.flow = deploy.New(deploy.Config{
		Host: w.host, Builders: []build.Builder{b}, Proxy: w.proxy, Records: record.NewBook(w.host.Store),
		Schedulers: []schedule.Scheduler{schedulerdockerlocal.New(w.host.Docker, w.host.Names, w.host.Store)},
	})
	t.Cleanup(w.flow.Close)
	w.create("blog")
	calls := func(prefix string) int {
		return len(slices.DeleteFunc(w.engine.Calls(), func(call string) bool { return !strings.HasPrefix(call, prefix) }))
	}
	looks := func() int { return calls("CopyFrom ") }
	w.mustDeploy("blog", nil)
	if n := looks(); n != 2 {
		t.Errorf("a first deploy looks for %d files in the image, want 2", n)
	}
	w.mustDeploy("blog", nil)
	if n := looks(); n != 2 {
		t.Errorf("a second deploy of the same image looks again: %d", n)
	}
	if n := calls("Create"); n != 3 {
		t.Errorf("%d containers were made, want one to look and one for each deploy", n)
	}
	b.id = w.engine.AddImage(docker.Image{Tags: []string{"seen:2"}, WorkingDir: "/app", Cmd: []string{"serve"}})
	w.mustDeploy("blog", nil)
	if n := looks(); n != 4 {
		t.Errorf("another image is looked into %d times, want 2", n-2)
	}
}
