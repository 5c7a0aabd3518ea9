// Package resource limits what the containers of an app may use, and reserves
// resources for them.
//
//	dokku resource:limit --memory 256 --cpu 0.5 blog               every process type
//	dokku resource:limit --memory 1g --process-type worker blog    this one has its own
//	dokku resource:limit --memory 4g --process-type build blog     while the image is built
//	dokku resource:reserve --memory 128 blog
//	dokku resource:limit blog                                      shows them
//	dokku resource:limit --cpu clear blog
//	dokku resource:limit-clear blog
//	dokku resource:report blog
//
// Memory is in megabytes where no unit is given, memory-swap in bytes. What is changed counts for
// containers made afterwards: dokku ps:rebuild blog.
//
// The scheduler docker-local limits cpu, memory, memory-swap and nvidia-gpu, and
// reserves memory; the other resources are kept for schedulers of plugins, which
// ask by the trigger resource-get-property. A build takes only the limits of
// the process type build: memory and memory-swap with a Dockerfile, cpu and
// nvidia-gpu too with herokuish. DOKKU_OMIT_RESOURCE_ARGS=1 in the environment
// of a caller leaves all of them out.
//
// Each value is a property of the app, PROCESS.limit.RESOURCE or
// PROCESS.reserve.RESOURCE; PROCESS is _default_ for those of every process.
package resource

import (
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type resources struct{ h *plugin.Host }

// Plugin is the feature resource.
func Plugin(h *plugin.Host) plugin.Plugin {
	r := resources{h}
	report := plugin.Report{Feature: "resource", Legacy: true, Lowercase: true, App: r.reportApp, Global: r.reportGlobal}
	const (
		changeUsage = "[--process-type <process-type>] [RESOURCE_OPTS...] <app>"
		clearUsage  = "[--process-type <process-type>] <app>"
	)
	return plugin.Plugin{
		Name: "resource", Help: "Manage resource settings for an app",
		Commands: []*command.Command{
			command.New("resource:limit", "Limit resources for a given app/process-type combination", change(r, limit), command.Usage(changeUsage)),
			command.New("resource:limit-clear", "Limit resources for a given app/process-type combination", reset(r, limit), command.Usage(clearUsage)),
			command.New("resource:reserve", "Reserve resources for a given app/process-type combination", change(r, reserve), command.Usage(changeUsage)),
			command.New("resource:reserve-clear", "Reserve resources for a given app/process-type combination", reset(r, reserve), command.Usage(clearUsage)),
			report.Command(h),
		},
		Triggers: plugin.Triggers{
			"docker-args-process-build":  r.onProcessBuild,
			"docker-args-process-deploy": r.onProcessDeploy,
			"resource-get-property":      r.onGetProperty,
		},
	}
}
