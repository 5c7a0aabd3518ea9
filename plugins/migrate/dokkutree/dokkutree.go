// Package dokkutree lays out the state folders of a Dokku as different versions of it have them, for tests.
//
//	tree := dokkutree.Tree{Root: dir + "/home/dokku", Lib: dir + "/var/lib/dokku", Version: "0.34.9"}
//	err := tree.Lay()
//	err = tree.App(dokkutree.App{Name: "blog", Scale: "web=1", Env: map[string]string{"A": "1"}, Containers: …})
//
// What is where: Dokku's docs/appendices (migration guides of 0.30 to 0.38) and the install triggers of its plugins.
package dokkutree

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Versions are those whose layouts differ.
var Versions = []string{"0.30.11", "0.34.9", "0.36.10", "0.37.4", "0.38.27"}

// Tree is one Dokku.
type Tree struct {
	At      string // the folder that stands for /; "" = /
	Root    string // DOKKU_ROOT
	Lib     string // DOKKU_LIB_ROOT
	Version string // one of Versions
}

// App is one app.
type App struct {
	Name       string
	Env        map[string]string
	Domains    []string
	Scale      []string          // "web=1"
	Options    map[string]string // docker options by phase, one per line
	Cert, Key  string            // of its certificate, in PEM
	OldScale   bool              // its scale is in DOKKU_SCALE still
	Repository string            // the bare repository that is copied; "": files that stand for one
	Stopped    bool              // by ps:stop
	Locked     bool              // by apps:lock
	Containers []Container
}

// Container is one that runs.
type Container struct {
	Dyno, ID, IP string
	Port         int
}

// minor is the second number of the version.
func (t Tree) minor() int {
	n, err := strconv.Atoi(strings.Split(t.Version, ".")[1])
	if err != nil {
		panic("no version of Dokku: " + t.Version) // a mistake in a test
	}
	return n
}

// files writes below a folder and collects errors.
type files struct {
	at   string
	errs []error
}

func (f *files) write(path, text string, mode os.FileMode) {
	path = f.at + path
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.errs = append(f.errs, err)
	}
	f.errs = append(f.errs, os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode))
}

func (f *files) link(target, path string) {
	path = f.at + path
	f.errs = append(f.errs, os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(target, path))
}

func (t Tree) root(elem ...string) string {
	return filepath.Join(append([]string{t.Root}, elem...)...)
}

func (t Tree) lib(elem ...string) string {
	return filepath.Join(append([]string{t.Lib}, elem...)...)
}

// key is a line of authorized_keys as sshcommand writes it.
const key = `command="FINGERPRINT=SHA256:8o5UmPbFaRyQtm1tuLZdjVdVjfeBwRXQ9yNy7ZL3s6s NAME=\"admin\" ` + "`cat /home/dokku/.sshcommand`" +
	` $SSH_ORIGINAL_COMMAND",no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB3PHqGT9cJVSPUnHBGkNYTEWJE9xqpSzlFUz9/DE2E/ ann` + "\n"

// Lay makes both folders, with what belongs to no app.
func (t Tree) Lay() error {
	f := files{at: t.At}
	f.write(t.root(".ssh", "authorized_keys"), key, 0o600)
	f.write(t.root(".sshcommand"), "/usr/bin/dokku\n", 0o644)
	f.write(t.root("VHOST"), "example.com\n", 0o644)
	f.write(t.root("HOSTNAME"), "example.com\n", 0o644)
	f.write(t.root("dokkurc"), "", 0o644)
	f.write(t.root(".dokkurc", "mine"), "export DOKKU_SKIP_CLEANUP=true\n", 0o644)
	f.write(t.lib("VERSION"), t.Version+"\n", 0o644)
	f.write(t.lib("STABLE_VERSION"), t.Version+"\n", 0o644)
	for _, plugin := range []string{"apps", "config", "nginx-vhosts", "ps"} {
		f.write(t.lib("core-plugins", "available", plugin, "plugin.toml"), "[plugin]\ndescription = \"dokku core "+plugin+" plugin\"\nversion = \""+t.Version+"\"\n", 0o644)
		f.link(t.lib("core-plugins", "available", plugin), t.lib("core-plugins", "enabled", plugin))
		f.link(t.lib("core-plugins", "available", plugin), t.lib("plugins", "available", plugin))
		f.link(t.lib("plugins", "available", plugin), t.lib("plugins", "enabled", plugin))
	}
	f.write(t.lib("plugins", "available", "postgres", "plugin.toml"), "[plugin]\ndescription = \"dokku postgres service plugin\"\nversion = \"1.41.0\"\n", 0o644)
	f.link(t.lib("plugins", "available", "postgres"), t.lib("plugins", "enabled", "postgres"))
	f.write(t.lib("services", "postgres", "db", "PASSWORD"), "secret\n", 0o640)
	f.write(t.lib("services", "postgres", "db", "data", "base"), "pages", 0o600)
	f.write(t.lib("data", "storage", "blog", "upload"), "picture", 0o644)
	f.write(t.lib("config", "git", "--global", "deploy-branch"), "main", 0o600)
	f.write(t.lib("data", "nginx-vhosts", "dokku-errors", "404-error.html"), "<h1>404</h1>", 0o644)
	t.env(&f, "--global", map[string]string{"CURL_TIMEOUT": "600"})
	return errors.Join(f.errs...)
}

// env writes config: since 0.38 in the folder of properties, before it beside the repository.
func (t Tree) env(f *files, app string, env map[string]string) {
	if t.minor() >= 38 {
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(&b, "%s=%q\n", k, env[k])
		}
		f.write(t.lib("config", app, "ENV"), b.String(), 0o600)
		f.write(t.lib("config", "config", app, "env-migrated"), "true", 0o600)
		return
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "export %s='%s'\n", k, strings.ReplaceAll(env[k], "'", `'\''`))
	}
	path := t.root(app, "ENV")
	if app == "--global" {
		path = t.root("ENV")
	}
	f.write(path, b.String(), 0o600)
}

// App adds an app.
func (t Tree) App(a App) error {
	f := files{at: t.At}
	dir := t.root(a.Name)
	t.repository(&f, a)
	f.write(filepath.Join(dir, "hooks", "pre-receive"), "#!/usr/bin/env bash\nset -e; set -o pipefail;\ncat | DOKKU_ROOT=\""+t.Root+"\" dokku git-hook "+a.Name+"\n", 0o755)
	f.write(filepath.Join(dir, "nginx.conf"), nginxConf(a), 0o644)
	f.write(filepath.Join(dir, "nginx.conf.d", "upload.conf"), "client_max_body_size 50m;\n", 0o644)
	f.write(filepath.Join(dir, "URLS"), "# THIS FILE IS GENERATED BY DOKKU - DO NOT EDIT, YOUR CHANGES WILL BE OVERWRITTEN\n", 0o644)
	if len(a.Domains) > 0 {
		f.write(filepath.Join(dir, "VHOST"), strings.Join(a.Domains, "\n")+"\n", 0o644)
	}
	if a.Cert != "" {
		f.write(filepath.Join(dir, "tls", "server.crt"), a.Cert, 0o640)
		f.write(filepath.Join(dir, "tls", "server.key"), a.Key, 0o600)
	}
	for _, c := range a.Containers {
		f.write(filepath.Join(dir, "CONTAINER."+c.Dyno), c.ID, 0o644)
		f.write(filepath.Join(dir, "IP."+c.Dyno), c.IP+"\n", 0o644)
		f.write(filepath.Join(dir, "PORT."+c.Dyno), strconv.Itoa(c.Port)+"\n", 0o644)
	}
	if t.minor() >= 31 {
		f.write(t.lib("config", "ports", a.Name, "map-detected"), "http:80:5000\n", 0o600)
	}
	if scale := strings.Join(a.Scale, "\n") + "\n"; a.OldScale {
		f.write(filepath.Join(dir, "DOKKU_SCALE"), scale, 0o644)
	} else {
		f.write(t.lib("config", "ps", a.Name, "scale"), scale, 0o600)
	}
	if a.Stopped {
		f.write(t.lib("config", "ps", a.Name, "restore"), "false", 0o600)
	}
	if len(a.Containers) > 0 {
		f.write(t.lib("config", "common", a.Name, "deployed"), "true", 0o600)
	}
	t.options(&f, a)
	lock := filepath.Join(dir, ".deploy.lock")
	if t.minor() >= 34 {
		lock = t.lib("data", "apps", a.Name, ".deploy.lock")
		f.errs = append(f.errs, os.MkdirAll(t.At+filepath.Dir(lock), 0o755))
	}
	if a.Locked {
		f.write(lock, "", 0o644)
	}
	if t.minor() >= 36 {
		f.write(t.lib("config", "apps", a.Name, "created-at"), "1700000000", 0o600)
	}
	if a.Env != nil {
		t.env(&f, a.Name, a.Env)
	}
	return errors.Join(f.errs...)
}

// repository writes the app's folder as git knows it.
func (t Tree) repository(f *files, a App) {
	dir := t.root(a.Name)
	if a.Repository != "" {
		f.errs = append(f.errs, os.CopyFS(t.At+dir, os.DirFS(a.Repository)))
		return
	}
	f.write(filepath.Join(dir, "HEAD"), "ref: refs/heads/main\n", 0o644)
	f.write(filepath.Join(dir, "config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n", 0o644)
	f.write(filepath.Join(dir, "refs", "heads", "main"), strings.Repeat("a1", 20)+"\n", 0o644)
	f.write(filepath.Join(dir, "objects", "pack", "pack-1.pack"), "PACK", 0o444)
}

// nginxConf is the part of an app's nginx.conf that says what leads where.
func nginxConf(a App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "server {\n  listen      [::]:80;\n  listen      80;\n  server_name %s;\n  location    / {\n    proxy_pass  http://%s-5000;\n  }\n}\n", strings.Join(a.Domains, " "), a.Name)
	fmt.Fprintf(&b, "upstream %s-5000 {\n", a.Name)
	for _, c := range a.Containers {
		if strings.HasPrefix(c.Dyno, "web.") {
			fmt.Fprintf(&b, "  server %s:%d;\n", c.IP, c.Port)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// options writes docker options: files before 0.38, properties since.
func (t Tree) options(f *files, a App) {
	for phase, text := range a.Options {
		if t.minor() < 38 {
			f.write(t.root(a.Name, "DOCKER_OPTIONS_"+strings.ToUpper(phase)), text, 0o644)
			continue
		}
		f.write(t.lib("config", "docker-options", a.Name, "_default_."+phase), text, 0o600)
		f.write(t.lib("config", "docker-options", a.Name, "migrated-"+phase), "true", 0o600)
	}
}
