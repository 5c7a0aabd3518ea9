package git

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
)

type syncArgs struct {
	App              string `arg:"app"`
	URL              string `arg:"repository" missing:"Missing GIT_REMOTE parameter"`
	Ref              string `arg:"git-ref,optional"`
	Build            bool   `flag:"build" help:"deploy what was fetched"`
	BuildIfChanges   bool   `flag:"build-if-changes" help:"deploy what was fetched unless it is there already"`
	SkipDeployBranch bool   `flag:"skip-deploy-branch" help:"do not make the fetched branch the deploy branch"`
}

// Where git:sync keeps what it fetched.
const (
	syncedHeads  = hiddenRefs + "/sync/heads/"
	syncedTags   = hiddenRefs + "/sync/tags/"
	syncedCommit = hiddenRefs + "/sync/commit"
)

// gitSync makes the deploy branch what a branch, tag or commit of another
// repository is. With a build, the branch moves when the deploy has succeeded.
func (s *service) gitSync(ctx context.Context, c *command.Call, in syncArgs) error {
	if strings.HasPrefix(in.URL, "-") {
		return command.BadInput("Invalid repository %q", in.URL)
	}
	if onThisHost(in.URL) {
		if err := s.mayRead(c, in.URL); err != nil {
			return err
		}
	}
	if err := s.createRepository(ctx, in.App); err != nil {
		return err
	}
	c.Out = c.Out.Combined() // as in git:from-image
	y := syncing{service: s, out: c.Out, repo: s.repository(in.App), url: in.URL, skip: in.SkipDeployBranch}
	var err error
	if y.branch, err = s.branch(in.App); err != nil {
		return err
	}
	if y.old, err = y.repo.head(y.branch); err != nil {
		return err
	}
	if y.old == "" {
		c.Out.Headers().Step("Cloning %s from %s#%s", in.App, withoutPassword(in.URL), in.Ref)
	} else {
		c.Out.Text("Fetching remote code for %s from %s#%s", in.App, withoutPassword(in.URL), in.Ref)
	}
	done := c.Out.Busy("Fetching %s", withoutPassword(in.URL))
	found, err := y.find(ctx, strings.TrimPrefix(in.Ref, "refs/heads/"))
	done()
	var failed *gitError
	if errors.As(err, &failed) {
		c.Out.Line("%s", failed.stderr)
		return command.Exit{Code: failed.code}
	}
	if err != nil {
		return err
	}
	// Relative URLs of submodules start there.
	if _, err := y.repo.git(ctx, "config", "remote."+syncRemote+".url", withoutPassword(in.URL)); err != nil {
		return err
	}
	return y.use(ctx, found, in, c.Actor.String())
}

// syncing is one git:sync under way.
type syncing struct {
	*service
	out    *command.Output
	repo   repository
	url    string
	branch string // the deploy branch
	old    string // its commit, "" before the first sync
	skip   bool   // leave the deploy branch as it is
}

// found is what git:sync found at the other end.
type found struct {
	commit string
	branch string // the branch that was asked for, "" for a tag or commit
}

var commitLike = regexp.MustCompile(`^[0-9a-f]{4,64}$`)

// find fetches and resolves what was asked for; "" is the deploy branch, or
// the other repository's own choice when nobody chose one yet.
func (y syncing) find(ctx context.Context, ref string) (found, error) {
	if ref == "" {
		var err error
		if ref, err = y.defaultBranch(ctx); err != nil {
			return found{}, err
		}
		if err := y.fetch(ctx, "+refs/heads/"+ref+":"+syncedHeads+ref); err != nil {
			return found{}, err
		}
		commit, err := y.repo.commit(ctx, syncedHeads+ref)
		return found{commit, ref}, err
	}
	tag := strings.TrimPrefix(ref, "refs/tags/")
	if err := checkBranch(tag); err != nil {
		return found{}, command.BadInput("Invalid git reference %q", ref)
	}
	if err := y.fetch(ctx, "+refs/heads/*:"+syncedHeads+"*", "+refs/tags/*:"+syncedTags+"*"); err != nil {
		return found{}, err
	}
	if commit, err := y.repo.commit(ctx, syncedHeads+ref); err == nil {
		return found{commit, ref}, nil
	}
	if commit, err := y.repo.commit(ctx, syncedTags+tag); err == nil {
		return found{commit: commit}, nil
	}
	if commitLike.MatchString(ref) {
		if commit, err := y.repo.commit(ctx, ref); err == nil {
			return found{commit: commit}, nil
		}
		if objectID.MatchString(ref) { // it may be on no branch
			if err := y.fetch(ctx, "+"+ref+":"+syncedCommit); err != nil {
				return found{}, err
			}
			return found{commit: ref}, nil
		}
	}
	return found{}, command.Fail("There is no branch, tag or commit %s at %s", ref, withoutPassword(y.url))
}

// defaultBranch is the branch that is synced when none is named.
func (y syncing) defaultBranch(ctx context.Context) (string, error) {
	configured, err := y.configuredBranch(y.repo.app)
	if err != nil || configured != "" || y.old != "" {
		return y.branch, err
	}
	list, err := y.repo.git(ctx, "ls-remote", "--symref", "--", y.url, "HEAD", "refs/heads/"+y.branch)
	if err != nil {
		return "", err
	}
	head := ""
	for line := range strings.Lines(list) {
		id, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if ref == "refs/heads/"+y.branch {
			return y.branch, nil
		}
		if target, ok := strings.CutPrefix(id, "ref: refs/heads/"); ok && ref == "HEAD" && checkBranch(target) == nil {
			head = target
		}
	}
	if head != "" {
		return head, nil
	}
	return y.branch, nil
}

func (y syncing) fetch(ctx context.Context, refs ...string) error {
	_, err := y.repo.git(ctx, append([]string{"fetch", "--quiet", "--no-tags", "--prune", "--", y.url}, refs...)...)
	return err
}

// use moves the deploy branch to what was found, after a deploy if one is
// asked for.
func (y syncing) use(ctx context.Context, f found, in syncArgs, actor string) error {
	adopt := ""
	if y.old == "" && f.branch != "" {
		if y.skip {
			y.out.Text("Detected branch %s, skipping deploy-branch setting", f.branch)
		} else {
			y.out.Text("Detected branch, setting deploy-branch to %s", f.branch)
			adopt = f.branch
		}
	}
	accept := func(ctx context.Context) error { return y.accept(ctx, f, adopt) }
	if in.BuildIfChanges && !in.Build && y.old == f.commit {
		y.out.Text("Skipping build as no changes were detected")
		return nil
	}
	if !in.Build && !in.BuildIfChanges {
		return accept(ctx)
	}
	return y.step(ctx, "receive-app", []string{y.repo.app, f.commit}, func(ctx context.Context) error {
		return y.deployCommit(ctx, y.out, y.repo, source{
			Request: deploy.Request{Actor: actor, Source: "git:sync", Metadata: withoutPassword(y.url) + "#" + f.commit, Rev: f.commit},
			kind:    "git-sync", accept: accept,
		})
	})
}

// accept makes what was found the deploy branch's head. A branch that was asked
// for is there by its own name too, as after Dokku's fetch.
func (y syncing) accept(ctx context.Context, f found, adopt string) error {
	commit := f.commit
	branch, old := y.branch, y.old
	if adopt != "" {
		if err := y.host.Store.Set(deployBranch, y.repo.app, adopt); err != nil {
			return err
		}
		if adopt != branch {
			branch = adopt
			var err error
			if old, err = y.repo.head(branch); err != nil {
				return err
			}
		}
	}
	if commit != old {
		if err := y.repo.advance(ctx, branch, commit, old); err != nil {
			return err
		}
	}
	if f.branch != "" && f.branch != branch && y.old != "" {
		if _, err := y.repo.git(ctx, "update-ref", "refs/heads/"+f.branch, commit); err != nil {
			return fmt.Errorf("cannot move the branch %s of %s: %w", f.branch, y.repo.app, err)
		}
	}
	return y.repo.follow(ctx, branch)
}
