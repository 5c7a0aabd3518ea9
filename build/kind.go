package build

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// Kind is how commands run in an image. The names are those that Dokku hands to
// triggers such as docker-args-process-deploy as the image's source type.
type Kind string

// The kinds of image.
const (
	Plain     Kind = "dockerfile" // by its entrypoint, as any image
	Herokuish Kind = "herokuish"  // by /start TYPE and /exec COMMAND, which load the buildpacks' profile.d
	CNB       Kind = "pack"       // by the launcher of Cloud Native Buildpacks
)

// LabelConfig is on images of herokuish that have no config of their own, with
// the value ConfigAtStart: it comes with each container.
const (
	LabelConfig   = "com.slipway.config"
	ConfigAtStart = "start"
)

// DefaultAppUser is who runs the processes of a herokuish app.
const DefaultAppUser = "herokuishuser"

// AppUser is who runs the processes of a herokuish app with this config.
func AppUser(env map[string]string) string {
	if user := env["DOKKU_APP_USER"]; user != "" {
		return user
	}
	return DefaultAppUser
}

// KindOf tells how commands run in an image of an app with the given config.
// Source: Dokku plugins/common/docker.go, IsImageCnbBased and
// IsImageHerokuishBased.
func KindOf(image docker.Image, env map[string]string) Kind {
	switch {
	case image.Labels["io.buildpacks.stack.id"] != "":
		return CNB
	case slices.Contains(image.Env, "USER="+AppUser(env)):
		return Herokuish
	}
	return Plain
}

// Start is the command that starts a process type, nil where it is the
// Procfile's.
func (k Kind) Start(process string) []string {
	if k == Herokuish {
		return []string{"/start", process}
	}
	return nil
}

// Exec is a one-off command as the image runs it.
func (k Kind) Exec(argv []string) []string {
	if k == Herokuish {
		return append([]string{"/exec"}, argv...)
	}
	return argv
}

// Shell is the shell that scripts of an app run with, as an entrypoint.
func (k Kind) Shell() string {
	if k == Herokuish {
		return "/bin/bash"
	}
	return "/bin/sh"
}

// Script is a script of app.json or the Procfile for Shell -c.
// Source: Dokku plugins/app-json/functions.go, constructScript.
func (k Kind) Script(script string) string {
	if k != Herokuish {
		return script
	}
	return strings.Join([]string{
		"set -e; set -o pipefail",
		"if [[ -d /app ]]; then export HOME=/app; cd /app; fi",
		"if [[ -d /app/.profile.d ]]; then for file in /app/.profile.d/*; do [[ -e $file ]] && source \"$file\"; done; fi",
		script,
	}, "\n")
}
