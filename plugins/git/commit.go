package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slipwayhq/slipway/command"
)

// author is who a commit is by.
type author struct{ name, email string }

// orDokku fills in what was not given. Dokku: plugins/git/git-from-directory.
func (a author) orDokku() author {
	if a.name == "" {
		a.name = "Dokku"
	}
	if a.email == "" {
		a.email = "automated@dokku.sh"
	}
	return a
}

func (a author) env() []string {
	return []string{
		"GIT_AUTHOR_NAME=" + a.name, "GIT_AUTHOR_EMAIL=" + a.email,
		"GIT_COMMITTER_NAME=" + a.name, "GIT_COMMITTER_EMAIL=" + a.email,
	}
}

// folderStep is Dokku's git-from-directory.
func (s *service) folderStep(ctx context.Context, out *command.Output, dir string, by author, src source) error {
	by = by.orDokku()
	return s.step(ctx, "git-from-directory", []string{src.App, dir, by.name, by.email}, func(ctx context.Context) error {
		return s.deployFolder(ctx, out, dir, by, src)
	})
}

// deployFolder makes a commit of the folder's content and deploys it. The
// branch moves when the deploy has succeeded. Content that is already there is
// not deployed again, which is a failure as in Dokku.
func (s *service) deployFolder(ctx context.Context, out *command.Output, dir string, by author, src source) error {
	out.Step("Updating git repository with specified build context")
	if err := s.createRepository(ctx, src.App); err != nil {
		return err
	}
	branch, err := s.branch(src.App)
	if err != nil {
		return err
	}
	r := s.repository(src.App)
	old, err := r.head(branch)
	if err != nil {
		return err
	}
	commit, err := r.commitFolder(ctx, dir, old, by.orDokku())
	if err != nil {
		return fmt.Errorf("cannot put the source into the repository of %s: %w", src.App, err)
	}
	if commit == "" {
		out.Warn("No changes detected, skipping git commit")
		out.Warn("Call 'ps:rebuild' on app to rebuild the app from existing source")
		return command.Exit{Code: 1} // Dokku: plugins/git/git-from-directory; its documentation says 0
	}
	src.Rev = commit
	src.accept = func(ctx context.Context) error { return r.advance(ctx, branch, commit, old) }
	return s.deployCommit(ctx, out, r, src)
}

// commitFolder makes a commit of a folder's content on top of parent ("" for
// none) and returns it, or "" when parent has the same content. No branch
// moves. Any .git in the folder is removed first: it is not content, and what
// git does in a folder depends on the configuration there.
func (r repository) commitFolder(ctx context.Context, dir, parent string, by author) (string, error) {
	if err := removeGit(dir, true); err != nil {
		return "", err
	}
	scratch, err := r.scratch()
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	env := append(by.env(), "GIT_WORK_TREE="+dir, "GIT_INDEX_FILE="+filepath.Join(scratch, "index"))
	if _, err := r.gitWith(ctx, env, "add", "--all"); err != nil {
		return "", err
	}
	tree, err := r.gitWith(ctx, env, "write-tree")
	if err != nil {
		return "", err
	}
	message, args := "Initial commit", []string{"commit-tree", tree}
	if parent != "" {
		before, err := r.git(ctx, "rev-parse", "--verify", parent+"^{tree}")
		if err != nil {
			return "", err
		}
		if before == tree {
			return "", nil
		}
		message = fmt.Sprintf("Automated commit @ %d", time.Now().Unix())
		args = append(args, "-p", parent)
	}
	return r.gitWith(ctx, env, append(args, "-m", message)...)
}

// scratch makes a temporary folder that the system user may write to.
func (r runner) scratch() (string, error) {
	dir, err := os.MkdirTemp("", "slipway-git-")
	if err != nil {
		return "", fmt.Errorf("cannot make a temporary folder: %w", err)
	}
	if u := r.exec.User; u != nil {
		if err := os.Chown(dir, int(u.UID), int(u.GID)); err != nil {
			os.RemoveAll(dir)
			return "", fmt.Errorf("cannot make a temporary folder: %w", err)
		}
	}
	return dir, nil
}
