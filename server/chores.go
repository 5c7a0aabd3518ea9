package server

import (
	"context"
	"time"
)

// choreInterval is how often what is overdue is looked for. Dokku's
// dokku-retire.timer has five minutes.
const choreInterval = time.Minute

// doChores removes one-off containers that outlived their time, until ctx
// ends.
func (cp *controlPlane) doChores(ctx context.Context) error {
	ticker := time.NewTicker(choreInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := cp.host.Bus.Event(ctx, "scheduler-run-retire"); err != nil && ctx.Err() == nil {
				cp.log.Error("cannot retire one-off containers", "err", err)
			}
		}
	}
}
