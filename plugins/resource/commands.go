package resource

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type changeArgs struct {
	Process        string `flag:"process-type" help:"a process type to manage, or build"`
	CPU            string `flag:"cpu" help:"number of processors, such as 0.5"`
	Memory         string `flag:"memory" help:"memory, such as 256 (megabytes) or 1g"`
	MemorySwap     string `flag:"memory-swap" help:"memory and swap space together, such as 1g, or -1 for any"`
	Network        string `flag:"network" help:"network bandwidth"`
	NetworkIngress string `flag:"network-ingress" help:"incoming network bandwidth"`
	NetworkEgress  string `flag:"network-egress" help:"outgoing network bandwidth"`
	NvidiaGPU      string `flag:"nvidia-gpu" help:"number of Nvidia GPUs, or all"`
	App            string `arg:"app"`
}

// clearWord as a value unsets it.
const clearWord = "clear"

// change is resource:limit or resource:reserve.
func change(r resources, k kind) func(context.Context, *command.Call, changeArgs) error {
	return func(_ context.Context, c *command.Call, in changeArgs) error {
		process, err := processType(in.Process)
		if err != nil {
			return command.BadInput("%w", err)
		}
		given := map[string]string{
			"cpu": in.CPU, "memory": in.Memory, "memory-swap": in.MemorySwap, "network": in.Network,
			"network-ingress": in.NetworkIngress, "network-egress": in.NetworkEgress, "nvidia-gpu": in.NvidiaGPU,
		}
		some := false
		for _, name := range names {
			if v := given[name]; v != "" && v != clearWord {
				if err := check(name, v); err != nil {
					return command.BadInput("%w", err)
				}
			}
			some = some || given[name] != ""
		}
		if !some {
			return r.show(c.Out, in.App, process, k)
		}
		return r.set(c.Out, in.App, process, k, given)
	}
}

func (r resources) set(out *command.Output, app, process string, k kind, given map[string]string) error {
	out.Headers().Title("Setting resource %s for %s%s", k.noun(), app, suffix(process, ""))
	for _, name := range names {
		p := property(process, k, name)
		var err error
		switch v := given[name]; v {
		case "":
			continue
		case clearWord:
			out.Text("%s: cleared", name)
			err = r.h.Store.Unset(p, app)
		default:
			out.Text("%s: %s", name, v)
			err = r.h.Store.Set(p, app, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r resources) show(out *command.Output, app, process string, k kind) error {
	out.Headers().Title("resource %s %s information%s", k.noun(), app, suffix(process, " [defaults]"))
	for _, name := range names {
		v, err := r.h.Store.Get(property(process, k, name), app)
		if err != nil {
			return err
		}
		out.Text("%s: %s", name, v)
	}
	return nil
}

// suffix names the process type, or says whole where there is none.
func suffix(process, whole string) string {
	if process == everyProcess {
		return whole
	}
	return fmt.Sprintf(" (%s)", process)
}

type clearArgs struct {
	Process string `flag:"process-type" help:"a process type to clear"`
	App     string `arg:"app"`
}

// reset is resource:limit-clear or resource:reserve-clear: of one process
// type, or of them all and the defaults.
func reset(r resources, k kind) func(context.Context, *command.Call, clearArgs) error {
	return func(_ context.Context, c *command.Call, in clearArgs) error {
		process, err := processType(in.Process)
		if err != nil {
			return command.BadInput("%w", err)
		}
		c.Out.Headers().Title("clearing %s %s%s", in.App, k.noun(), suffix(process, ""))
		all, err := r.values(in.App)
		if err != nil {
			return err
		}
		for key := range all {
			if key.kind != k || (in.Process != "" && key.process != process) {
				continue
			}
			if err := r.h.Store.Unset(key.property(), in.App); err != nil {
				return err
			}
		}
		return nil
	}
}

func (r resources) reportApp(_ context.Context, app string) (plugin.Rows, error) {
	all, err := r.h.Store.Properties("resource", app)
	rows := plugin.Rows{}
	for name, v := range all {
		rows["resource-"+name] = v
	}
	return rows, err
}

func (r resources) reportGlobal(ctx context.Context) (plugin.Rows, error) {
	return r.reportApp(ctx, state.Global)
}
