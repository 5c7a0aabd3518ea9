// Package registry keeps the logins to image registries, and pushes what is
// deployed to one.
//
//	dokku registry:login --global ghcr.io ann            asks for nothing: the password is on stdin
//	    --password-stdin < token.txt                     (or the last word, where others may see it)
//	dokku registry:login blog ghcr.io ann …              for this app alone
//	dokku registry:logout blog ghcr.io
//	dokku registry:set blog server ghcr.io               where to push to; without it Docker Hub
//	dokku registry:set blog image-repo ann/blog          under which name, without a tag (dokku/blog)
//	dokku registry:set --global image-repo-template 'ann/{{ .AppName }}'
//	dokku registry:set blog push-on-release true         each build is pushed before it runs
//	dokku registry:set blog push-extra-tags latest,prod  … and under these tags as well
//	dokku registry:report blog
//
// Logins are used to pull too: by builds, by git:from-image, and for a release
// that is no longer on this host. An app's own come before those for all. They
// are in Docker's format, readable by Dokku's user alone, in
// $DOKKU_LIB_ROOT/config/registry/APP/config.json and
// $DOKKU_ROOT/.docker/config.json.
//
// With push-on-release, builds are numbered: the tag is 1, 2, 3, … (tag-version
// in the report). A push that fails fails the deploy, and the old release goes
// on. Containers run from the image of that name. A change of config alone makes
// no image, and pushes none.
package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"text/template"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type registry struct {
	h      *plugin.Host
	logins *sync.Mutex // while a file with logins is changed
}

var (
	server     = state.Property{Plugin: "registry", Name: "server", Validate: validServer, Help: "The registry that images are pushed to"}
	imageRepo  = state.Property{Plugin: "registry", Name: "image-repo", Scope: state.AppOnly, Validate: validRepo, Help: "The name of the app's images, without registry and tag"}
	repoTmpl   = state.Property{Plugin: "registry", Name: "image-repo-template", Help: "A template of image-repo for apps that have none"}
	pushOn     = state.Property{Plugin: "registry", Name: "push-on-release", Default: "false", Validate: validBool, Help: "Push each build before it runs"}
	extraTags  = state.Property{Plugin: "registry", Name: "push-extra-tags", Validate: validTags, Help: "More tags to push, comma-separated"}
	tagVersion = state.Property{Plugin: "registry", Name: "tag-version", Scope: state.AppOnly, Internal: true}

	properties = []state.Property{imageRepo, repoTmpl, extraTags, pushOn, server}
)

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	r := registry{h, &sync.Mutex{}}
	return plugin.Plugin{
		Name: "registry", Help: "Manage registry settings for an app", Properties: append([]state.Property{tagVersion}, properties...),
		Commands: []*command.Command{
			command.New("registry:login", "Login to a docker registry", r.login,
				command.Usage("[--global|--password-stdin] [<app>] <server> <username> [<password>]")),
			command.New("registry:logout", "Logout from a docker registry", r.logout, command.Usage("[--global] [<app>] <server>")),
			plugin.Report{Feature: "registry", Legacy: true, App: r.rows, Global: r.globalRows}.Command(h),
			plugin.SetCommand(h, "registry", plugin.BadProperty, properties, nil),
		},
		Triggers: r.triggers(),
	}
}

func (r registry) globalRows(context.Context) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(r.h, "registry-", properties, state.Global)
	if err != nil {
		return nil, err
	}
	rows["registry-computed-server"], err = r.serverOf(state.Global)
	return rows, err
}

func (r registry) rows(_ context.Context, app string) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(r.h, "registry-", properties, app)
	if err != nil {
		return nil, err
	}
	if rows["registry-computed-server"], err = r.serverOf(app); err != nil {
		return nil, err
	}
	repo, err := r.repoOf(app)
	if err != nil { // of a template, which shows when it is used
		repo = r.h.Names.Image(app)
	}
	rows["registry-computed-image-repo"] = repo
	rows["registry-tag-version"], err = r.h.Store.Get(tagVersion, app)
	return rows, err
}

// serverOf is what comes before the name of an app's image: "ghcr.io/", nothing
// for Docker Hub.
func (r registry) serverOf(app string) (string, error) {
	v, err := r.h.Store.Computed(server, app)
	v = strings.TrimSuffix(strings.TrimSpace(v), "/")
	if err != nil || v == "" || v == "hub.docker.com" || v == "docker.io" {
		return "", err
	}
	return v + "/", nil
}

// repoOf is the name of an app's images, without registry and tag.
func (r registry) repoOf(app string) (string, error) {
	v, err := r.h.Store.Get(imageRepo, app)
	if v = strings.TrimSpace(v); err != nil || v != "" {
		return v, err
	}
	tmpl, err := r.h.Store.Computed(repoTmpl, app)
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(tmpl) == "" {
		return r.h.Names.Image(app), nil
	}
	return render(tmpl, app)
}

// maxTemplate bounds a template of image-repo and what it gives.
const maxTemplate = 255

// render fills a template of image-repo.
func render(text, app string) (string, error) {
	if len(text) > maxTemplate {
		return "", command.BadInput("The image-repo-template is longer than %d characters", maxTemplate)
	}
	tmpl, err := template.New("image-repo-template").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", command.BadInput("Unable to parse image-repo-template: %w", err)
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, struct{ AppName string }{app}); err != nil {
		return "", command.BadInput("Unable to execute image-repo-template: %w", err)
	}
	repo := strings.TrimSpace(out.String())
	return repo, validRepo(repo)
}

func validRepo(v string) error {
	_, last, _ := cutLast(v, "/")
	if err := docker.CheckImageName(v); err != nil || strings.ContainsAny(last, ":@") || len(v) > maxTemplate {
		return fmt.Errorf("%q is not the name of an image without a tag, such as ann/blog", v)
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// hostAndPath is a registry: HOST[:PORT][/PATH].
var hostAndPath = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._/-]*)?$`)

func validServer(v string) error {
	if trimmed := strings.TrimSuffix(v, "/"); !hostAndPath.MatchString(trimmed) || docker.CheckImageName(trimmed+"/app:1") != nil {
		return fmt.Errorf("%q is not a registry, such as ghcr.io or 127.0.0.1:5000", v)
	}
	return nil
}

func validBool(v string) error {
	if v != "true" && v != "false" {
		return fmt.Errorf("Invalid value %q, valid values are: true, false", v) //nolint:staticcheck // shown as it is
	}
	return nil
}

// tag is what a tag may be. Source: distribution/reference.
var tag = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$`)

func validTags(v string) error {
	for _, t := range strings.Split(v, ",") {
		if !tag.MatchString(t) {
			return errors.New("push-extra-tags is a comma-separated list of tags, such as latest,prod")
		}
	}
	return nil
}
