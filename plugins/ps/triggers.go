package ps

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/trigger"
)

// onReleaseAndDeploy answers release-and-deploy(app[, tag, source]): config:set
// and others ask for it.
func (p *ps) onReleaseAndDeploy(ctx context.Context, c *trigger.Call) error {
	source := c.Arg(2)
	if source == "" {
		source = "deploy"
	}
	return p.flow.ReleaseAgain(ctx, c.Output(), p.change(ctx, c.Arg(0), source), c.Arg(1))
}

// onRestart answers app-restart(app).
func (p *ps) onRestart(ctx context.Context, c *trigger.Call) error {
	out := c.Output()
	restore, err := p.host.Store.Computed(restoreProperty, c.Arg(0))
	if err != nil {
		return err
	}
	if restore == "false" {
		out.Text("App %s is stopped, the change takes effect at its next start", c.Arg(0))
		return nil
	}
	return p.flow.Restart(ctx, out, p.change(ctx, c.Arg(0), "config:set"))
}

// onProcessDeploy answers docker-args-process-deploy(app, …) by the restart policy.
func (p *ps) onProcessDeploy(_ context.Context, c *trigger.Call) error {
	if _, err := io.Copy(c.Out, c.In); err != nil { // what plugins before this one said
		return err
	}
	policy, err := p.host.Computed("ps", "restart-policy", c.Arg(0))
	if err == nil {
		fmt.Fprintf(c.Out, " --restart=%s", policy)
	}
	return err
}

// onProxyBuildConfig answers proxy-build-config(app).
func (p *ps) onProxyBuildConfig(ctx context.Context, c *trigger.Call) error {
	return p.flow.BuildProxyConfig(ctx, c.Arg(0))
}

// onProxyClearConfig answers proxy-clear-config(app).
func (p *ps) onProxyClearConfig(ctx context.Context, c *trigger.Call) error {
	return p.flow.ClearProxyConfig(ctx, c.Arg(0))
}

// onDestroy answers slipway-destroy(app): what runs goes before the files do.
func (p *ps) onDestroy(ctx context.Context, c *trigger.Call) error {
	return p.flow.Destroy(ctx, c.Arg(0))
}

// onPostDelete answers post-delete(app).
func (p *ps) onPostDelete(ctx context.Context, c *trigger.Call) error {
	return p.flow.RemoveImages(ctx, c.Arg(0))
}

// onCopied answers post-app-clone(old, new) and post-app-rename(old, new): the new
// app is built. Source: Dokku plugins/ps/triggers.go, TriggerPostAppClone.
func (p *ps) onCopied(ctx context.Context, c *trigger.Call) error {
	if c.Env["SKIP_REBUILD"] == "true" {
		return nil
	}
	return p.host.Bus.Event(ctx, "receive-app", c.Arg(1))
}

// onPostCreate answers post-create(app): an app comes with one web process, and
// its domains answer 503 until it runs.
func (p *ps) onPostCreate(ctx context.Context, c *trigger.Call) error {
	p.flow.Created(c.Arg(0))
	if err := p.host.Store.SetList(deploy.ScaleList, c.Arg(0), []string{"web=1"}); err != nil {
		return err
	}
	return p.flow.BuildProxyConfig(ctx, c.Arg(0))
}

// onCanScale answers ps-can-scale(app, true|false): whether ps:scale may change
// the scale. Without a value it tells it.
func (p *ps) onCanScale(_ context.Context, c *trigger.Call) error {
	if value := c.Arg(1); value != "" {
		if err := validBool(value); err != nil {
			return err
		}
		return p.host.Store.Set(deploy.CanScale, c.Arg(0), value)
	}
	v, err := p.host.Store.Computed(deploy.CanScale, c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, v)
	}
	return err
}

// onCurrentScale answers ps-current-scale(app) with lines TYPE=N.
func (p *ps) onCurrentScale(_ context.Context, c *trigger.Call) error {
	scale, err := p.flow.Scale(c.Arg(0))
	if err != nil {
		return err
	}
	for _, process := range slices.Sorted(maps.Keys(scale)) {
		fmt.Fprintf(c.Out, "%s=%d\n", process, scale[process])
	}
	return nil
}
