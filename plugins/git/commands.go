package git

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// imageSource is the deploy source of an app that runs a given image.
const imageSource = "docker-image"

// commands are what users call.
func (s *service) commands() []*command.Command {
	return []*command.Command{
		command.New("git:initialize", "Initialize a git repository for an app", s.initialize),
		command.New("git:status", "show the working tree status for an app", s.status),
		command.New("git:from-image", "Updates an app's git repository with a given docker image", s.gitFromImage,
			command.Usage("<app> <docker-image> [<git-username> <git-email>]")),
		command.New("git:load-image", "Updates an app's git repository with a docker image loaded from stdin", s.gitLoadImage,
			command.Usage("<app> <docker-image> [<git-username> <git-email>]")),
		command.New("git:from-archive", "Updates an app's git repository with a given archive file", s.gitFromArchive,
			command.RawFlags, command.Usage("<app> <archive-url> [<git-username> <git-email>]")),
		command.New("git:sync", "Clone or fetch an app from remote git repo", s.gitSync,
			command.Usage("[--build|--build-if-changes] [--skip-deploy-branch] <app> <repository> [<git-ref>]")),
		command.New("git:auth", "Configures netrc authentication for a given git server", s.auth,
			command.Usage("<host> [<username> <password>]")),
		command.New("git:auth-status", "Reports whether the netrc entry matches the requested state (exit 0 if matches)", s.authStatus,
			command.Usage("<host> [<username> <password>]")),
		command.New("git:allow-host", "Adds a host to known_hosts", s.allowHost),
		command.New("git:generate-deploy-key", "Generates a deploy ssh key", s.generateDeployKey),
		command.New("git:public-key", "Outputs the dokku public deploy key", s.publicKey),
		command.New("git:unlock", "Remove the deploy lock of an app", s.unlock, command.Hidden), // Dokku's help leaves it out too
		plugin.SetCommand(s.host, "git", plugin.BadKey, properties, s.changed,
			command.Usage("<app> <property> (<value>)")),
		plugin.Report{Feature: "git", App: s.appRows, Global: s.globalRows}.Command(s.host),
	}
}

type appArgs struct {
	App string `arg:"app"`
}

func (s *service) initialize(ctx context.Context, c *command.Call, in appArgs) error {
	c.Out.Headers().Step("Initializing git repository for %s", in.App)
	return s.createRepository(ctx, in.App)
}

// status shows what `git status` says of the repository, which as a bare one
// has no working tree.
func (s *service) status(ctx context.Context, c *command.Call, in appArgs) error {
	text, err := s.repository(in.App).git(ctx, "status")
	var failed *gitError
	if errors.As(err, &failed) {
		c.Out.ErrorLine("%s", failed.stderr)
		return command.Exit{Code: failed.code}
	}
	if err != nil {
		return err
	}
	c.Out.Line("%s", text)
	return nil
}

type unlockArgs struct {
	App   string `arg:"app"`
	Force bool   `flag:"force" help:"taken for scripts that give it"`
}

// unlock takes away the lock of apps:lock, as apps:unlock does. It never ends a
// deploy: the lock of a deploy goes with it, however it ends.
func (s *service) unlock(_ context.Context, c *command.Call, in unlockArgs) error {
	store := s.host.Store
	switch {
	case store.AppLocked(in.App):
		if err := store.SetAppLocked(in.App, false); err != nil {
			return err
		}
		c.Out.Step("Deploy lock removed")
		return nil
	case store.AppDeploying(in.App):
		return command.Fail("A deploy of %s is under way. Wait for it, or end it with: dokku builds:cancel %s", in.App, in.App)
	}
	return command.Fail("Deploy lock does not exist")
}

// changed is called after git:set.
func (s *service) changed(ctx context.Context, app, property string) error {
	switch property {
	case revEnvVar.Name:
		// Clearing it means that there is no such variable.
		// Dokku: plugins/git/subcommands/set.
		if _, set, err := s.host.Store.Lookup(revEnvVar, app); err != nil || set {
			return err
		}
		return s.host.Store.Set(revEnvVar, app, "")
	case deployBranch.Name:
		if app == state.Global || !s.repository(app).exists() {
			return nil
		}
		branch, err := s.branch(app)
		if err != nil {
			return err
		}
		return s.repository(app).follow(ctx, branch)
	}
	return nil
}

// appRows is the report of one app, with just Dokku's rows and those of our own
// properties.
func (s *service) appRows(_ context.Context, app string) (plugin.Rows, error) {
	rows, err := s.propertyRows(app)
	if err != nil {
		return nil, err
	}
	if rows["git-rev-env-var"], err = s.revVar(app); err != nil {
		return nil, err
	}
	if rows["git-source-image"], err = s.host.Store.Get(sourceImage, app); err != nil {
		return nil, err
	}
	branch := rows["git-computed-deploy-branch"]
	r := s.repository(app)
	if rows["git-sha"], err = r.head(branch); err != nil {
		return nil, err
	}
	if rows["git-sha"] == "" {
		rows["git-sha"] = "HEAD" // what git rev-parse answers where there is no commit
	}
	rows["git-last-updated-at"] = ""
	if st, err := os.Stat(filepath.Join(r.dir, "refs", "heads", filepath.FromSlash(branch))); err == nil {
		rows["git-last-updated-at"] = strconv.FormatInt(st.ModTime().Unix(), 10)
	}
	return rows, nil
}

func (s *service) globalRows(context.Context) (plugin.Rows, error) {
	return s.propertyRows(state.Global)
}

// propertyRows are the raw, global and computed rows: those of Dokku, and of
// our own limits where somebody set one.
func (s *service) propertyRows(app string) (plugin.Rows, error) {
	shown := reported
	for _, p := range []state.Property{pushMaxFiles, pushMaxSize} {
		for _, scope := range []string{app, state.Global} {
			_, set, err := s.host.Store.Lookup(p, scope)
			if err != nil {
				return nil, err
			}
			if set {
				shown = append(slices.Clone(shown), p)
				break
			}
		}
	}
	return plugin.PropertyRows(s.host, "git-", shown, app)
}

// reported are the properties that always have their rows.
var reported = []state.Property{archiveMaxFiles, archiveMaxSize, deployBranch, keepGitDir}
