package docker

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/moby/client"
)

// Client is the real engine. It keeps no state but idle connections, which it replaces when the engine was restarted, and
// the API version agreed on in Connect. (Should the engine be replaced by one so new that it no longer speaks that version,
// connect again.)
type Client struct {
	host string // "unix:///var/run/docker.sock"
	api  *client.Client
	cli  CLI

	configDir string // of docker's own configuration, which has the logins
}

var _ Engine = (*Client)(nil)

// Connect reaches the engine at host ("unix:///…", "tcp://host:port"; empty: DOCKER_HOST, or the default socket), with TLS as
// DOCKER_CERT_PATH and DOCKER_TLS_VERIFY say, and agrees on an API version. The one error of an engine that does not
// answer is ErrUnreachable. The caller closes the client.
func Connect(ctx context.Context, host string) (*Client, error) {
	if host == "" {
		host = os.Getenv(client.EnvOverrideHost)
	}
	if host == "" {
		host = client.DefaultDockerHost
	}
	api, err := client.New(client.FromEnv, client.WithHost(host))
	if err != nil {
		return nil, Errorf(ErrInvalid, "cannot use %q as the address of a Docker engine: %v", host, err)
	}
	c := &Client{host: host, api: api, cli: CLI{Host: host}, configDir: configDir()}
	if _, err := api.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		_ = api.Close()
		return nil, c.translate(err)
	}
	return c, nil
}

// Close gives up idle connections.
func (c *Client) Close() error { return c.api.Close() }

// Host is the engine's address, in the form of DOCKER_HOST.
func (c *Client) Host() string { return c.host }

// CLI is docker's command line for the same engine.
func (c *Client) CLI() CLI { return c.cli }

// Version implements Engine.
func (c *Client) Version(ctx context.Context) (Version, error) {
	v, err := c.api.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return Version{}, c.translate(err)
	}
	return Version{Engine: v.Version, API: c.api.ClientVersion(), OS: v.Os, Arch: v.Arch}, nil
}

// LogDriver implements Engine.
func (c *Client) LogDriver(ctx context.Context) (string, error) {
	result, err := c.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", c.translate(err)
	}
	return result.Info.LoggingDriver, nil
}

// RemapsUsers implements Engine.
func (c *Client) RemapsUsers(ctx context.Context) (bool, error) {
	result, err := c.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return false, c.translate(err)
	}
	return slices.Contains(result.Info.SecurityOptions, "name=userns"), nil
}

// containerID is what the engine takes for a container: an ID or a name. Source: RestrictedNamePattern of moby's daemon/names.
var containerID = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

// CheckContainerID is ErrInvalid for anything but an ID or a name. Every engine checks, because the API's client puts what
// it is given in the path of a request.
func CheckContainerID(id string) error {
	if !containerID.MatchString(id) {
		return Errorf(ErrInvalid, "%q is not a container's ID or name", id)
	}
	return nil
}

// CheckImageRef is ErrInvalid for anything but an image's ID, or a name with or without tag and digest.
func CheckImageRef(ref string) error {
	if imageID.MatchString(ref) {
		return nil
	}
	return CheckImageName(ref)
}

// CheckImageName is ErrInvalid for anything but an image's name, with or without tag and digest.
func CheckImageName(ref string) error {
	named, err := reference.ParseNormalizedNamed(ref)
	if err == nil {
		// A first part in capitals passes for a registry; the engine knows better.
		domain := reference.Domain(named)
		if strings.ContainsAny(domain, ".:") || domain == strings.ToLower(domain) {
			return nil
		}
	}
	return Errorf(ErrInvalid, "%q is not an image's name", ref)
}

// imageID is a whole image ID.
var imageID = regexp.MustCompile(`^(sha256:)?[0-9a-f]{64}$`)

// onContainer runs one request about one container.
func (c *Client) onContainer(doing, id string, request func() error) error {
	if err := CheckContainerID(id); err != nil {
		return err
	}
	if err := request(); err != nil {
		return fmt.Errorf("cannot %s container %s: %w", doing, id, c.translate(err))
	}
	return nil
}

// onImage runs one request about one image.
func (c *Client) onImage(doing, ref string, request func() error) error {
	if err := CheckImageRef(ref); err != nil {
		return err
	}
	if err := request(); err != nil {
		return fmt.Errorf("cannot %s image %s: %w", doing, ref, c.translate(err))
	}
	return nil
}
