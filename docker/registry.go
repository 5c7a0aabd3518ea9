package docker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// Registries is the part of Engine that is about registries. Their logins are in folders of docker's configuration
// (DOCKER_CONFIG); configDir "" is docker's own.
type Registries interface {
	// ImagePull pulls one tag (latest when ref names none), and writes a line to progress (may be nil) for every step,
	// without bars.
	ImagePull(ctx context.Context, ref, configDir string, progress io.Writer) error
	// ImagePush pushes one tag (latest when ref names none) to the registry that ref names; progress is as in ImagePull.
	ImagePush(ctx context.Context, ref, configDir string, progress io.Writer) error
	// RegistryLogin asks a registry ("docker.io", "127.0.0.1:5000") whether user and password are good. token, when not
	// empty, is what to keep in place of the password. It writes nothing; see AddLogin.
	RegistryLogin(ctx context.Context, server, user, password string) (token string, err error)
}

// ImagePush implements Engine.
func (c *Client) ImagePush(ctx context.Context, ref, configDir string, progress io.Writer) error {
	if err := CheckImageName(ref); err != nil {
		return err
	}
	return c.onImage("push", ref, func() error {
		auth, err := c.registryAuth(ref, configDir)
		if err != nil {
			return err
		}
		if auth == "" {
			auth = noLogin
		}
		stream, err := c.api.ImagePush(ctx, ref, client.ImagePushOptions{RegistryAuth: auth})
		if err != nil {
			return err
		}
		defer stream.Close()
		return eachMessage(stream, func(message jsonstream.Message) {
			if line := progressLine(message); line != "" && progress != nil {
				_, _ = io.WriteString(progress, line+"\n")
			}
		})
	})
}

// noLogin is `{}` as the API's header has it: a push without the header is refused.
const noLogin = "e30="

// RegistryLogin implements Engine.
func (c *Client) RegistryLogin(ctx context.Context, server, user, password string) (token string, err error) {
	result, err := c.api.RegistryLogin(ctx, client.RegistryLoginOptions{
		Username: user, Password: password, ServerAddress: loginKey(server),
	})
	if err != nil {
		return "", c.translate(err)
	}
	return result.Auth.IdentityToken, nil
}

// loginKey is the name of a registry in docker's configuration.
func loginKey(server string) string {
	if server == "docker.io" || server == "index.docker.io" {
		return dockerHub
	}
	return server
}

// Login is what is kept of a login: the password, or the token that the registry gave for it.
type Login struct{ User, Password, Token string }

// AddLogin is the text of docker's config.json (empty for none) with a login added, as `docker login` writes it. Where the
// file names a program that keeps logins (credsStore, credHelpers), that gets it.
func AddLogin(configJSON, server string, login Login) (string, error) {
	auth := types.AuthConfig{Username: login.User, Password: login.Password, ServerAddress: loginKey(server)}
	if login.Token != "" {
		auth.Password, auth.IdentityToken = "", login.Token
	}
	return editConfig(configJSON, func(file *configfile.ConfigFile) error {
		if keptElsewhere(file, auth.ServerAddress) {
			return file.GetCredentialsStore(auth.ServerAddress).Store(auth)
		}
		file.AuthConfigs[auth.ServerAddress] = auth
		return nil
	})
}

// RemoveLogin is the text of docker's config.json without the login of a registry. A login that is not there is no error.
func RemoveLogin(configJSON, server string) (string, error) {
	key := loginKey(server)
	return editConfig(configJSON, func(file *configfile.ConfigFile) error {
		if keptElsewhere(file, key) {
			return file.GetCredentialsStore(key).Erase(key)
		}
		delete(file.AuthConfigs, key)
		return nil
	})
}

// HasLogin reports whether the text of docker's config.json has any login.
func HasLogin(configJSON string) bool {
	file, err := readConfig(configJSON)
	return err == nil && (len(file.AuthConfigs) > 0 || file.CredentialsStore != "" || len(file.CredentialHelpers) > 0)
}

func keptElsewhere(file *configfile.ConfigFile, key string) bool {
	return file.CredentialsStore != "" || file.CredentialHelpers[key] != ""
}

func readConfig(text string) (*configfile.ConfigFile, error) {
	file := configfile.New(config.ConfigFileName)
	if strings.TrimSpace(text) == "" {
		return file, nil
	}
	if err := file.LoadFromReader(strings.NewReader(text)); err != nil {
		return nil, fmt.Errorf("cannot read docker's configuration: %w", err)
	}
	if file.AuthConfigs == nil {
		file.AuthConfigs = map[string]types.AuthConfig{}
	}
	return file, nil
}

func editConfig(text string, edit func(*configfile.ConfigFile) error) (string, error) {
	file, err := readConfig(text)
	if err != nil {
		return "", err
	}
	if err := edit(file); err != nil {
		return "", fmt.Errorf("cannot change docker's logins: %w", err)
	}
	var out bytes.Buffer
	if err := file.SaveToWriter(&out); err != nil {
		return "", fmt.Errorf("cannot change docker's logins: %w", err)
	}
	return out.String(), nil
}

// UseConfig makes dir docker's own configuration for this client, before its first call. DOCKER_CONFIG comes first.
func (c *Client) UseConfig(dir string) {
	if _, set := lookupConfigDir(); !set {
		c.configDir = dir
		c.cli.Env = append(c.cli.Env, "DOCKER_CONFIG="+dir)
	}
}
