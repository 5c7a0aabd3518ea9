package deploy_test

import (
	"context"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

// What a plugin pushed to a registry is what runs, under the name that it has
// there, for later changes of config too; and it is pulled when it is no longer
// on this host.
func TestAnAppRunsFromThePushedImage(t *testing.T) {
	w := newWorld(t, nil)
	const pushed = "registry.example.com/ann/blog:7"
	answer := func(text string) func(context.Context, *trigger.Call) error {
		return func(_ context.Context, c *trigger.Call) error {
			_, err := c.Out.Write([]byte(text + "\n"))
			return err
		}
	}
	w.triggers = plugin.Triggers{
		"post-release-builder": func(ctx context.Context, c *trigger.Call) error {
			return w.engine.ImageTag(ctx, c.Arg(2), pushed)
		},
		"deployed-app-image-tag":  answer("7"),
		"deployed-app-repository": answer("registry.example.com/"),
		"deployed-app-image-repo": answer("ann/blog"),
	}
	w.open()
	w.create("blog")
	w.must("checks:skip", "blog")
	w.mustDeploy("blog", map[string]string{"Procfile": "web: serve\n"})
	runs := func() docker.Container {
		t.Helper()
		c, err := w.engine.Inspect(t.Context(), "blog.web.1")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := runs(); c.Image != pushed {
		t.Errorf("it runs %s", c.Image)
	}
	w.must("config:set", "blog", "A=1")
	if c := runs(); c.Image != pushed {
		t.Errorf("after a change of config it runs %s", c.Image)
	}
	image, err := w.engine.ImageInspect(t.Context(), pushed)
	if err != nil {
		t.Fatal(err)
	}
	w.engine.Publish(docker.Image{ID: image.ID, Tags: []string{pushed}, Cmd: image.Cmd, Labels: image.Labels})
	w.must("ps:stop", "blog")
	if err := w.engine.ImageRemove(t.Context(), image.ID, true); err != nil {
		t.Fatal(err)
	}
	w.must("ps:restart", "blog")
	if c := runs(); c.Image != pushed || c.ImageID != image.ID {
		t.Errorf("after a pull it runs %s %s", c.Image, c.ImageID)
	}
}
