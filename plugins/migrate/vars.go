package migrate

import (
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/state"
)

// variable is a config variable of Dokku's own that a property has replaced.
type variable struct {
	app, global string // its name in an app's config and in the global one; "" = not read there
	plugin      string
	property    string
	list        bool                // the value is words, each a line of the property
	value       func(string) string // "" = the variable means nothing; nil: as it is
}

// variables are all of them. Sources: Dokku docs/appendices/0.38.0-migration-guide.md and earlier ones, and the install
// triggers of its plugins. The first that has a value for a property wins.
var variables = []variable{
	{app: "DOKKU_DOCKER_STOP_TIMEOUT", plugin: "ps", property: "stop-timeout-seconds"},
	{app: "DOKKU_APP_RESTORE", plugin: "ps", property: "restore", value: func(v string) string { return boolean(v != "0") }},
	{app: "DOKKU_SKIP_DEPLOY", global: "DOKKU_SKIP_DEPLOY", plugin: "ps", property: "skip-deploy"},
	{app: "DOKKU_START_CMD", plugin: "ps", property: "start-cmd"},
	{app: "DOKKU_DOCKERFILE_START_CMD", plugin: "ps", property: "dockerfile-start-cmd"},
	{app: "DOKKU_SCHEDULER", global: "DOKKU_SCHEDULER", plugin: "scheduler", property: "selected"},
	{app: "DOKKU_APP_SHELL", global: "DOKKU_APP_SHELL", plugin: "scheduler", property: "shell"},
	{app: "DOKKU_APP_TYPE", plugin: "builder", property: "detected"},
	{app: "DOKKU_SKIP_CLEANUP", global: "DOKKU_SKIP_CLEANUP", plugin: "builder", property: "skip-cleanup"},
	{global: "DOKKU_DISABLE_APP_AUTOCREATION", plugin: "apps", property: "disable-autocreation"},
	{app: "DOKKU_PROXY_PORT_MAP", plugin: "ports", property: "map", list: true, value: portMaps},
	{app: "DOKKU_APP_PROXY_TYPE", global: "DOKKU_PROXY_TYPE", plugin: "proxy", property: "type"},
	{app: "DOKKU_DISABLE_PROXY", plugin: "proxy", property: "disabled", value: func(string) string { return "true" }},
	{app: "DOKKU_PROXY_PORT", global: "DOKKU_PROXY_PORT", plugin: "proxy", property: "proxy-port"},
	{app: "DOKKU_NGINX_PORT", plugin: "proxy", property: "proxy-port"},
	{app: "DOKKU_PROXY_SSL_PORT", global: "DOKKU_PROXY_SSL_PORT", plugin: "proxy", property: "proxy-ssl-port"},
	{app: "DOKKU_NGINX_SSL_PORT", plugin: "proxy", property: "proxy-ssl-port"},
	{app: "DOKKU_SKIP_ALL_CHECKS", plugin: "checks", property: "disabled", value: allIf("true")},
	{app: "DOKKU_SKIP_DEFAULT_CHECKS", plugin: "checks", property: "skipped", value: allIf("true")},
	{app: "DOKKU_CHECKS_ENABLED", plugin: "checks", property: "skipped", value: allIf("0")},
	{app: "DOKKU_WAIT_TO_RETIRE", global: "DOKKU_WAIT_TO_RETIRE", plugin: "checks", property: "wait-to-retire"},
	{app: "DOKKU_CHECKS_DISABLED", plugin: "checks", property: "disabled"},
	{app: "DOKKU_CHECKS_SKIPPED", plugin: "checks", property: "skipped"},
	{app: "DOKKU_CHECKS_WAIT", global: "DOKKU_CHECKS_WAIT", plugin: "checks", property: "wait"},
	{app: "DOKKU_CHECKS_TIMEOUT", global: "DOKKU_CHECKS_TIMEOUT", plugin: "checks", property: "timeout"},
	{app: "DOKKU_CHECKS_ATTEMPTS", global: "DOKKU_CHECKS_ATTEMPTS", plugin: "checks", property: "attempts"},
	{app: "DOKKU_DEFAULT_CHECKS_WAIT", global: "DOKKU_DEFAULT_CHECKS_WAIT", plugin: "checks", property: "default-wait"},
	{app: "DOKKU_DEPLOY_BRANCH", global: "DOKKU_DEPLOY_BRANCH", plugin: "git", property: "deploy-branch"},
}

// name is what the variable is called in the config of an app, or of state.Global.
func (v variable) name(app string) string {
	if app == state.Global {
		return v.global
	}
	return v.app
}

// lines is what the property becomes, given what the variable says.
func (v variable) lines(text string) []string {
	if v.value != nil {
		text = v.value(text)
	}
	if v.list {
		return strings.Fields(text)
	}
	if text == "" {
		return nil
	}
	return []string{text}
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// allIf is Dokku's word for every process type when the variable has the value.
func allIf(value string) func(string) string {
	return func(v string) string {
		if v == value {
			return "_all_"
		}
		return ""
	}
}

var portMapRE = regexp.MustCompile(`^([a-z]+):([0-9]{1,5}):([0-9]{1,5})$`)

// portMaps leaves out of DOKKU_PROXY_PORT_MAP what is no port map.
func portMaps(text string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(text), func(word string) bool { return !portMapRE.MatchString(word) }), " ")
}
