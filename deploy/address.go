package deploy

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/schedule"
)

// addressed are the instances with the addresses that a plugin gives for them
// by network-get-ipaddr APP PROCESS ID, in place of those that the engine knows:
// an app that is reached over an overlay or a tunnel. What Dokku's own network
// plugin would answer is what the engine says, so only others are asked.
// Source: Dokku plugins/scheduler-docker-local/bin/scheduler-deploy-process-container.
func (f *Flow) addressed(ctx context.Context, instances []schedule.Instance) ([]schedule.Instance, error) {
	plugins := f.host.Bus.Installed()
	if !plugins.Handled("network-get-ipaddr") {
		return instances, nil
	}
	instances = slices.Clone(instances)
	for n, i := range instances {
		if !i.Running {
			continue
		}
		answers, err := plugins.Query(ctx, "network-get-ipaddr", i.App, i.Process, i.ID)
		if err != nil {
			return nil, fmt.Errorf("cannot learn the address of %s.%s: %w", i.App, i.Dyno(), err)
		}
		address, _, _ := strings.Cut(answers, "\n")
		if address = strings.TrimSpace(address); address == "" {
			continue
		}
		if _, err := netip.ParseAddr(address); err != nil {
			return nil, command.Fail("A plugin gives %q as the address of %s.%s, which is no IP address\nSee which plugins are there: dokku plugin:list", address, i.App, i.Dyno())
		}
		instances[n].IP = address
	}
	return instances, nil
}

// list is Instances of a scheduler, addressed.
func (f *Flow) list(ctx context.Context, s schedule.Scheduler, name string) ([]schedule.Instance, error) {
	all, err := s.Instances(ctx, name)
	if err != nil {
		return nil, err
	}
	return f.addressed(ctx, all)
}
