package buildkit

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// buildFlags are the flags of `docker build`, classic and buildx.
// Source: docker/cli's cli/command/image/build.go and docker/buildx's
// commands/build.go.
var buildFlags = map[string]flag{
	"--build-arg": {set: setBuildArg},
	"--label":     {set: setLabel},
	"--target":    {set: func(o *Options, v string) error { o.Target = v; return nil }},
	"--platform":  {set: func(o *Options, v string) error { o.Platform = v; return nil }},
	"--file":      {set: func(o *Options, v string) error { o.File = v; return nil }},
	"-f":          {set: func(o *Options, v string) error { o.File = v; return nil }},
	"--tag":       {set: func(o *Options, v string) error { o.Tags = append(o.Tags, v); return nil }},
	"-t":          {set: func(o *Options, v string) error { o.Tags = append(o.Tags, v); return nil }},
	"--no-cache":  {bare: true, set: func(o *Options, v string) error { return setBool(&o.NoCache, v) }},
	"--no-cache-filter": {set: func(o *Options, v string) error {
		o.NoCache, o.NoCacheStages = true, append(o.NoCacheStages, strings.Split(v, ",")...)
		return nil
	}},
	"--pull":          {bare: true, set: func(o *Options, v string) error { return setBool(&o.Pull, v) }},
	"--secret":        {set: setSecret},
	"--ssh":           {set: setSSH},
	"--add-host":      {set: setAddHost},
	"--network":       {set: setNetwork},
	"--net":           {set: setNetwork},
	"--ulimit":        {set: func(o *Options, v string) error { o.Ulimits = append(o.Ulimits, v); return nil }},
	"--shm-size":      {set: func(o *Options, v string) error { o.ShmSize = v; return nil }},
	"--cgroup-parent": {set: func(o *Options, v string) error { o.CgroupParent = v; return nil }},
	"--cache-from":    {set: setCacheFrom},
	"--allow":         {set: func(o *Options, v string) error { o.Allow = append(o.Allow, strings.Split(v, ",")...); return nil }},

	// No effect on a build in the engine.
	"--annotation": {}, "--attest": {}, "--builder": {}, "--isolation": {}, "--progress": {}, "--provenance": {}, "--sbom": {},
	"--memory": {}, "-m": {}, "--memory-swap": {}, "--cpu-period": {}, "--cpu-quota": {}, "--cpu-shares": {}, "-c": {},
	"--cpuset-cpus": {}, "--cpuset-mems": {}, "--security-opt": {},
	"--compress": {bare: true}, "--debug": {bare: true}, "-D": {bare: true}, "--disable-content-trust": {bare: true},
	"--force-rm": {bare: true}, "--load": {bare: true}, "--quiet": {bare: true}, "-q": {bare: true}, "--rm": {bare: true},

	// They would not make an image, or not in the engine.
	"--build-context": {set: unsupported}, "--cache-to": {set: unsupported}, "--iidfile": {set: unsupported},
	"--metadata-file": {set: unsupported}, "--output": {set: unsupported}, "-o": {set: unsupported}, "--call": {set: unsupported},
	"--check": {bare: true, set: unsupported}, "--push": {bare: true, set: unsupported}, "--squash": {bare: true, set: unsupported},
}

// runFlags are flags of `docker run` that users and plugins put into the build
// phase, where Dokku leaves them out: a service's link adds --link to all
// phases. Source: docker/cli's cli/command/container/opts.go.
var runFlags = map[string]flag{
	"--link": {}, "--volume": {}, "-v": {}, "--mount": {}, "--volumes-from": {}, "--tmpfs": {}, "--env": {}, "-e": {},
	"--env-file": {}, "--publish": {}, "-p": {}, "--expose": {}, "--restart": {}, "--cap-add": {}, "--cap-drop": {}, "--cpus": {},
	"--device": {}, "--dns": {}, "--dns-search": {}, "--dns-option": {}, "--entrypoint": {}, "--gpus": {}, "--group-add": {},
	"--health-cmd": {}, "--health-interval": {}, "--health-retries": {}, "--health-timeout": {}, "--health-start-period": {},
	"--hostname": {}, "-h": {}, "--ip": {}, "--ip6": {}, "--ipc": {}, "--label-file": {}, "--log-driver": {}, "--log-opt": {},
	"--mac-address": {}, "--memory-reservation": {}, "--memory-swappiness": {}, "--name": {}, "--network-alias": {},
	"--net-alias": {}, "--oom-score-adj": {}, "--pid": {}, "--pids-limit": {}, "--runtime": {}, "--stop-signal": {},
	"--stop-timeout": {}, "--storage-opt": {}, "--sysctl": {}, "--user": {}, "-u": {}, "--userns": {}, "--uts": {},
	"--workdir": {}, "-w": {}, "--blkio-weight": {},
	"--init": {bare: true}, "--privileged": {bare: true}, "--publish-all": {bare: true}, "-P": {bare: true},
	"--read-only": {bare: true}, "--no-healthcheck": {bare: true}, "--oom-kill-disable": {bare: true}, "--detach": {bare: true},
	"-d": {bare: true}, "--interactive": {bare: true}, "-i": {bare: true}, "--tty": {bare: true},
}

func unsupported(*Options, string) error {
	return errors.New("it is not supported; the image is always built in the engine")
}

func setBool(dst *bool, value string) error {
	set, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", value)
	}
	*dst = set
	return nil
}

func setBuildArg(o *Options, value string) error {
	name, v, has := strings.Cut(value, "=")
	if name == "" {
		return errors.New("expected NAME or NAME=value")
	}
	o.BuildArgs = append(o.BuildArgs, BuildArg{Name: name, Value: v, HasValue: has})
	return nil
}

func setLabel(o *Options, value string) error {
	name, v, _ := strings.Cut(value, "=")
	if name == "" {
		return errors.New("expected NAME or NAME=value")
	}
	if o.Labels == nil {
		o.Labels = map[string]string{}
	}
	o.Labels[name] = v
	return nil
}

func setSecret(o *Options, value string) error {
	pairs, err := fields(value)
	if err != nil {
		return err
	}
	var s Secret
	kind := ""
	for _, pair := range pairs {
		switch pair[0] {
		case "id":
			s.ID = pair[1]
		case "src", "source":
			s.File = pair[1]
		case "env":
			s.Env = pair[1]
		case "type":
			kind = pair[1]
		default:
			return fmt.Errorf("%q is not one of id, src, env and type", pair[0])
		}
	}
	if kind == "env" && s.Env == "" {
		s.Env, s.File = s.File, ""
	}
	switch {
	case s.ID == "":
		return errors.New("id=… is missing")
	case kind != "" && kind != "env" && kind != "file":
		return fmt.Errorf("the type %q is neither file nor env", kind)
	case s.File != "" && s.Env != "":
		return errors.New("src and env exclude each other")
	}
	o.Secrets = append(o.Secrets, s)
	return nil
}

func setSSH(o *Options, value string) error {
	id, paths, has := strings.Cut(value, "=")
	s := SSH{ID: id}
	if has {
		s.Paths = strings.Split(paths, ",")
	}
	o.SSH = append(o.SSH, s)
	return nil
}

func setAddHost(o *Options, value string) error {
	name, address, ok := strings.Cut(value, "=")
	if !ok {
		name, address, ok = strings.Cut(value, ":")
	}
	if !ok || name == "" || strings.Contains(name, ",") {
		return fmt.Errorf("%q is not NAME:ADDRESS", value)
	}
	if address == "host-gateway" { // only containers know it before Docker 23
		o.Ignored = append(o.Ignored, "--add-host="+value)
		return nil
	}
	if _, err := netip.ParseAddr(strings.Trim(address, "[]")); err != nil {
		return fmt.Errorf("%q is not an address", address)
	}
	o.AddHosts = append(o.AddHosts, name+"="+strings.Trim(address, "[]"))
	return nil
}

func setNetwork(o *Options, value string) error {
	switch value {
	case "default", "host", "none":
		o.Network = value
		return nil
	}
	return fmt.Errorf("a build cannot use the network %q, only default, host or none", value)
}

func setCacheFrom(o *Options, value string) error {
	pairs, err := fields(value)
	if err != nil {
		return err
	}
	if len(pairs) == 1 && !strings.Contains(value, "=") {
		o.CacheFrom = append(o.CacheFrom, value)
		return nil
	}
	kind, ref := "", ""
	for _, pair := range pairs {
		switch pair[0] {
		case "type":
			kind = pair[1]
		case "ref":
			ref = pair[1]
		}
	}
	if kind != "registry" || ref == "" {
		return errors.New("only an image, or type=registry,ref=IMAGE, can be a cache")
	}
	o.CacheFrom = append(o.CacheFrom, ref)
	return nil
}
