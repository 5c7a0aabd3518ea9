package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// export writes the tree of a commit into the empty folder dir, with its
// submodules, and without any .git unless the app keeps it.
//
// The tree is checked out by git itself (not `git archive`, which leaves out
// what export-ignore names) into a repository of its own that borrows the
// objects of the app's. So neither the app's configuration nor its hooks play
// a part. git refuses paths that lead out of the tree; links are written as
// they are, and readers of the tree must not follow them out of it (os.Root).
func (s *service) export(ctx context.Context, r repository, rev, dir string) error {
	limit, err := s.treeLimit(r.app)
	if err != nil {
		return err
	}
	submodules, err := r.checkTree(ctx, rev, limit)
	if err != nil {
		return err
	}
	keep, err := s.host.Store.Computed(keepGitDir, r.app)
	if err != nil {
		return err
	}
	w, err := r.checkout(ctx, rev, dir)
	if err != nil {
		return err
	}
	if submodules {
		if err := w.updateSubmodules(ctx, r); err != nil {
			return err
		}
		if err := limit.checkFolder(ctx, dir); err != nil {
			return err
		}
	}
	if keep == "true" {
		branch, err := s.branch(r.app)
		if err != nil {
			return err
		}
		return w.detach(ctx, r, rev, branch)
	}
	return removeGit(dir, submodules)
}

// treeLimit bounds a tree that is exported.
type treeLimit struct {
	app          string
	files, bytes int64
}

func (s *service) treeLimit(app string) (l treeLimit, err error) {
	l.app = app
	if l.files, err = s.count(pushMaxFiles, app); err != nil {
		return l, err
	}
	l.bytes, err = s.count(pushMaxSize, app)
	return l, err
}

// check tells whether that much is too much.
func (l treeLimit) check(files, bytes int64) error {
	switch {
	case files > l.files:
		return l.exceeded("has more than %d files", l.files, pushMaxFiles)
	case bytes > l.bytes:
		return l.exceeded("has more than %d bytes", l.bytes, pushMaxSize)
	}
	return nil
}

func (l treeLimit) exceeded(what string, limit int64, p state.Property) error {
	return command.Fail("The source of %s "+what+". Raise the limit with: dokku git:set %s %s <number>", l.app, limit, l.app, p.Name)
}

// checkFolder checks what has been written, submodules included.
func (l treeLimit) checkFolder(ctx context.Context, dir string) error {
	var files, bytes int64
	return filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("cannot read the source of %s: %w", l.app, err)
		case ctx.Err() != nil:
			return ctx.Err()
		case e.Name() == ".git" && e.IsDir():
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		st, err := e.Info()
		if err != nil {
			return fmt.Errorf("cannot read the source of %s: %w", l.app, err)
		}
		files++
		bytes += st.Size()
		return l.check(files, bytes)
	})
}

// checkTree checks the tree of a commit before any of it is written, and tells
// whether it has submodules.
func (r repository) checkTree(ctx context.Context, rev string, limit treeLimit) (submodules bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	env := append([]string{"GIT_DIR=" + r.dir}, r.incoming...)
	cmd := r.command(ctx, r.dir, env, "git", "ls-tree", "-r", "-l", "-z", "--full-tree", rev)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var files, size int64
	var found error
	stop := func(err error) {
		found = err
		cancel()
	}
	cmd.Stdout = &recordWriter{emit: func(record string) {
		if found != nil {
			return
		}
		e, err := parseTreeEntry(record)
		if err != nil {
			stop(err)
			return
		}
		submodules = submodules || e.kind == "commit"
		files++
		size += e.size
		if err := limit.check(files, size); err != nil {
			stop(err)
		}
	}}
	err = run(ctx, cmd)
	var exit *exec.ExitError
	switch {
	case found != nil:
		return false, found
	case errors.As(err, &exit):
		return false, fmt.Errorf("cannot read the source of %s: %w", r.app, &gitError{"ls-tree", exit.ExitCode(), strings.TrimSpace(stderr.String())})
	case err != nil:
		return false, err
	case files == 0:
		return false, command.Fail("There are no files in the revision %s of %s. Commit the app's files and push again", rev, r.app)
	}
	return submodules, nil
}

// treeEntry is one line of `git ls-tree -l -z`.
type treeEntry struct {
	kind string // blob, or commit for a submodule
	size int64  // bytes; 0 for a submodule
}

func parseTreeEntry(record string) (treeEntry, error) {
	meta, _, ok := strings.Cut(record, "\t")
	fields := strings.Fields(meta) // mode, kind, object, size
	if !ok || len(fields) != 4 {
		return treeEntry{}, fmt.Errorf("cannot read the list of files: %q", record)
	}
	e := treeEntry{kind: fields[1]}
	if fields[3] == "-" {
		return e, nil
	}
	n, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil {
		return e, fmt.Errorf("cannot read the list of files: %q", record)
	}
	e.size = n
	return e, nil
}

// recordWriter cuts what is written to it at NUL bytes. Every record of
// `git ls-tree -z` ends with one.
type recordWriter struct {
	part []byte
	emit func(string)
}

func (w *recordWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, 0)
		if i < 0 {
			w.part = append(w.part, p...)
			return n, nil
		}
		w.emit(string(append(w.part, p[:i]...)))
		w.part, p = w.part[:0], p[i+1:]
	}
}

// worktree is a tree that has been checked out, with its .git.
type worktree struct {
	runner
	app, dir string
}

func (w worktree) git(ctx context.Context, args ...string) (string, error) {
	return output(ctx, w.command(ctx, w.dir, nil, "git", args...))
}

// checkout writes the tree of a commit into dir.
func (r repository) checkout(ctx context.Context, rev, dir string) (worktree, error) {
	w := worktree{runner: r.runner, app: r.app, dir: dir}
	fail := func(err error) (worktree, error) {
		return w, fmt.Errorf("cannot write the source of %s: %w", r.app, err)
	}
	if u := r.exec.User; u != nil {
		if err := os.Chown(dir, int(u.UID), int(u.GID)); err != nil {
			return fail(err)
		}
	}
	if _, err := w.git(ctx, "init", "-q", "--template=", "--initial-branch=slipway"); err != nil {
		return fail(err)
	}
	if err := w.borrow(r.objects); err != nil {
		return fail(err)
	}
	for _, args := range [][]string{
		{"update-ref", "--no-deref", "HEAD", rev},
		{"read-tree", "--reset", "-u", rev},
	} {
		if _, err := w.git(ctx, args...); err != nil {
			return fail(err)
		}
	}
	return w, nil
}

// alternates is where a repository names the folders of objects that it
// borrows. Source: gitrepository-layout(5).
const alternates = ".git/objects/info/alternates"

func (w worktree) borrow(objects []string) error {
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Dir(alternates), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(alternates, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	for _, dir := range objects {
		fmt.Fprintln(b, dir)
	}
	return errors.Join(b.Flush(), f.Close())
}

// detach makes the tree's repository whole: the refs of the app's repository,
// the branch that is deployed at rev, and all objects.
func (w worktree) detach(ctx context.Context, r repository, rev, branch string) error {
	fail := func(err error) error { return fmt.Errorf("cannot keep .git in the source of %s: %w", r.app, err) }
	for _, from := range [][]string{
		{"--format=update refs/tags/%(refname:lstrip=4) %(objectname)", strings.TrimSuffix(syncedTags, "/")},
		{"--format=update %(refname) %(objectname)", "refs/heads", "refs/tags"},
	} {
		refs, err := r.git(ctx, append([]string{"for-each-ref"}, from...)...)
		if err != nil {
			return fail(err)
		}
		if refs == "" {
			continue
		}
		cmd := w.command(ctx, w.dir, nil, "git", "update-ref", "--stdin")
		cmd.Stdin = strings.NewReader(refs + "\n")
		if _, err := output(ctx, cmd); err != nil {
			return fail(err)
		}
	}
	for _, args := range [][]string{
		{"update-ref", "refs/heads/" + branch, rev},
		{"symbolic-ref", "HEAD", "refs/heads/" + branch},
		{"repack", "-a", "-d", "-q"}, // without -l: with the borrowed objects
	} {
		if _, err := w.git(ctx, args...); err != nil {
			return fail(err)
		}
	}
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return fail(err)
	}
	defer root.Close()
	// What other repositories have too, for scripts that expect it.
	if err := root.MkdirAll(".git/hooks", 0o755); err != nil {
		return fail(err)
	}
	if err := root.WriteFile(".git/description", []byte(r.app+"\n"), 0o644); err != nil {
		return fail(err)
	}
	if err := root.Remove(alternates); err != nil {
		return fail(err)
	}
	return nil
}

// removeGit removes .git of the tree, and with deep everything below that git
// could take for its own, such as the .git of submodules.
func removeGit(dir string, deep bool) error {
	fail := func(err error) error { return fmt.Errorf("cannot remove .git from the source: %w", err) }
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fail(err)
	}
	defer root.Close()
	found := []string{".git"}
	if deep {
		if found, err = gitEntries(dir); err != nil {
			return fail(err)
		}
	}
	for _, name := range found {
		if err := root.RemoveAll(name); err != nil {
			return fail(err)
		}
	}
	return nil
}

// gitEntries lists the relative paths of all files and folders named .git,
// without what is below them.
func gitEntries(dir string) (found []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.EqualFold(e.Name(), ".git") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found = append(found, name)
		if err == nil && e.IsDir() {
			return fs.SkipDir
		}
		return err
	})
	return found, err
}
