package git

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
)

// rebuild deploys a revision that is in the repository; "" is the head of the
// deploy branch.
func (s *service) rebuild(ctx context.Context, out *command.Output, app, rev, actor string) error {
	r := s.repository(app)
	if rev == "" {
		branch, err := s.branch(app)
		if err != nil {
			return err
		}
		if rev, err = r.head(branch); err != nil {
			return err
		}
		if rev == "" {
			out.Step("WARNING: Cannot build from '%s' as there are no commits stored at that branch.", branch)
			return command.Exit{Code: 1}
		}
	}
	commit, err := r.commit(ctx, rev)
	if err != nil {
		return command.BadInput("There is no revision %s in the repository of %s", rev, app)
	}
	return s.deployCommit(ctx, out, r, source{
		Request: deploy.Request{Actor: actor, Source: "ps:rebuild", Metadata: commit, Rev: commit},
	})
}
