package builderpack

import (
	"context"
	"fmt"
	"testing"

	"github.com/slipwayhq/slipway/build/buildtest"
	"github.com/slipwayhq/slipway/build/tool/tooltest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

func TestBuild(t *testing.T) {
	tooltest.Run(t, tooltest.Subject{
		New: New, Feature: feature, Program: program.Program,
		Files:   buildtest.Files{".buildpacks": "# ours\nheroku/nodejs\n\nhttps://example.com/a.git\n"},
		Options: []string{"--build-arg", "X=1", "-e", "DEBUG=1", "--clear-cache"},
		Wanted: []string{
			"build", "$IMAGE-pack", "--builder", "heroku/builder:24", "--path", "$DIR", "--default-process", "web", "--env", "DEBUG=1", "--clear-cache",
			"--buildpack", "heroku/nodejs", "--buildpack", "https://example.com/a.git", "--env", "API_KEY", "web: serve", "release: migrate",
		},
	})
}

func TestCommandsOfTheProcfileRunByTheLauncher(t *testing.T) {
	h := &plugin.Host{Bus: trigger.NewBus(nil)}
	h.Bus.Handle(trigger.Handler{Plugin: "ps", Trigger: "procfile-get-command", Run: func(_ context.Context, c *trigger.Call) error {
		if c.Arg(1) == "web" {
			fmt.Fprintln(c.Out, "serve")
			return nil
		}
		return fmt.Errorf("no such type")
	}})
	p := Plugin(h)
	for name, run := range p.Triggers {
		h.Bus.Handle(trigger.Handler{Plugin: p.Name, Trigger: name, Run: run})
	}
	for _, c := range []struct{ kind, process, want string }{
		{"pack", "web", "--entrypoint=launcher"}, {"pack", "worker", ""}, {"herokuish", "web", ""}, {"dockerfile", "web", ""}, {"pack", "", "--entrypoint=launcher"},
	} {
		if got, err := h.Bus.Query(t.Context(), "docker-args-process-deploy", "blog", c.kind, "latest", c.process, "1"); got != c.want || err != nil {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}
