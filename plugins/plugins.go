// Package plugins is the one list of the features that Slipway is made of.
//
//	flow, features := plugins.All(host, provider, "/usr/local/bin/slipway")
//	table, err := plugin.Table(host, features...)
package plugins

import (
	"path/filepath"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugins/appjson"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/plugins/builder"
	builderdockerfile "github.com/slipwayhq/slipway/plugins/builder-dockerfile"
	builderherokuish "github.com/slipwayhq/slipway/plugins/builder-herokuish"
	builderlambda "github.com/slipwayhq/slipway/plugins/builder-lambda"
	buildernixpacks "github.com/slipwayhq/slipway/plugins/builder-nixpacks"
	buildernull "github.com/slipwayhq/slipway/plugins/builder-null"
	builderpack "github.com/slipwayhq/slipway/plugins/builder-pack"
	builderrailpack "github.com/slipwayhq/slipway/plugins/builder-railpack"
	builderstatic "github.com/slipwayhq/slipway/plugins/builder-static"
	"github.com/slipwayhq/slipway/plugins/buildpacks"
	"github.com/slipwayhq/slipway/plugins/builds"
	"github.com/slipwayhq/slipway/plugins/certs"
	"github.com/slipwayhq/slipway/plugins/checks"
	"github.com/slipwayhq/slipway/plugins/config"
	"github.com/slipwayhq/slipway/plugins/cron"
	"github.com/slipwayhq/slipway/plugins/dockeroptions"
	"github.com/slipwayhq/slipway/plugins/domains"
	"github.com/slipwayhq/slipway/plugins/enter"
	"github.com/slipwayhq/slipway/plugins/events"
	"github.com/slipwayhq/slipway/plugins/git"
	"github.com/slipwayhq/slipway/plugins/logs"
	"github.com/slipwayhq/slipway/plugins/migrate"
	"github.com/slipwayhq/slipway/plugins/network"
	"github.com/slipwayhq/slipway/plugins/pluginctl"
	"github.com/slipwayhq/slipway/plugins/ports"
	proxyplugin "github.com/slipwayhq/slipway/plugins/proxy"
	"github.com/slipwayhq/slipway/plugins/ps"
	"github.com/slipwayhq/slipway/plugins/registry"
	"github.com/slipwayhq/slipway/plugins/releases"
	"github.com/slipwayhq/slipway/plugins/repo"
	"github.com/slipwayhq/slipway/plugins/resource"
	"github.com/slipwayhq/slipway/plugins/run"
	"github.com/slipwayhq/slipway/plugins/scheduler"
	schedulerdockerlocal "github.com/slipwayhq/slipway/plugins/scheduler-docker-local"
	schedulernull "github.com/slipwayhq/slipway/plugins/scheduler-null"
	"github.com/slipwayhq/slipway/plugins/scripts"
	"github.com/slipwayhq/slipway/plugins/shell"
	"github.com/slipwayhq/slipway/plugins/sshkeys"
	"github.com/slipwayhq/slipway/plugins/standard"
	"github.com/slipwayhq/slipway/plugins/storage"
	"github.com/slipwayhq/slipway/plugins/trace"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/driver"
	"github.com/slipwayhq/slipway/schedule"
)

// All makes every feature and the deploy flow that they share. clientBinary is
// the path of the thin client, which static sites are served by.
func All(h *plugin.Host, provider proxy.Provider, clientBinary string) (*deploy.Flow, []plugin.Plugin) {
	records := record.NewBook(h.Store)
	flow := deploy.New(deploy.Config{
		Host:  h,
		Proxy: driver.New(h, provider),
		Builders: []build.Builder{
			builderdockerfile.New(h), builderherokuish.New(h), builderlambda.New(h), buildernixpacks.New(h), buildernull.New(h),
			builderpack.New(h), builderrailpack.New(h), builderstatic.New(h, clientBinary),
		},
		Schedulers: []schedule.Scheduler{schedulerdockerlocal.New(h.Docker, h.Names, h.Store), schedulernull.Scheduler},
		Records:    records,
	})
	return flow, []plugin.Plugin{
		appjson.Plugin(h),
		apps.Plugin(h),
		builder.Plugin(h),
		builderdockerfile.Plugin(h),
		builderherokuish.Plugin(h),
		builderlambda.Plugin(h),
		buildernixpacks.Plugin(h),
		buildernull.Plugin(h),
		builderpack.Plugin(h),
		builderrailpack.Plugin(h),
		builderstatic.Plugin(h),
		buildpacks.Plugin(h),
		builds.Plugin(h, records),
		certs.Plugin(h),
		checks.Plugin(h),
		config.Plugin(h),
		dockeroptions.Plugin(h),
		cron.Plugin(h),
		domains.Plugin(h),
		enter.Plugin(h),
		events.Plugin(h),
		git.Plugin(h, flow),
		logs.Plugin(h),
		network.Plugin(h),
		migrate.Plugin(h, flow, filepath.Dir(clientBinary)),
		pluginctl.Plugin(h),
		ports.Plugin(h),
		proxyplugin.Plugin(h),
		ps.Plugin(h, flow),
		registry.Plugin(h),
		releases.Plugin(h, flow),
		repo.Plugin(h),
		resource.Plugin(h),
		run.Plugin(h),
		scheduler.Plugin(h),
		schedulerdockerlocal.Plugin(h, flow),
		schedulernull.Plugin(),
		scripts.Plugin(h),
		shell.Plugin(h),
		sshkeys.Plugin(h),
		standard.Plugin(h),
		storage.Plugin(h),
		trace.Plugin(h),
	}
}
