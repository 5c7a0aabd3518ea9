package git

import (
	"context"
	"fmt"
	"os"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

// triggers are what other features ask of this one.
func (s *service) triggers() plugin.Triggers {
	return plugin.Triggers{
		"post-create":           s.onCreate,
		"post-app-clone-setup":  s.onCopy,
		"post-app-rename-setup": s.onCopy,
		"deploy-source-set":     s.onSource,
		"git-from-archive":      s.onFromArchive,
		"git-from-directory":    s.onFromDirectory,
		"git-from-image":        s.onFromImage,
		"git-deploy-branch":     s.onDeployBranch,
		"git-get-property":      s.onGetProperty,
		"git-has-code":          s.onHasCode,
		"git-revision":          s.onRevision,
		"receive-app":           s.onReceive,
	}
}

// step fires a trigger that this feature answers where others fire it, and whose
// work it does by itself now.
func (s *service) step(ctx context.Context, name string, args []string, do func(ctx context.Context) error) error {
	return s.host.Bus.Step(ctx, trigger.Handler{Plugin: "git", Trigger: name, Run: func(ctx context.Context, _ *trigger.Call) error {
		return do(ctx)
	}}, args...)
}

// outputOf prints where a trigger prints.
func outputOf(c *trigger.Call) *command.Output { return command.NewOutput(c.Out, c.Err) }

// onCreate answers post-create APP.
func (s *service) onCreate(ctx context.Context, c *trigger.Call) error {
	return s.createRepository(ctx, c.Arg(0))
}

// onCopy answers post-app-clone-setup and post-app-rename-setup OLD NEW: the
// hook in the copied folder names the old app.
func (s *service) onCopy(ctx context.Context, c *trigger.Call) error {
	return s.createRepository(ctx, c.Arg(1))
}

// onSource answers deploy-source-set APP KIND METADATA.
// Dokku: plugins/git/deploy-source-set.
func (s *service) onSource(_ context.Context, c *trigger.Call) error {
	if c.Arg(1) == imageSource {
		return nil
	}
	return s.host.Store.Unset(sourceImage, c.Arg(0))
}

// onDeployBranch answers git-deploy-branch APP.
func (s *service) onDeployBranch(_ context.Context, c *trigger.Call) error {
	return answer(c)(s.branch(c.Arg(0)))
}

// onGetProperty answers git-get-property APP KEY with the value in force.
func (s *service) onGetProperty(_ context.Context, c *trigger.Call) error {
	for _, p := range properties {
		if p.Name == c.Arg(1) {
			return answer(c)(s.host.Store.Computed(p, c.Arg(0)))
		}
	}
	return command.Exit{Code: 1}
}

// onHasCode answers git-has-code APP [BRANCH] by the exit code.
func (s *service) onHasCode(_ context.Context, c *trigger.Call) error {
	branch := c.Arg(1)
	if branch == "" {
		var err error
		if branch, err = s.branch(c.Arg(0)); err != nil {
			return err
		}
	}
	head, err := s.repository(c.Arg(0)).head(branch)
	if err == nil && head == "" {
		return command.Exit{Code: 1}
	}
	return err
}

// onRevision answers git-revision APP: the deployed revision as the app's
// config has it.
func (s *service) onRevision(_ context.Context, c *trigger.Call) error {
	name, err := s.revVar(c.Arg(0))
	if err != nil || name == "" {
		return err
	}
	env, err := s.host.Store.Env(c.Arg(0))
	return answer(c)(env[name], err)
}

// onReceive answers receive-app APP [REV], by which what is in the repository is
// deployed: ps:rebuild fires it, and plugins do.
func (s *service) onReceive(ctx context.Context, c *trigger.Call) error {
	return s.rebuild(ctx, outputOf(c), c.Arg(0), c.Arg(1), command.ActorOf(ctx).String())
}

// onFromImage answers git-from-image APP IMAGE [BUILD-DIR USER EMAIL].
func (s *service) onFromImage(ctx context.Context, c *trigger.Call) error {
	return s.deployImage(ctx, outputOf(c), image{
		app: c.Arg(0), ref: c.Arg(1), buildDir: c.Arg(2), by: author{c.Arg(3), c.Arg(4)}, actor: command.ActorOf(ctx).String(),
	})
}

// onFromArchive answers git-from-archive APP URL|-- KIND [USER EMAIL].
func (s *service) onFromArchive(ctx context.Context, c *trigger.Call) error {
	return s.deployArchive(ctx, outputOf(c), archiveSource{
		app: c.Arg(0), url: c.Arg(1), kind: c.Arg(2), by: author{c.Arg(3), c.Arg(4)}, actor: command.ActorOf(ctx).String(),
		stdin: c.In, open: s.runner().open,
	})
}

// onFromDirectory answers git-from-directory APP DIR [USER EMAIL]. The folder
// itself is left alone.
func (s *service) onFromDirectory(ctx context.Context, c *trigger.Call) error {
	dir, err := s.runner().scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := s.runner().copyFolder(ctx, c.Arg(1), dir); err != nil {
		return err
	}
	return s.deployFolder(ctx, outputOf(c), dir, author{c.Arg(2), c.Arg(3)}, source{
		Request: deploy.Request{App: c.Arg(0), Actor: command.ActorOf(ctx).String(), Source: "git:from-directory"},
	})
}

// answer prints a value, unless there is an error.
func answer(c *trigger.Call) func(value string, err error) error {
	return func(value string, err error) error {
		if err != nil || value == "" {
			return err
		}
		_, err = fmt.Fprintln(c.Out, value)
		return err
	}
}
