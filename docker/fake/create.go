package fake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// Create implements docker.Engine, for the options that Args has a table of. Name, environment, labels, networks, restart
// policy, user, folder, entrypoint, terminal and pull have the effect that they have on Docker; the others are kept in
// Args and do nothing.
func (e *Engine) Create(ctx context.Context, argv []string) (id string, err error) {
	args, err := parseArgs(argv)
	name, _ := args.Option("name")
	if err := e.enter(ctx, "Create", name); err != nil {
		return "", err
	}
	if err == nil {
		id, err = e.create(args)
	}
	if err != nil {
		return "", fmt.Errorf("cannot create a container: %w", err)
	}
	return id, nil
}

func (e *Engine) create(args Args) (id string, err error) {
	if err := docker.CheckImageRef(args.Image); err != nil {
		return "", docker.Errorf(docker.ErrInvalid, "invalid reference format")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	image := e.findImage(args.Image)
	if pull, _ := args.Option("pull"); image == nil && pull != "never" {
		image = e.fetch(args.Image)
	}
	if image == nil {
		return "", docker.Errorf(docker.ErrNotFound, "No such image: %s", args.Image)
	}
	c := &container{args: args, image: image, files: maps.Clone(image.files), Container: newContainer(args, image)}
	if len(c.Cmd)+len(c.Entrypoint) == 0 {
		return "", docker.Errorf(docker.ErrInvalid, "No command specified")
	}
	if policy, given := args.Option("restart"); given && policy != "" {
		if _, _, err := docker.ParseRestartPolicy(policy); err != nil {
			return "", err
		}
		c.RestartPolicy = policy
	}
	if name, given := args.Option("name"); given {
		if err := docker.CheckContainerID(name); err != nil {
			return "", docker.Errorf(docker.ErrInvalid, "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name)
		}
		if err := e.checkName(name); err != nil {
			return "", err
		}
		c.Name = name
	}
	e.containers = append(e.containers, c)
	e.change()
	return c.ID, nil
}

// checkName is ErrConflict when a container has the name. The caller holds mu.
func (e *Engine) checkName(name string) error {
	for _, other := range e.containers {
		if other.Name == name {
			return docker.Errorf(docker.ErrConflict, "Conflict. The container name %q is already in use by container %q. "+
				"You have to remove (or rename) that container to be able to reuse that name.", "/"+name, other.ID)
		}
	}
	return nil
}

// newContainer is what Inspect tells of a container that was just created.
func newContainer(args Args, image *image) docker.Container {
	c := docker.Container{
		ID:            newID(),
		Image:         args.Image,
		ImageID:       image.ID,
		State:         "created",
		Created:       now(),
		Labels:        maps.Clone(image.Labels),
		IPs:           map[string]string{},
		Env:           mergeEnv(args.Options["env"], image.Env),
		Cmd:           args.Cmd,
		WorkingDir:    image.WorkingDir,
		User:          image.User,
		TTY:           args.Switch("tty"),
		NetworkMode:   "default",
		RestartPolicy: "no",
	}
	c.Name = "fake_" + c.ID[:12]
	c.Hostname = c.ID[:12]
	if hostname, given := args.Option("hostname"); given {
		c.Hostname = hostname
	}
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	for _, label := range args.Options["label"] {
		key, value, _ := strings.Cut(label, "=")
		c.Labels[key] = value
	}
	if networks := args.Options["network"]; len(networks) > 0 {
		c.NetworkMode = networks[0]
		c.Networks = slices.Compact(slices.Sorted(slices.Values(networks)))
	}
	switch kind, _, _ := strings.Cut(c.NetworkMode, ":"); {
	case c.NetworkMode == "default":
		c.Networks = []string{"bridge"}
	case kind == "container":
		c.Networks = nil
	}
	if user, given := args.Option("user"); given {
		c.User = user
	}
	if dir, given := args.Option("workdir"); given {
		c.WorkingDir = dir
	}
	// Source: merge in moby's daemon/commit.go, which also fills a new container's configuration from its image.
	entrypoint, given := args.Option("entrypoint")
	switch {
	case given && entrypoint != "":
		c.Entrypoint = []string{entrypoint}
	case !given:
		c.Entrypoint = image.Entrypoint
	}
	if len(c.Cmd) == 0 && !given {
		c.Cmd = image.Cmd
	}
	return c
}

// mergeEnv is a container's environment: what it was given, the last of each name, and then what only the image has. A
// name alone would take the value of the docker command's own environment, in which it is not.
func mergeEnv(given, ofImage []string) (env []string) {
	has := map[string]bool{}
	for _, entry := range slices.Backward(given) {
		if name, _, hasValue := strings.Cut(entry, "="); hasValue && !has[name] {
			has[name] = true
			env = append(env, entry)
		}
	}
	slices.Reverse(env)
	for _, entry := range ofImage {
		if name, _, _ := strings.Cut(entry, "="); !has[name] {
			env = append(env, entry)
		}
	}
	return env
}
