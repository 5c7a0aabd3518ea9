package git

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/trigger"
)

type hookArgs struct {
	App string `arg:"app"`
}

// hook deploys what is being pushed: git's pre-receive hook calls it with the
// list of changes on standard input. An error refuses the whole push.
func (s *service) hook(ctx context.Context, c *command.Call, in hookArgs) error {
	// Behind the host's own sshd a remote caller looks local; without a push of
	// theirs there is nothing to deploy.
	if c.Actor.Remote != "" || !s.pushes.underWay(s.repository(in.App)) {
		return command.Deny("git-hook is called by git itself, when something is pushed")
	}
	r, err := s.repository(in.App).withIncoming(c.Env)
	if err != nil {
		return err
	}
	fallback, err := s.branch(in.App)
	if err != nil {
		return err
	}
	if err := checkBranch(fallback); err != nil {
		c.Out.Step("WARNING: Invalid branch name '%s' specified via deploy-branch setting.", fallback)
		c.Out.Step("For more details, please see the man page for 'git-check-ref-format.'")
		return nil //nolint:nilerr // a warning, as Dokku's
	}
	configured, err := s.configuredBranch(in.App)
	if err != nil {
		return err
	}
	updates, err := parseUpdates(c.In)
	if err != nil {
		return command.BadInput("%w", err)
	}
	c.Out = c.Out.Combined() // git shows both streams as one
	p := push{service: s, call: c, repo: r, branch: fallback}
	return p.take(ctx, updates, choose(updates, configured, fallback))
}

// push is one push under way.
type push struct {
	*service
	call   *command.Call
	repo   repository
	branch string // the deploy branch before the push
}

func (p push) take(ctx context.Context, updates []update, what choice) error {
	app, out := p.repo.app, p.call.Out
	if what.refused != nil {
		return command.Fail("The branch %s is the deploy branch of %s and cannot be deleted.\nDeploy another one first (dokku git:set %s deploy-branch <branch>), or remove the app (dokku apps:destroy %s)",
			what.refused.short(), app, app, app)
	}
	if what.deploy == nil && p.host.Bus.Handled("receive-branch") {
		return p.handOver(ctx, updates)
	}
	var err error
	switch {
	case what.adopt != "":
		p.branch = what.adopt
		err = p.adopt(ctx, what)
	case what.deploy != nil:
		err = p.deploy(ctx, what.deploy.new)
	}
	if err != nil {
		return err
	}
	for _, u := range what.others {
		if !u.named() {
			continue // notes and the like
		}
		out.Step("WARNING: deploy did not complete, you must push to %s.", p.branch)
		out.Step("for example, try 'git push <dokku> %s:%s'", u.short(), p.branch)
	}
	return nil
}

// adopt makes the first branch that was ever pushed the deploy branch. It does
// not stay so when the deploy fails.
func (p push) adopt(ctx context.Context, what choice) error {
	app, store := p.repo.app, p.host.Store
	if err := checkBranch(what.adopt); err != nil {
		return command.BadInput("%w", err)
	}
	p.call.Out.Step("Set %s as deploy-branch", what.adopt)
	if err := store.Set(deployBranch, app, what.adopt); err != nil {
		return err
	}
	if err := p.deploy(ctx, what.deploy.new); err != nil {
		if undo := store.Unset(deployBranch, app); undo != nil {
			p.host.Log.Error("cannot take back the deploy branch", "app", app, "err", undo)
		}
		return err
	}
	return p.repo.follow(ctx, what.adopt)
}

// handOver lets an external plugin deploy branches that are not the deploy
// branch.
func (p push) handOver(ctx context.Context, updates []update) error {
	ctx = trigger.WithStreams(ctx, nil, p.call.Out.Stdout(), p.call.Out.Stderr())
	for _, u := range updates {
		if u.deletes() {
			continue
		}
		if err := p.host.Bus.Event(ctx, "receive-branch", p.repo.app, u.new, u.ref); err != nil {
			return err
		}
		if err := p.host.Bus.Event(ctx, "deploy-source-set", p.repo.app, "git-push", u.new); err != nil {
			return err
		}
	}
	return nil
}

// deploy deploys an object that was pushed: a commit, or a tag of one.
func (p push) deploy(ctx context.Context, object string) error {
	commit, err := p.repo.commit(ctx, object)
	if err != nil {
		return command.BadInput("What was pushed is not a commit: %s", object)
	}
	return p.deployCommit(ctx, p.call.Out, p.repo, source{
		Request: deploy.Request{Actor: pusher(p.call), Source: "git-push", Metadata: commit, Rev: commit},
		kind:    "git-push",
	})
}

// pusher is who pushed: the hook's caller is git, which carries the name along.
func pusher(c *command.Call) string {
	if name := c.Env["NAME"]; name != "" {
		return name
	}
	return c.Actor.String()
}

// source is where a deploy comes from.
type source struct {
	deploy.Request
	// kind is what apps:report shows as deploy source, with Request.Metadata.
	// Dokku: the calls of deploy-source-set in plugins/git; "" leaves it.
	kind string
	// accept is called once the release is live, to move the branch; may be nil.
	accept func(ctx context.Context) error
}

// deployCommit deploys the commit src.Rev of the repository.
func (s *service) deployCommit(ctx context.Context, out *command.Output, r repository, src source) error {
	req := src.Request
	req.App = r.app
	req.Tree = func(ctx context.Context, dir string) error { return s.export(ctx, r, src.Rev, dir) }
	if err := s.deployer.Deploy(ctx, out, req); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // it is live, whoever waits for it
	if src.accept != nil {
		if err := src.accept(ctx); err != nil {
			return err
		}
	}
	if src.kind == "" {
		return nil
	}
	return s.host.Bus.Event(ctx, "deploy-source-set", r.app, src.kind, src.Metadata)
}
