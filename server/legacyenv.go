package server

import (
	"bytes"
	"context"

	"github.com/slipwayhq/slipway/plugins/migrate"
	"github.com/slipwayhq/slipway/trigger"
)

// takeOverEnv lets what a Dokku of before 0.38 kept in ENV files be taken over,
// before anything reads config vars. What it says of files that it leaves alone
// goes to the log. A file that cannot be read must not keep the other apps down. Other
// features take over what is theirs in answer to slipway-start. On a machine that a
// Dokku still has, nothing is (pending): slipway migrate does all of it, after a
// backup.
func (cp *controlPlane) takeOverEnv(ctx context.Context) (pending bool) {
	pending, err := migrate.Pending(ctx, cp.host, cp.flow)
	if err != nil {
		cp.log.Error("cannot see whether a Dokku has this machine, so nothing of it is taken over", "err", err)
		return false
	}
	if pending {
		cp.log.Warn("a Dokku has this machine: its apps are left alone until slipway migrate takes them over")
		return true
	}
	var said bytes.Buffer
	err = cp.host.Bus.Event(trigger.WithStreams(ctx, nil, &said, &said), "config-migrate-env")
	if err != nil {
		cp.log.Error("cannot take over the config of an older Dokku", "err", err)
	}
	if said.Len() > 0 {
		cp.log.Warn("config of an older Dokku was put aside", "said", said.String())
	}
	if err := cp.host.Bus.Event(ctx, "slipway-start"); err != nil {
		cp.log.Error("cannot take over all that an older Dokku left", "err", err)
	}
	return false
}
