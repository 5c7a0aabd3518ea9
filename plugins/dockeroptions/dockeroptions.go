// Package dockeroptions passes options of docker to the containers of an app,
// as `docker run` and `docker build` take them.
//
//	dokku docker-options:add blog deploy "--ulimit nofile=1024"
//	dokku docker-options:add blog deploy,run "-v /srv/blog:/data" "--shm-size 256m"
//	dokku docker-options:add --process worker blog deploy "--memory 512m"
//	dokku docker-options:add blog build "--build-arg NODE_ENV=production"
//	dokku docker-options:list blog --phase deploy
//	dokku docker-options:remove blog deploy "--ulimit nofile=1024"
//	dokku docker-options:clear blog run
//	dokku docker-options:report blog
//
// There are three phases: build is for what makes the image, deploy for the
// processes of the app, run for one-off commands and cron tasks. Options of the
// deploy phase can be for one process type only (--process). What is changed
// counts for containers made afterwards: dokku ps:rebuild blog.
//
// Quotes keep a value with blanks together, and that is all they do: nothing is
// expanded, so a label may have $(…), backticks or stars in it.
//
//	dokku docker-options:add blog deploy '--label "traefik.http.routers.blog.rule=Host(`blog.example.com`)"'
//
// The options are in $DOKKU_LIB_ROOT/config/docker-options/APP/PROCESS.PHASE,
// one per line, quoted for a shell where they need it; PROCESS is _default_ for
// those of the whole app. Files DOCKER_OPTIONS_DEPLOY and so on in the app's
// folder, where Dokku kept them before 0.38, count too, and are taken over at the
// next start or the first change.
package dockeroptions

import (
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type options struct {
	h *plugin.Host
	// changing keeps two changes of a list from losing one of them.
	changing *sync.Mutex
}

// Plugin is the feature docker-options.
func Plugin(h *plugin.Host) plugin.Plugin {
	o := options{h, &sync.Mutex{}}
	report := plugin.Report{Feature: "docker-options", Legacy: true, App: o.reportApp, Lists: o.reportLists, Global: o.reportGlobal}
	return plugin.Plugin{
		Name: "docker-options", Help: "Manage docker options for an app",
		Commands: []*command.Command{
			command.New("docker-options:add", "Add Docker option to app for phase (comma separated phase list)", o.add,
				command.PlainArgs, command.Usage("<app> <phase(s)> OPTION")),
			command.New("docker-options:remove", "Remove Docker option from app for phase (comma separated phase list)", o.remove,
				command.PlainArgs, command.Usage("<app> <phase(s)> OPTION")),
			command.New("docker-options:clear", "Clear a docker options from application with an optional phase (comma separated phase list)", o.clear,
				command.PlainArgs, command.Usage("<app> [phase(s)]")),
			command.New("docker-options:list", "List the Docker options of an app for one phase", o.list,
				command.Usage("<app> --phase build|deploy|run [--process PROCESS]")),
			report.Command(h),
		},
		Triggers: plugin.Triggers{
			"docker-args-build":             o.argsOf(build),
			"docker-args-deploy":            o.argsOf(deploy),
			"docker-args-run":               o.argsOf(run),
			"docker-args-process-deploy":    o.onProcessDeploy,
			"install":                       o.onInstall,
			"post-app-clone-setup":          o.onCopy,
			"post-app-rename-setup":         o.onCopy,
			"slipway-docker-options-list":   o.onList,
			"slipway-docker-options-remove": o.onRemove,
			"slipway-start":                 o.onInstall,
		},
	}
}
