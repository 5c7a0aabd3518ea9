package docker

import (
	"context"
	"fmt"
	"regexp"

	"github.com/moby/moby/client"
)

// Volumes is the part of Engine that is about volumes.
type Volumes interface {
	// VolumeRemove removes a named volume with what is in it; one that is not there is no error. ErrConflict when a
	// container, running or not, has it.
	VolumeRemove(ctx context.Context, name string) error
}

// volumeName is what Docker takes for a volume's name. Source: moby's volume/mounts.
var volumeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// CheckVolumeName is ErrInvalid for anything but a volume's name.
func CheckVolumeName(name string) error {
	if !volumeName.MatchString(name) {
		return Errorf(ErrInvalid, "%q is not a volume's name", name)
	}
	return nil
}

// VolumeRemove implements Engine.
func (c *Client) VolumeRemove(ctx context.Context, name string) error {
	if err := CheckVolumeName(name); err != nil {
		return err
	}
	if _, err := c.api.VolumeRemove(ctx, name, client.VolumeRemoveOptions{Force: true}); err != nil {
		return fmt.Errorf("cannot remove volume %s: %w", name, c.translate(err))
	}
	return nil
}
