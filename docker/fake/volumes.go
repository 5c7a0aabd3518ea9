package fake

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// VolumeRemove implements docker.Engine. Volumes are there as long as a container has them; nothing is in them.
func (e *Engine) VolumeRemove(ctx context.Context, name string) error {
	if err := docker.CheckVolumeName(name); err != nil {
		return err
	}
	if err := e.enter(ctx, "VolumeRemove", name); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.containers {
		for _, volume := range c.args.Options["volume"] {
			if source, _, _ := strings.Cut(volume, ":"); source == name {
				return fmt.Errorf("cannot remove volume %s: %w", name, docker.Errorf(docker.ErrConflict, "remove %s: volume is in use - [%s]", name, c.ID))
			}
		}
	}
	return nil
}
