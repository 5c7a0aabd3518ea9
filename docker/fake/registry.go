package fake

import (
	"context"
	"fmt"
	"io"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"

	"github.com/slipwayhq/slipway/docker"
)

// ImagePush implements docker.Engine. What was pushed can be pulled.
func (e *Engine) ImagePush(ctx context.Context, ref, configDir string, progress io.Writer) error {
	if err := docker.CheckImageName(ref); err != nil {
		return err
	}
	return e.onImage(ctx, "ImagePush", "push", ref, func(i *image) error {
		if err := e.checkLogin(ref, configDir); err != nil {
			return err
		}
		pushed := i.snapshot()
		pushed.Tags = nil
		e.remote[fullName(ref)] = pushed
		if progress != nil {
			fmt.Fprintf(progress, "The push refers to repository [%s]\n", ref)
		}
		return nil
	})
}

// checkLogin is what a registry says to a pull or push.
func (e *Engine) checkLogin(ref, configDir string) error {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return err
	}
	server := reference.Domain(named)
	wanted, asks := e.Logins[server]
	if !asks {
		return nil
	}
	if configDir != "" {
		file, err := config.Load(configDir)
		if err != nil {
			return err
		}
		login, err := file.GetAuthConfig(server)
		if err != nil {
			return err
		}
		if login.Username+":"+login.Password == wanted {
			return nil
		}
	}
	return docker.Errorf(nil, "no basic auth credentials")
}

// RegistryLogin implements docker.Engine. Without Logins there is no registry.
func (e *Engine) RegistryLogin(ctx context.Context, server, user, password string) (token string, err error) {
	if err := e.enter(ctx, "RegistryLogin", server); err != nil {
		return "", err
	}
	wanted, found := e.Logins[server]
	switch {
	case !found:
		return "", docker.Errorf(nil, "Get \"https://%s/v2/\": dial tcp: connection refused", server)
	case wanted != user+":"+password:
		return "", docker.Errorf(nil, "Get \"https://%s/v2/\": unauthorized: authentication required", server)
	}
	return "", nil
}
