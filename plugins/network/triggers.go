package network

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

func (n network) triggers() plugin.Triggers {
	return plugin.Triggers{
		"core-post-deploy":             n.onCorePostDeploy,
		"docker-args-process-build":    n.onArgs("build"),
		"docker-args-process-deploy":   n.onArgs("deploy"),
		"docker-args-process-run":      n.onArgs("run"),
		"network-build-config":         func(ctx context.Context, c *trigger.Call) error { return n.buildConfig(ctx, c.Output(), c.Arg(0)) },
		"network-clear-config":         func(_ context.Context, c *trigger.Call) error { return n.clear(c.Arg(0)) },
		"network-config-exists":        n.onConfigExists,
		"network-get-ipaddr":           n.onGetIP,
		"network-get-listeners":        n.onGetListeners,
		"network-get-property":         n.onGetProperty,
		"network-get-static-listeners": n.onGetStatic,
		"network-write-ipaddr":         n.onWrite("IP"),
		"network-write-port":           n.onWrite("PORT"),
		"post-app-clone-setup":         func(_ context.Context, c *trigger.Call) error { return n.clear(c.Arg(1)) },
		"post-app-rename-setup":        func(_ context.Context, c *trigger.Call) error { return n.clear(c.Arg(1)) },
		"post-container-create":        n.onContainerCreate,
		"slipway-pre-deploy":           n.onPreDeploy,
		"slipway-pre-route":            n.onPreRoute,
	}
}

// onArgs answers docker-args-process-PHASE APP SOURCE [TAG [PROCESS [INDEX]]].
func (n network) onArgs(phase string) func(context.Context, *trigger.Call) error {
	return func(_ context.Context, c *trigger.Call) error {
		if phase == "build" && c.Arg(1) == "dockerfile" {
			return nil
		}
		name, err := n.h.Store.Computed(initialNetwork, c.Arg(0))
		if err != nil || name == "" {
			return err
		}
		fmt.Fprintf(c.Out, " --network=%s ", name)
		// Docker has names only on networks of users' making.
		if process := c.Arg(3); phase == "deploy" && process != "" && !slices.Contains([]string{"bridge", "default", "host", "none"}, name) {
			alias, err := n.alias(c.Arg(0), process)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Out, "--network-alias=%s ", alias)
		}
		return nil
	}
}

// onConfigExists answers network-config-exists APP with true or false.
func (n network) onConfigExists(_ context.Context, c *trigger.Call) error {
	listeners, err := n.listeners(c.Arg(0), "web")
	if err == nil {
		fmt.Fprintln(c.Out, len(listeners) > 0)
	}
	return err
}

// onGetIP answers network-get-ipaddr APP PROCESS ID with a container's address.
func (n network) onGetIP(ctx context.Context, c *trigger.Call) error {
	if c.Arg(1) == "web" {
		static, err := n.h.Store.Get(staticWebListener, c.Arg(0))
		if err != nil {
			return err
		}
		if static != "" {
			if host, _, err := net.SplitHostPort(static); err == nil {
				static = host
			}
			fmt.Fprintln(c.Out, static)
			return nil
		}
	}
	container, err := n.h.Docker.Inspect(ctx, c.Arg(2))
	if err == nil {
		fmt.Fprintln(c.Out, container.IP())
	}
	return err
}

// onGetListeners answers network-get-listeners APP PROCESS with HOST:PORT ….
func (n network) onGetListeners(_ context.Context, c *trigger.Call) error {
	process := c.Arg(1)
	if process == "" {
		c.Output().Warn("Deprecated: Please specify a processType argument for the network-get-listeners plugin trigger")
		process = "web"
	}
	listeners, err := n.listeners(c.Arg(0), process)
	if err == nil {
		fmt.Fprintln(c.Out, strings.Join(listeners, " "))
	}
	return err
}

// onGetProperty answers network-get-property APP KEY with the value in force.
func (n network) onGetProperty(_ context.Context, c *trigger.Call) error {
	i := slices.IndexFunc(properties, func(p state.Property) bool { return p.Name == c.Arg(1) && p.Scope != state.AppOnly })
	if i < 0 {
		return command.BadInput("Invalid network property specified: %s", c.Arg(1))
	}
	value, err := n.h.Store.Computed(properties[i], c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, value)
	}
	return err
}

// onGetStatic answers network-get-static-listeners APP PROCESS.
func (n network) onGetStatic(_ context.Context, c *trigger.Call) error {
	value, err := n.h.Store.Get(staticWebListener, c.Arg(0))
	if err == nil {
		fmt.Fprintln(c.Out, value)
	}
	return err
}

// onWrite answers network-write-ipaddr and network-write-port APP PROCESS INDEX
// VALUE.
func (n network) onWrite(kind string) func(context.Context, *trigger.Call) error {
	return func(_ context.Context, c *trigger.Call) error {
		if !n.h.Store.AppExists(c.Arg(0)) {
			return command.NoSuchApp(c.Arg(0))
		}
		if _, err := app.ParseProcessType(c.Arg(1)); err != nil {
			return err
		}
		index, value := c.Arg(2), c.Arg(3)
		if strings.Trim(index, "0123456789") != "" || index == "" {
			return command.BadInput("Invalid index of a process: %q", index)
		}
		return n.writeAddress(kind, c.Arg(0), c.Arg(1), index, value)
	}
}
