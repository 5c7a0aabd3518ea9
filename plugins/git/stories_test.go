package git

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/trigger"
)

// TestStories plays testdata/*.txtar with a deployer that succeeds, and an ssh-keyscan that needs no server.
func TestStories(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\nfor host; do :; done\n[ $host != git.example.com ] || echo \"$host ssh-rsa BBB\"\n"
	must(t, os.WriteFile(filepath.Join(bin, "ssh-keyscan"), []byte(script), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	plugintest.Run(t, appsPlugin, func(h *plugin.Host) plugin.Plugin {
		h.Exec = plugin.Exec{Env: []string{"PATH=" + os.Getenv("PATH")}}
		h.Docker = fake.New()
		p := Plugin(h, printing{})
		// Stories fire this for an app that has been created.
		p.Triggers["test-rebuild"] = func(ctx context.Context, c *trigger.Call) error {
			return h.Bus.Event(ctx, "receive-app", c.Arg(0))
		}
		return p
	})
}

// printing is a deployer that prints what it is asked for.
type printing struct{}

func (printing) Deploy(_ context.Context, out *command.Output, req deploy.Request) error {
	out.Step("Deploying %s from %s by %s: %s", req.App, req.Source, req.Actor, req.Metadata)
	return nil
}
