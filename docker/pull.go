package docker

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
)

// ImagePull implements Engine.
func (c *Client) ImagePull(ctx context.Context, ref, configDir string, progress io.Writer) error {
	if err := CheckImageName(ref); err != nil {
		return err
	}
	return c.onImage("pull", ref, func() error {
		auth, err := c.registryAuth(ref, configDir)
		if err != nil {
			return err
		}
		stream, err := c.api.ImagePull(ctx, ref, client.ImagePullOptions{RegistryAuth: auth})
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

// progressLine says a step in words; the many messages that only move a bar give none.
func progressLine(message jsonstream.Message) string {
	switch {
	case message.Status == "" || message.Progress != nil && (message.Progress.Current > 0 || message.Progress.Total > 0):
		return ""
	case message.ID != "":
		return message.ID + ": " + message.Status
	}
	return message.Status
}

// dockerHub is the name under which docker's configuration keeps the login of its own registry, and the API knows it.
const dockerHub = "https://index.docker.io/v1/"

// registryAuth is the login for ref's registry in the form of the API's header: from config.json in configDir (docker's own
// folder when empty) and the credential helpers that it names. It is empty where there is no login.
func (c *Client) registryAuth(ref, configDir string) (string, error) {
	if configDir == "" {
		configDir = c.configDir
	}
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", err
	}
	server := reference.Domain(named)
	if server == "docker.io" {
		server = dockerHub
	}
	file, err := config.Load(configDir)
	if err != nil {
		return "", fmt.Errorf("cannot read docker's configuration: %w", err)
	}
	login, err := file.GetAuthConfig(server)
	if err != nil {
		return "", fmt.Errorf("cannot read the login for %s: %w", server, err)
	}
	if login.Username == "" && login.Password == "" && login.IdentityToken == "" && login.RegistryToken == "" && login.Auth == "" {
		return "", nil
	}
	return authconfig.Encode(registry.AuthConfig{
		Username: login.Username, Password: login.Password, Auth: login.Auth,
		IdentityToken: login.IdentityToken, RegistryToken: login.RegistryToken, ServerAddress: login.ServerAddress,
	})
}

// configDir is where docker's own command line looks for its configuration. (The function of docker's library remembers
// its first answer for the life of the process.)
func configDir() string {
	if dir, set := lookupConfigDir(); set {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "/.docker" // as docker does without a home; there is no login
	}
	return filepath.Join(home, ".docker")
}

// lookupConfigDir is the folder that the environment names.
func lookupConfigDir() (dir string, set bool) {
	dir = os.Getenv("DOCKER_CONFIG")
	return dir, dir != ""
}
