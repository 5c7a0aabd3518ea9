package server

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// globalLabels are the options for everything that Dokku makes with docker.
const globalLabels = "--label=org.label-schema.schema-version=1.0 --label=org.label-schema.vendor=dokku --label=dokku"

// childEnv is the environment of git and of plugins' executables, and what
// features of ours ask it for (plugin.Exec.Getenv). What may be set from outside
// is set in the environment of slipwayd. Names and defaults: the dokku script.
func (c Config) childEnv() []string {
	plugins := filepath.Join(c.Lib, "plugins")
	core := filepath.Join(c.Lib, "core-plugins")
	logs, labels := filepath.Join("/var/log", "dokku"), globalLabels
	if c.Instance != "" {
		logs = filepath.Join(c.Lib, "logs")
		labels += " --label=" + docker.LabelInstance + "=" + c.Instance
	}
	logs = envOr("DOKKU_LOGS_DIR", logs)
	env := []string{
		"PATH=" + filepath.Join(core, "bin") + ":" + c.BinDir + ":" + os.Getenv("PATH"), "HOME=" + c.Root, "LANG=C.UTF-8",
		"DOKKU_ROOT=" + c.Root, "DOKKU_HOST_ROOT=" + envOr("DOKKU_HOST_ROOT", c.Root),
		"DOKKU_LIB_ROOT=" + c.Lib, "DOKKU_LIB_PATH=" + c.Lib, "DOKKU_LIB_HOST_ROOT=" + envOr("DOKKU_LIB_HOST_ROOT", c.Lib),
		"PLUGIN_PATH=" + plugins, "PLUGIN_AVAILABLE_PATH=" + filepath.Join(plugins, "available"), "PLUGIN_ENABLED_PATH=" + filepath.Join(plugins, "enabled"),
		"PLUGIN_CORE_PATH=" + core, "PLUGIN_CORE_AVAILABLE_PATH=" + filepath.Join(core, "available"), "PLUGIN_CORE_ENABLED_PATH=" + filepath.Join(core, "enabled"),
		"DOKKU_SYSTEM_USER=" + c.SystemUser, "DOKKU_SYSTEM_GROUP=" + envOr("DOKKU_SYSTEM_GROUP", c.SystemUser), "DOKKU_DISTRO=" + distro(),
		"DOKKU_API_VERSION=1", "DOKKU_NOT_IMPLEMENTED_EXIT=10", "DOKKU_VALID_EXIT=0", "DOCKER_BIN=docker",
		"DOKKU_IMAGE=" + envOr("DOKKU_IMAGE", "gliderlabs/herokuish:latest-24"), "DOKKU_CNB_BUILDER=" + envOr("DOKKU_CNB_BUILDER", "heroku/builder:24"),
		"DOKKU_LOGS_DIR=" + logs, "DOKKU_LOGS_HOST_DIR=" + envOr("DOKKU_LOGS_HOST_DIR", logs),
		"DOKKU_EVENTS_LOGFILE=" + envOr("DOKKU_EVENTS_LOGFILE", filepath.Join(logs, "events.log")),
		"DOKKU_PID=" + strconv.Itoa(os.Getpid()), "DOKKU_CONTAINER_LABEL=dokku",
		"DOKKU_GLOBAL_BUILD_ARGS=" + labels, "DOKKU_GLOBAL_RUN_ARGS=" + labels,
		"SLIPWAY_SOCKET=" + c.Socket, "SLIPWAY_INSTANCE=" + c.Instance,
	}
	for _, name := range []string{
		"DOCKER_HOST", "DOCKER_CONFIG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "TZ", "DOKKU_OMIT_RESOURCE_ARGS",
		"DOKKU_EVENTS", "DOKKU_SKIP_CLEANUP", "DOKKU_TRACE",
	} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// distro is the machine's distribution, such as "debian"; "" when it does not
// say. Source: os-release(5).
func distro() string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "ID="); ok {
			return strings.Trim(id, `"'`)
		}
	}
	return ""
}
