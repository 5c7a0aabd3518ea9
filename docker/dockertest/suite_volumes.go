package dockertest

import (
	"testing"

	"github.com/slipwayhq/slipway/docker"
)

func (s *suite) volumes(t *testing.T) {
	ctx, name := t.Context(), Name(t)
	id := CreateWith(t, s.Engine, []string{"--volume=" + name + ":/data"}, s.image, polite.Cmd...)
	isKind(t, s.Engine.VolumeRemove(ctx, name), docker.ErrConflict)
	check(t, s.Engine.Remove(ctx, id))
	check(t, s.Engine.VolumeRemove(ctx, name))
	check(t, s.Engine.VolumeRemove(ctx, name)) // it is gone
	for _, bad := range []string{"", "../x", "-rf", "a b", "x?force=1"} {
		isKind(t, s.Engine.VolumeRemove(ctx, bad), docker.ErrInvalid)
	}
}
