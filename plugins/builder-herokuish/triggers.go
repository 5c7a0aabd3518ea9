package builderherokuish

import (
	"context"
	"fmt"
	"runtime"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// onDetect answers builder-detect(app, dir).
func (b builder) onDetect(ctx context.Context, c *trigger.Call) error {
	found, err := b.Detect(ctx, c.Arg(0), c.Arg(1))
	if found {
		fmt.Fprintln(c.Out, b.Name())
	}
	return err
}

// onAllowed answers builder-herokuish-allowed(app): it fails where herokuish
// must not build.
func (b builder) onAllowed(_ context.Context, c *trigger.Call) error {
	v, err := b.h.Store.Computed(allowed, c.Arg(0))
	if err == nil && v != "true" {
		err = command.Fail("The herokuish builder is not allowed on %s servers\nAllow it: dokku builder-herokuish:set %s allowed true", runtime.GOARCH, c.Arg(0))
	}
	return err
}

// curlTimeouts are the variables that buildpacks expect, where nobody set them.
// Source: Dokku plugins/builder-herokuish/pre-build.
var curlTimeouts = map[string]string{"CURL_CONNECT_TIMEOUT": "90", "CURL_TIMEOUT": "600"}

// onReceive answers pre-receive-app(app, builder, dir, revision).
func (b builder) onReceive(_ context.Context, c *trigger.Call) error {
	if c.Arg(1) != b.Name() {
		return nil
	}
	env, err := b.h.Store.Env(state.Global)
	if err != nil {
		return err
	}
	missing := map[string]string{}
	for key, value := range curlTimeouts {
		if env[key] == "" {
			missing[key] = value
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return b.h.Store.UpdateEnv(state.Global, func(env map[string]string) error {
		for key, value := range missing {
			env[key] = value
		}
		return nil
	})
}

// onArgs answers docker-args-build, docker-args-deploy and docker-args-run(app, …)
// with the user, by which an image of herokuish is told from others.
func (b builder) onArgs(_ context.Context, c *trigger.Call) error {
	app := c.Arg(0)
	detected, err := b.h.Store.Get(b.h.Property("builder", "detected"), app)
	if err != nil || detected != b.Name() {
		return err
	}
	env, err := b.h.Store.Env(app)
	if err == nil {
		fmt.Fprintln(c.Out, "--env=USER="+build.AppUser(env))
	}
	return err
}
