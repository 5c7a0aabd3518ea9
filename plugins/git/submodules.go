package git

import (
	"context"
	"errors"

	"github.com/slipwayhq/slipway/command"
)

// syncRemote is the name of the remote that git:sync keeps in an app's
// repository. Dokku: fn-git-fetch.
const syncRemote = "remote"

// updateSubmodules fetches the submodules that .gitmodules names, and theirs.
// Relative URLs are relative to where the app is synced from, if it is.
// Which kinds of URL may be used is git's own decision: not a path of this
// machine.
func (w worktree) updateSubmodules(ctx context.Context, r repository) error {
	if url, err := r.git(ctx, "config", "--get", "remote."+syncRemote+".url"); err == nil && url != "" {
		if _, err := w.git(ctx, "config", "remote.origin.url", url); err != nil {
			return err
		}
	}
	_, err := w.git(ctx, "submodule", "--quiet", "update", "--init", "--recursive")
	var failed *gitError
	if errors.As(err, &failed) {
		return command.Fail("Cannot fetch the submodules of %s; their URLs must be absolute and readable by this server (see dokku git:auth and git:generate-deploy-key)\n%s",
			w.app, failed.stderr)
	}
	return err
}
