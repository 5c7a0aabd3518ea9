// Package ps manages the processes of an app.
//
//	dokku ps:scale blog web=2 worker=1     how many instances of each process type run
//	dokku ps:restart blog [worker]         replaces the instances, checked and without downtime
//	dokku ps:stop blog / ps:start blog     takes the app down and up
//	dokku ps:rebuild blog                  builds and deploys the source once more
//	dokku ps:report blog                   what runs
//	dokku ps:inspect blog                  what Docker knows of its containers, with the values of config hidden
//	dokku ps:restore [blog]                brings up what should run and does not; done at each start anyway
//	dokku ps:retire [blog]                 ends replaced containers that are still there
//
// Process types come from the Procfile; without one there is one type, web,
// which runs the image's own command. New types begin with no instance, web
// with one. Where app.json has a formation, it rules the scale.
//
// An app that ps:stop took down stays down through config:set, ps:scale and
// restarts of the host, until ps:start, ps:restart or a deploy.
//
// # Properties
//
//	restart-policy        Docker's: no, always, unless-stopped, on-failure[:N] (on-failure:10)
//	stop-timeout-seconds  from SIGTERM to SIGKILL (30)
//	procfile-path         where the Procfile is in the source (Procfile)
//	start-cmd             the command of web, instead of the Procfile's
//	skip-deploy           true: what is pushed is built and released, but not started, until ps:restart or, where
//	                      nothing was live yet, ps:rebuild; and ps:scale only writes the scale down (false)
package ps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type ps struct {
	host *plugin.Host
	flow *deploy.Flow
}

// Plugin makes the feature.
func Plugin(h *plugin.Host, flow *deploy.Flow) plugin.Plugin {
	p := &ps{h, flow}
	return plugin.Plugin{
		Name: "ps", Help: "Manage app processes",
		Commands:   p.commands(),
		Properties: append(slices.Clone(properties), deploy.ScaleList, deploy.CanScale, deploy.Deployed),
		Triggers:   p.triggers(),
	}
}

var properties = []state.Property{
	{Plugin: "ps", Name: "procfile-path", Default: "Procfile", Validate: inSource, Help: "Where the Procfile is in the source"},
	{Plugin: "ps", Name: "restart-policy", Default: "on-failure:10", Validate: validRestartPolicy, Help: "Docker's restart policy of the containers"},
	{Plugin: "ps", Name: "skip-deploy", Default: "false", Validate: validBool, Help: "Build and release without starting anything; ps:scale only writes the scale down"},
	{Plugin: "ps", Name: "stop-timeout-seconds", Default: "30", Validate: validSeconds, Help: "Seconds from SIGTERM to SIGKILL"},
	{Plugin: "ps", Name: "start-cmd", Scope: state.AppOnly, Help: "The web process's command, instead of the Procfile's"},
	{Plugin: "ps", Name: "dockerfile-start-cmd", Scope: state.AppOnly, Help: "The web process's command, instead of the image's"},
	restoreProperty,
}

// restoreProperty is "false" after ps:stop: the app is not to be brought up at
// boot.
var restoreProperty = state.Property{Plugin: "ps", Name: "restore", Scope: state.AppOnly, Default: "true", Validate: validBool, Help: "Whether the app comes back after a reboot"}

func inSource(path string) error {
	if !filepath.IsLocal(path) {
		return errors.New("procfile-path must be relative to the root of the source and stay inside it")
	}
	return nil
}

func validRestartPolicy(v string) error {
	policy, retries, hasRetries := strings.Cut(v, ":")
	switch policy {
	case "no", "always", "unless-stopped":
		if !hasRetries {
			return nil
		}
	case "on-failure":
		if n, err := strconv.Atoi(retries); !hasRetries || (err == nil && n >= 0) {
			return nil
		}
	}
	return fmt.Errorf("Invalid restart-policy specified") //nolint:staticcheck // Dokku's words
}

func validBool(v string) error {
	if v != "true" && v != "false" {
		return fmt.Errorf("Invalid value %q, valid values are: true, false", v) //nolint:staticcheck // shown as it is
	}
	return nil
}

func validSeconds(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 0 {
		return fmt.Errorf("Invalid value %q: a whole number of seconds is expected", v) //nolint:staticcheck // shown as it is
	}
	return nil
}

func (p *ps) triggers() plugin.Triggers {
	return plugin.Triggers{
		"docker-args-process-deploy": p.onProcessDeploy,
		"app-restart":                p.onRestart,
		"proxy-build-config":         p.onProxyBuildConfig,
		"proxy-clear-config":         p.onProxyClearConfig,
		"slipway-destroy":            p.onDestroy,
		"post-app-clone":             p.onCopied,
		"post-app-rename":            p.onCopied,
		"post-delete":                p.onPostDelete,
		"post-create":                p.onPostCreate,
		"deploy":                     p.onDeploy,
		"post-stop":                  p.onPostStop,
		"procfile-exists":            p.onProcfileExists,
		"procfile-get-command":       p.onProcfileCommand,
		"ps-can-scale":               p.onCanScale,
		"ps-current-scale":           p.onCurrentScale,
		"ps-get-property":            p.onGetProperty,
		"ps-set-scale":               p.onSetScale,
		"release-and-deploy":         p.onReleaseAndDeploy,
	}
}

func (p *ps) change(ctx context.Context, name, source string) deploy.Change {
	return deploy.Change{App: name, Actor: command.ActorOf(ctx).String(), Source: source}
}
