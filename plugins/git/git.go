// Package git takes code in. Each app has a bare repository in
// $DOKKU_ROOT/APP; what is pushed to it is deployed before it is accepted.
//
//	git push dokku main                                    creates the app when it is new, deploys, streams the build
//	dokku git:set blog deploy-branch main                  which branch is deployed
//	dokku git:sync --build blog https://host/me/blog.git   deploys a repository that lives elsewhere
//	dokku git:from-image blog me/blog:1.2                  deploys an image
//	dokku git:from-archive blog https://host/blog.tar.gz --archive-type tar.gz
//	tar c . | ssh dokku@host git:from-archive blog --      deploys a folder
//
// The deploy branch is master until a first push of another branch is adopted
// or git:set says otherwise. A push of any other branch is stored and not
// deployed. A deploy that fails leaves the branch as it was.
//
// # Properties
//
//	deploy-branch      the branch that is deployed (master)
//	keep-git-dir       true keeps .git in the tree that is built (false)
//	rev-env-var        the config var that gets the revision (GIT_REV); "" for none
//	push-max-files     files in one pushed tree (200000)
//	push-max-size      bytes in one pushed tree (1 GiB)
//	archive-max-files  entries of one archive (10000), globally only
//	archive-max-size   bytes of one archive, packed and unpacked (1 GiB), globally only
package git

// The pack protocol is spoken by the git binary; see transport.go for a push
// and hook.go for what is done with it.

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// Deployer runs one deploy; deploy.Flow is the real one.
type Deployer interface {
	// Deploy returns when the app is live, or with a command error that says
	// why it is not; see deploy.Flow.
	Deploy(ctx context.Context, out *command.Output, req deploy.Request) error
}

// service is what the commands and triggers of this package work with.
type service struct {
	host     *plugin.Host
	deployer Deployer
	pushes   *pushTable
}

// Plugin is the git feature. Every deploy goes to d.
func Plugin(h *plugin.Host, d Deployer) plugin.Plugin { return newService(h, d).plugin() }

func newService(h *plugin.Host, d Deployer) *service {
	return &service{host: h, deployer: d, pushes: &pushTable{active: map[string]int{}}}
}

func (s *service) plugin() plugin.Plugin {
	return plugin.Plugin{
		Name:       "git",
		Help:       "Manage app deploys via git",
		Commands:   append(s.transportCommands(), s.commands()...),
		Properties: properties,
		Triggers:   s.triggers(),
	}
}

var (
	deployBranch = state.Property{
		Plugin: "git", Name: "deploy-branch", Default: "master", Validate: checkBranch,
		Help: "the branch that is deployed when it is pushed",
	}
	keepGitDir = state.Property{
		Plugin: "git", Name: "keep-git-dir", Default: "false", Validate: checkBool,
		Help: "true keeps the .git folder in the tree that is built",
	}
	// revEnvVar may be set to nothing, which means "no variable"; see revVar.
	revEnvVar = state.Property{
		Plugin: "git", Name: "rev-env-var", Default: "GIT_REV", Validate: checkKey,
		Help: "the config var that gets the deployed revision",
	}
	sourceImage = state.Property{
		Plugin: "git", Name: "source-image", Scope: state.AppOnly,
		Help: "the image that the app was deployed from by git:from-image",
	}
	pushMaxFiles = state.Property{
		Plugin: "git", Name: "push-max-files", Default: "200000", Validate: checkCount,
		Help: "how many files a pushed tree may have",
	}
	pushMaxSize = state.Property{
		Plugin: "git", Name: "push-max-size", Default: "1073741824", Validate: checkCount,
		Help: "how many bytes the files of a pushed tree may have together",
	}
	archiveMaxFiles = state.Property{
		Plugin: "git", Name: "archive-max-files", Scope: state.GlobalOnly, Default: "10000", Validate: checkCount,
		Help: "how many entries an archive may have",
	}
	archiveMaxSize = state.Property{
		Plugin: "git", Name: "archive-max-size", Scope: state.GlobalOnly, Default: "1073741824", Validate: checkCount,
		Help: "how many bytes an archive may have, packed and unpacked",
	}
	properties = []state.Property{
		archiveMaxFiles, archiveMaxSize, deployBranch, keepGitDir, pushMaxFiles, pushMaxSize, revEnvVar, sourceImage,
	}
)
