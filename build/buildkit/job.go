package buildkit

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/tonistiigi/fsutil"

	"github.com/slipwayhq/slipway/command"
)

// The names of BuildKit's Dockerfile frontend and of the exporter with which
// the engine's own BuildKit puts images into the engine.
// Source: moby's builder/builder-next/builder.go.
const (
	dockerfileFrontend = "dockerfile.v0"
	engineExporter     = "moby"
)

func (j Job) solveOptions() (client.SolveOpt, error) {
	context, err := j.Context.open()
	if err != nil {
		return client.SolveOpt{}, err
	}
	name := path.Base(j.Dockerfile.Name)
	recipe := filesFS{name: {content: j.Dockerfile.Content, mode: 0o644}}
	if j.Dockerfile.Ignore != nil {
		recipe[name+".dockerignore"] = file{content: j.Dockerfile.Ignore, mode: 0o644}
	}
	attachables, err := j.attachables()
	if err != nil {
		return client.SolveOpt{}, err
	}
	solve := client.SolveOpt{
		Frontend:      dockerfileFrontend,
		FrontendAttrs: j.frontendAttrs(),
		LocalMounts:   map[string]fsutil.FS{"context": context, "dockerfile": recipe},
		SharedKey:     "slipway:" + repository(j.Image),
		Session:       attachables,
		Exports: []client.ExportEntry{{
			Type:  engineExporter,
			Attrs: map[string]string{"name": strings.Join(append([]string{j.Image}, j.Options.Tags...), ",")},
		}},
		AllowedEntitlements: j.Options.Allow,
	}
	for _, ref := range j.Options.CacheFrom {
		solve.CacheImports = append(solve.CacheImports, client.CacheOptionsEntry{Type: "registry", Attrs: map[string]string{"ref": ref}})
	}
	if j.Options.Network == "host" && !slices.Contains(solve.AllowedEntitlements, "network.host") {
		solve.AllowedEntitlements = append(slices.Clone(solve.AllowedEntitlements), "network.host")
	}
	return solve, nil
}

// repository is an image's name without its tag, which may differ from build to
// build.
func repository(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image // the engine will say so
	}
	return named.Name()
}

// frontendAttrs says the options in the words of the Dockerfile frontend.
// Source: BuildKit's frontend/dockerui/attr.go and frontend/dockerui/config.go.
func (j Job) frontendAttrs() map[string]string {
	o := j.Options
	attrs := map[string]string{"filename": path.Base(j.Dockerfile.Name)}
	for _, arg := range ArgNames(j.Dockerfile.Content) {
		if value, set := j.Env[arg]; set {
			attrs["build-arg:"+arg] = value
		}
	}
	for _, arg := range o.BuildArgs {
		value, set := arg.Value, true
		if !arg.HasValue {
			value, set = j.Env[arg.Name]
		}
		if set {
			attrs["build-arg:"+arg.Name] = value
		}
	}
	labels := maps.Clone(j.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, o.Labels)
	for name, value := range labels {
		attrs["label:"+name] = value
	}
	for name, value := range map[string]string{
		"target":        o.Target,
		"platform":      o.Platform,
		"add-hosts":     strings.Join(o.AddHosts, ","),
		"ulimit":        strings.Join(o.Ulimits, ","),
		"shm-size":      o.ShmSize,
		"cgroup-parent": o.CgroupParent,
	} {
		if value != "" {
			attrs[name] = value
		}
	}
	if o.Network != "" && o.Network != "default" {
		attrs["force-network-mode"] = o.Network
	}
	if o.NoCache {
		attrs["no-cache"] = strings.Join(o.NoCacheStages, ",") // empty: all of them
	}
	if o.Pull {
		attrs["image-resolve-mode"] = "pull"
	}
	return attrs
}

// attachables are what the engine may ask this process for during the build.
func (j Job) attachables() ([]session.Attachable, error) {
	secrets, err := newSecrets(j.Context, j.Options.Secrets, j.Env)
	if err != nil {
		return nil, err
	}
	folder := j.DockerConfig
	if folder == "" {
		folder = config.Dir()
	}
	logins, err := config.Load(folder)
	if err != nil {
		return nil, fmt.Errorf("cannot read docker's configuration: %w", err)
	}
	attachables := []session.Attachable{
		secretsprovider.NewSecretProvider(secrets),
		authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
			AuthConfigProvider: authprovider.LoadAuthConfig(logins),
		}),
	}
	if len(j.Options.SSH) > 0 {
		agents := make([]sshprovider.AgentConfig, len(j.Options.SSH))
		for i, s := range j.Options.SSH {
			agents[i] = sshprovider.AgentConfig{ID: s.ID, Paths: s.Paths}
		}
		agent, err := sshprovider.NewSSHAgentProvider(agents)
		if err != nil {
			return nil, command.Fail("Cannot use the SSH agent or key of --ssh: %w", err)
		}
		attachables = append(attachables, agent)
	}
	return attachables, nil
}

// log is where the whole output goes; never nil.
func (j Job) log() io.Writer {
	if j.Log == nil {
		return io.Discard
	}
	return j.Log
}
