package fake

import (
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// Args is the argument vector of `docker container create`, taken apart.
type Args struct {
	All     []string            // as given
	Options map[string][]string // by long name without dashes: every value in order; "true" or "false" for a switch
	Image   string
	Cmd     []string
}

// Option is the last value of an option, and whether it was given.
func (a Args) Option(name string) (value string, given bool) {
	values := a.Options[name]
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}

// Switch reports whether a switch such as init is on.
func (a Args) Switch(name string) bool {
	value, _ := a.Option(name)
	return value == "true"
}

// switches are the options without a value. Source: `docker container create --help`, version 28.
var switches = map[string]bool{
	"disable-content-trust": true, "help": true, "init": true, "interactive": true, "no-healthcheck": true,
	"oom-kill-disable": true, "privileged": true, "publish-all": true, "quiet": true, "read-only": true, "rm": true,
	"tty": true, "use-api-socket": true,
}

// withValue are the options with a value. Source: as above.
var withValue = map[string]bool{
	"add-host": true, "annotation": true, "attach": true, "blkio-weight": true, "blkio-weight-device": true, "cap-add": true,
	"cap-drop": true, "cgroup-parent": true, "cgroupns": true, "cidfile": true, "cpu-count": true, "cpu-percent": true,
	"cpu-period": true, "cpu-quota": true, "cpu-rt-period": true, "cpu-rt-runtime": true, "cpu-shares": true, "cpus": true,
	"cpuset-cpus": true, "cpuset-mems": true, "device": true, "device-cgroup-rule": true, "device-read-bps": true,
	"device-read-iops": true, "device-write-bps": true, "device-write-iops": true, "dns": true, "dns-opt": true,
	"dns-option": true, "dns-search": true, "domainname": true, "entrypoint": true, "env": true, "env-file": true,
	"expose": true, "gpus": true, "group-add": true, "health-cmd": true, "health-interval": true, "health-retries": true,
	"health-start-interval": true, "health-start-period": true, "health-timeout": true, "hostname": true, "io-maxbandwidth": true,
	"io-maxiops": true, "ip": true, "ip6": true, "ipc": true, "isolation": true, "kernel-memory": true, "label": true,
	"label-file": true, "link": true, "link-local-ip": true, "log-driver": true, "log-opt": true, "mac-address": true,
	"memory": true, "memory-reservation": true, "memory-swap": true, "memory-swappiness": true, "mount": true, "name": true,
	"network": true, "network-alias": true, "oom-score-adj": true, "pid": true, "pids-limit": true, "platform": true,
	"publish": true, "pull": true, "restart": true, "runtime": true, "security-opt": true, "shm-size": true,
	"stop-signal": true, "stop-timeout": true, "storage-opt": true, "sysctl": true, "tmpfs": true, "ulimit": true, "user": true,
	"userns": true, "uts": true, "volume": true, "volume-driver": true, "volumes-from": true, "workdir": true,
}

// longNames gives the long name of one-letter and of old options.
var longNames = map[string]string{
	"a": "attach", "c": "cpu-shares", "e": "env", "h": "hostname", "i": "interactive", "l": "label", "m": "memory",
	"P": "publish-all", "p": "publish", "q": "quiet", "t": "tty", "u": "user", "v": "volume", "w": "workdir",
	"net": "network", "net-alias": "network-alias",
}

// parseArgs reads options up to the image, as docker does. Errors are in its words.
func parseArgs(argv []string) (Args, error) {
	args := Args{All: append([]string{}, argv...), Options: map[string][]string{}}
	rest := args.All
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") && rest[0] != "-" {
		word := rest[0]
		rest = rest[1:]
		if word == "--" {
			break
		}
		var err error
		if long, isLong := strings.CutPrefix(word, "--"); isLong {
			rest, err = args.long(long, rest)
		} else {
			rest, err = args.short(word[1:], rest)
		}
		if err != nil {
			return Args{}, err
		}
	}
	if len(rest) == 0 {
		return Args{}, docker.Errorf(docker.ErrInvalid, "\"docker container create\" requires at least 1 argument.")
	}
	args.Image, args.Cmd = rest[0], rest[1:]
	return args, nil
}

// long reads one --option, of which the dashes are gone, and returns what follows it.
func (a *Args) long(word string, rest []string) ([]string, error) {
	given, value, hasValue := strings.Cut(word, "=")
	name := given
	if full, renamed := longNames[given]; renamed && len(given) > 1 {
		name = full
	}
	switch {
	case switches[name] && !hasValue:
		value = "true"
	case switches[name]:
		on, isBool := parseBool(value)
		if !isBool {
			return nil, docker.Errorf(docker.ErrInvalid, "invalid argument %q for \"--%s\" flag: invalid syntax", value, given)
		}
		value = on
	case !withValue[name]:
		return nil, docker.Errorf(docker.ErrInvalid, "unknown flag: --%s", given)
	case !hasValue && len(rest) == 0:
		return nil, docker.Errorf(docker.ErrInvalid, "flag needs an argument: --%s", given)
	case !hasValue:
		value, rest = rest[0], rest[1:]
	}
	a.Options[name] = append(a.Options[name], value)
	return rest, nil
}

// short reads one word of one-letter options: -it, -eKEY=VALUE, -e KEY=VALUE.
func (a *Args) short(word string, rest []string) ([]string, error) {
	for i, letter := range word {
		name, after := longNames[string(letter)], strings.TrimPrefix(word[i:], string(letter))
		switch {
		case switches[name]:
			a.Options[name] = append(a.Options[name], "true")
			continue
		case !withValue[name]:
			return nil, docker.Errorf(docker.ErrInvalid, "unknown shorthand flag: %q in -%s", letter, word)
		case after != "":
			a.Options[name] = append(a.Options[name], strings.TrimPrefix(after, "="))
		case len(rest) == 0:
			return nil, docker.Errorf(docker.ErrInvalid, "flag needs an argument: %q in -%s", letter, word)
		default:
			a.Options[name] = append(a.Options[name], rest[0])
			rest = rest[1:]
		}
		return rest, nil
	}
	return rest, nil
}

func parseBool(text string) (on string, isBool bool) {
	switch text {
	case "1", "t", "T", "true", "TRUE", "True":
		return "true", true
	case "0", "f", "F", "false", "FALSE", "False":
		return "false", true
	}
	return "", false
}
