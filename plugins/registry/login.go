package registry

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

// maxPassword bounds what is read of stdin; tokens of cloud providers have some
// thousand characters.
const maxPassword = 64 << 10

type loginArgs struct {
	Global        bool     `flag:"global" help:"for all apps"`
	PasswordStdin bool     `flag:"password-stdin" help:"read the password from stdin"`
	Words         []string `arg:"server,optional"`
}

// login has the forms [APP] SERVER USER [PASSWORD]. Without --global the number
// of words tells whether there is an app. Source: Dokku
// plugins/registry/src/subcommands.
func (r registry) login(ctx context.Context, c *command.Call, in loginArgs) error {
	words := in.Words
	forAll := 3
	if in.PasswordStdin {
		forAll = 2
	}
	app := ""
	switch {
	case in.Global:
	case c.Flags.App != "":
		app = c.Flags.App
	case len(words) == forAll:
		c.Out.Warn("Deprecated: please use --global flag for global registry login")
	case len(words) > forAll:
		app, words = words[0], words[1:]
	default:
		words = nil
	}
	if len(words) > forAll {
		return command.BadInput("unexpected argument after %s. Usage: dokku registry:login [--global|--password-stdin] [<app>] <server> <username> [<password>]", words[1])
	}
	words = append(words, "", "", "")
	name, user, password := normalise(words[0]), words[1], words[2]
	if in.PasswordStdin {
		text, err := io.ReadAll(io.LimitReader(c.In, maxPassword+1))
		if err != nil {
			return err
		}
		if len(text) > maxPassword {
			return command.BadInput("The password on stdin is longer than %d bytes", maxPassword)
		}
		password = strings.TrimSpace(string(text))
	}
	switch {
	case name == "":
		return command.BadInput("Missing server argument")
	case user == "":
		return command.BadInput("Missing username argument")
	case password == "":
		return command.BadInput("Missing password argument")
	}
	if err := validServer(name); err != nil {
		return command.BadInput("%w", err)
	}
	if app != "" && !r.h.Store.AppExists(app) {
		return command.NoSuchApp(app)
	}
	token, err := r.h.Docker.RegistryLogin(ctx, name, user, password)
	if err != nil {
		return command.Fail("Unable to run docker login: Error response from daemon: %w", err)
	}
	err = r.edit(app, func(text string) (string, error) {
		return docker.AddLogin(text, name, docker.Login{User: user, Password: password, Token: token})
	})
	if err != nil {
		return err
	}
	if app != "" {
		c.Out.Warn("Login Succeeded for %s", app)
	} else {
		c.Out.Warn("Login Succeeded for global registry")
	}
	ctx = plugin.WithEnv(ctx, "DOCKER_REGISTRY_PASS="+password) // as Dokku gives it
	return r.h.Bus.Event(ctx, "post-registry-login", name, user)
}

// normalise gives Docker Hub the one name that its login has.
func normalise(name string) string {
	for _, scheme := range []string{"https://", "http://"} {
		name = strings.TrimPrefix(name, scheme)
	}
	name = strings.TrimSuffix(name, "/")
	if name == "hub.docker.com" || name == "docker.com" {
		return "docker.io"
	}
	return name
}

type logoutArgs struct {
	Global bool     `flag:"global" help:"for all apps"`
	Words  []string `arg:"server,optional"`
}

func (r registry) logout(_ context.Context, c *command.Call, in logoutArgs) error {
	app, words := c.Flags.App, in.Words
	if !in.Global && app == "" && len(words) > 1 {
		app, words = words[0], words[1:]
	}
	if in.Global {
		app = ""
	}
	if len(words) > 1 {
		return command.BadInput("unexpected argument %q", words[1])
	}
	if len(words) == 0 || words[0] == "" {
		return command.BadInput("Missing server argument")
	}
	name := normalise(words[0])
	if err := validServer(name); err != nil {
		return command.BadInput("%w", err)
	}
	if app != "" {
		if !r.h.Store.AppExists(app) {
			return command.NoSuchApp(app)
		}
		if text, err := r.h.Store.ReadFile(r.configFile(app)); err != nil || text == "" {
			return command.Fail("No registry credentials found for app %s", app)
		}
	}
	return r.edit(app, func(text string) (string, error) {
		if text == "" {
			return "", nil
		}
		return docker.RemoveLogin(text, name)
	})
}

// configFile is docker's config.json with the logins of an app, "" for all.
func (r registry) configFile(app string) string {
	if app == "" {
		return filepath.Join(build.GlobalDockerConfig(r.h.Store), "config.json")
	}
	return filepath.Join(build.AppDockerConfig(r.h.Store, app), "config.json")
}

// edit changes the logins of an app, or with "" those for all.
func (r registry) edit(app string, change func(text string) (string, error)) error {
	r.logins.Lock()
	defer r.logins.Unlock()
	path := r.configFile(app)
	text, err := r.h.Store.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := change(text)
	if err != nil || changed == text {
		return err
	}
	if err := r.h.Store.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return r.h.Store.WriteFile(path, []byte(changed), 0o600)
}
