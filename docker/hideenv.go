package docker

import "strings"

// hideEnv takes the values of --env=KEY=VALUE out of an argument vector, which every user of the machine can read in the
// list of processes, and returns them for the environment of the docker command, where --env=KEY finds them.
//
// It only looks at the options in front that hold their own value (--option=value): up to there it is certain, without
// knowing docker's options, that --env is an option and not the value of another or part of the container's command.
// Variables that steer the docker command itself stay where they are: see envToFile.
func hideEnv(args []string) (rest, env []string) {
	rest = append([]string{}, args...)
	for i, arg := range rest {
		if !strings.HasPrefix(arg, "--") || !strings.Contains(arg, "=") {
			break
		}
		assignment, isEnv := strings.CutPrefix(arg, "--env=")
		name, _, hasValue := strings.Cut(assignment, "=")
		if !isEnv || !hasValue || name == "" || strings.ContainsRune(assignment, 0) || steersDocker(name) {
			continue
		}
		rest[i] = "--env=" + name
		env = append(env, assignment)
	}
	return rest, env
}

// steersDocker reports whether a variable changes what the docker command does: where it looks for programs and files,
// which engine it talks to and how, and how a Go program or its loader runs.
func steersDocker(name string) bool {
	upper := strings.ToUpper(name)
	for _, prefix := range []string{
		"DOCKER_", "MOBY_", "BUILDKIT_", "BUILDX_", "COMPOSE_", "LD_", "GLIBC_", "MALLOC_", "OTEL_", "SSL_CERT_", "XDG_", "LC_",
	} {
		if strings.HasPrefix(upper, prefix) {
			return true
		}
	}
	switch upper {
	case "PATH", "HOME", "USER", "TMPDIR", "TERM", "LANG", "LANGUAGE", "NO_COLOR", "SSH_AUTH_SOCK",
		"GODEBUG", "GOTRACEBACK", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GOCOVERDIR", "GORACE":
		return true
	}
	return strings.HasSuffix(upper, "_PROXY")
}
