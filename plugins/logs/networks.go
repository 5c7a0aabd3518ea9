package logs

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// haveNetworks fails for a network that the engine does not have.
func (l *logs) haveNetworks(ctx context.Context, value string) error {
	networks, err := l.host.Docker.NetworkList(ctx)
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		if !slices.ContainsFunc(networks, func(n docker.Network) bool { return n.Name == name }) {
			return command.BadInput("Network %q does not exist", name)
		}
	}
	return nil
}

// join attaches Vector's container to all networks but the first, which it was
// created in.
func (l *logs) join(ctx context.Context, id string, networks []string) error {
	if len(networks) == 0 {
		return nil
	}
	for _, name := range networks[1:] {
		if err := l.host.Docker.NetworkConnect(ctx, name, id, []string{"vector"}); err != nil {
			return err
		}
	}
	return nil
}
