package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// repository is the bare repository of one app: $DOKKU_ROOT/APP.
type repository struct {
	runner
	app string
	dir string
	// incoming is the environment that makes the objects of a push readable
	// before it is accepted; nil outside of a push.
	incoming []string
	// objects are the folders of objects, of incoming ones too.
	objects []string
}

func (s *service) repository(app string) repository {
	dir := s.host.Store.AppDir(app)
	return repository{runner: s.runner(), app: app, dir: dir, objects: []string{filepath.Join(dir, "objects")}}
}

// git runs git in the repository and returns what it printed, trimmed.
func (r repository) git(ctx context.Context, args ...string) (string, error) {
	return r.gitWith(ctx, nil, args...)
}

func (r repository) gitWith(ctx context.Context, env []string, args ...string) (string, error) {
	env = append(append([]string{"GIT_DIR=" + r.dir}, r.incoming...), env...)
	return output(ctx, r.command(ctx, r.dir, env, "git", args...))
}

// exists tells whether the app's folder is a repository.
func (r repository) exists() bool {
	st, err := os.Stat(filepath.Join(r.dir, "refs"))
	return err == nil && st.IsDir()
}

// hook is the pre-receive hook. It is the text that Dokku writes, so that an
// app's folder works under both.
const hook = `#!/usr/bin/env bash
set -e
set -o pipefail

cat | DOKKU_ROOT="%s" dokku git-hook "%s"
`

var insideQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")

// createRepository makes the app's repository if there is none, and writes its
// hook.
func (s *service) createRepository(ctx context.Context, app string) error {
	r := s.repository(app)
	if !r.exists() {
		branch, err := s.branch(app)
		if err != nil {
			return err
		}
		if err := s.host.Store.MkdirAll(r.dir, 0o755); err != nil {
			return err
		}
		if _, err := r.git(ctx, "init", "-q", "--bare", "--template=", "--initial-branch="+branch, r.dir); err != nil {
			return fmt.Errorf("cannot make the git repository of %s: %w", app, err)
		}
	}
	text := fmt.Sprintf(hook, insideQuotes.Replace(s.host.Store.Root()), app)
	return s.host.Store.WriteFile(filepath.Join(r.dir, "hooks", "pre-receive"), []byte(text), 0o755)
}

var objectID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// head is the commit of a branch, "" when there is none.
func (r repository) head(branch string) (string, error) {
	ref := "refs/heads/" + branch
	loose, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(ref)))
	if id := strings.TrimSpace(string(loose)); err == nil && objectID.MatchString(id) {
		return id, nil
	}
	packed, err := os.ReadFile(filepath.Join(r.dir, "packed-refs"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("cannot read the branches of %s: %w", r.app, err)
	}
	for line := range strings.Lines(string(packed)) {
		if id, name, _ := strings.Cut(strings.TrimSpace(line), " "); name == ref && objectID.MatchString(id) {
			return id, nil
		}
	}
	return "", nil
}

// commit resolves a revision to the commit that it names.
func (r repository) commit(ctx context.Context, rev string) (string, error) {
	return r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
}

// follow makes HEAD name the branch, which need not exist yet, so that a clone
// checks it out.
func (r repository) follow(ctx context.Context, branch string) error {
	if _, err := r.git(ctx, "symbolic-ref", "HEAD", "refs/heads/"+branch); err != nil {
		return fmt.Errorf("cannot point the repository of %s to the branch %s: %w", r.app, branch, err)
	}
	return nil
}

// advance moves the branch from old ("" when it is new) to commit. It fails
// when somebody else moved it meanwhile.
func (r repository) advance(ctx context.Context, branch, commit, old string) error {
	if old == "" {
		old = strings.Repeat("0", len(commit))
	}
	if _, err := r.git(ctx, "update-ref", "refs/heads/"+branch, commit, old); err != nil {
		return fmt.Errorf("cannot move the branch %s of %s: %w", branch, r.app, err)
	}
	return nil
}
