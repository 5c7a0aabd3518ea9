package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// Defaults of a health check.
// Source: Dokku docs/deployment/zero-downtime-deploys.md.
const (
	defaultAttempts = 3
	defaultTimeout  = 5 // seconds
	defaultWait     = 5 // seconds
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ParseAppJSON reads an app.json, fills in defaults, and checks it. Comments
// and trailing commas are allowed, as Dokku allows them; unknown keys are
// ignored; an empty file says nothing. The error names the key, or the line
// where the file is not JSON at all. Scheduled tasks are checked by plugins/cron,
// which answers app-json-is-valid.
func ParseAppJSON(file []byte) (AppJSON, error) {
	a, err := ReadAppJSON(file)
	if err != nil {
		return AppJSON{}, err
	}
	if err := a.complete(); err != nil {
		return AppJSON{}, fmt.Errorf("app.json: %w", err)
	}
	return a, nil
}

// ReadAppJSON is ParseAppJSON that leaves out what is not said, and checks only
// the kinds of values.
func ReadAppJSON(file []byte) (a AppJSON, err error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if len(bytes.TrimSpace(file)) == 0 {
		return a, nil
	}
	plain, err := hujson.Standardize(bytes.Clone(file))
	if err != nil {
		return a, fmt.Errorf("app.json is not JSON: %s", strings.TrimPrefix(err.Error(), "hujson: "))
	}
	if a, err = decodeAppJSON(plain); err != nil {
		return AppJSON{}, fmt.Errorf("app.json: %w", err)
	}
	return a, nil
}

// decodeAppJSON decodes section by section, so that an error can say where.
func decodeAppJSON(b []byte) (a AppJSON, err error) {
	var s struct {
		Env          json.RawMessage `json:"env"`
		Formation    json.RawMessage `json:"formation"`
		Healthchecks json.RawMessage `json:"healthchecks"`
		Scripts      json.RawMessage `json:"scripts"`
		Cron         json.RawMessage `json:"cron"`
		Buildpacks   json.RawMessage `json:"buildpacks"`
	}
	if err := decode("", b, &s); err != nil {
		return a, err
	}
	checks, errChecks := decodeMap[json.RawMessage]("healthchecks", s.Healthchecks)
	if len(checks) > 0 {
		a.Healthchecks = map[string][]Healthcheck{}
	}
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		list, err := decodeList[Healthcheck]("healthchecks."+name, checks[name])
		if err != nil {
			return a, err
		}
		a.Healthchecks[name] = list
	}
	var errEnv, errFormation, errScripts, errCron, errBuildpacks error
	a.Env, errEnv = decodeMap[EnvVar]("env", s.Env)
	a.Formation, errFormation = decodeMap[Formation]("formation", s.Formation)
	errScripts = decode("scripts", s.Scripts, &a.Scripts)
	a.Cron, errCron = decodeList[CronTask]("cron", s.Cron)
	a.Buildpacks, errBuildpacks = decodeList[Buildpack]("buildpacks", s.Buildpacks)
	for _, err := range []error{errEnv, errFormation, errChecks, errScripts, errCron, errBuildpacks} {
		if err != nil {
			return a, err
		}
	}
	return a, nil
}

// UnmarshalJSON takes a plain string as the value.
func (e *EnvVar) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '"':
		return json.Unmarshal(b, &e.Value)
	case len(b) == 0 || b[0] != '{':
		return errors.New("must be a string or an object")
	}
	type object EnvVar
	return json.Unmarshal(b, (*object)(e))
}

func decode(path string, b json.RawMessage, into any) error {
	if len(b) == 0 {
		return nil
	}
	err := json.Unmarshal(b, into)
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &kind):
		return fmt.Errorf("%s: %w", path, err)
	}
	where := strings.Trim(path+"."+kind.Field, ".")
	if where == "" {
		where = "the file"
	}
	return fmt.Errorf("%s must be %s, not %s", where, kindName(kind.Type.Kind().String()), kindName(kind.Value))
}

// kindName is a JSON or Go kind in words.
func kindName(kind string) string {
	kind, _, _ = strings.Cut(kind, " ") // "number 1.5"
	switch kind {
	case "struct", "map", "object":
		return "an object"
	case "slice", "array":
		return "a list"
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	case "int":
		return "a whole number"
	default:
		return "a " + kind
	}
}

func decodeMap[T any](path string, b json.RawMessage) (map[string]T, error) {
	var raw map[string]json.RawMessage
	if err := decode(path, b, &raw); err != nil || len(raw) == 0 {
		return nil, err
	}
	all := make(map[string]T, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		var one T
		if err := decode(path+"."+name, raw[name], &one); err != nil {
			return nil, err
		}
		all[name] = one
	}
	return all, nil
}

func decodeList[T any](path string, b json.RawMessage) ([]T, error) {
	var raw []json.RawMessage
	if err := decode(path, b, &raw); err != nil {
		return nil, err
	}
	var all []T
	for i, item := range raw {
		var one T
		if err := decode(fmt.Sprintf("%s[%d]", path, i), item, &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// complete fills in defaults and checks what the types cannot.
func (a *AppJSON) complete() error {
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		if !envName.MatchString(name) {
			return fmt.Errorf("env: %q is not the name of a variable", name)
		}
		if g := a.Env[name].Generator; g != "" && g != "secret" {
			return fmt.Errorf("env.%s.generator: %q is unknown; there is only \"secret\"", name, g)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Formation)) {
		f := a.Formation[name]
		if _, err := ParseProcessType(name); err != nil {
			return fmt.Errorf("formation: %q: %w", name, err)
		}
		if f.Quantity != nil && (*f.Quantity < 0 || *f.Quantity > maxCount) {
			return fmt.Errorf("formation.%s.quantity: %d is not a number of processes", name, *f.Quantity)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Healthchecks)) {
		if _, err := ParseProcessType(name); err != nil {
			return fmt.Errorf("healthchecks: %q: %w", name, err)
		}
		for i := range a.Healthchecks[name] {
			if err := a.Healthchecks[name][i].complete(); err != nil {
				return fmt.Errorf("healthchecks.%s[%d].%w", name, i, err)
			}
		}
	}
	for i, b := range a.Buildpacks {
		if b.URL == "" {
			return fmt.Errorf("buildpacks[%d].url is missing", i)
		}
	}
	return nil
}

func (h *Healthcheck) complete() error {
	switch h.Type {
	case "":
		h.Type = "startup"
	case "startup", "readiness", "liveness":
	default:
		return fmt.Errorf("type: %q is none of startup, readiness, liveness", h.Type)
	}
	for _, n := range []struct {
		key   string
		value int
	}{{"attempts", h.Attempts}, {"initialDelay", h.InitialDelay}, {"timeout", h.Timeout}, {"uptime", h.Uptime}, {"wait", h.Wait}} {
		if n.value < 0 {
			return fmt.Errorf("%s: %d is less than nothing", n.key, n.value)
		}
	}
	if h.Port < 0 || h.Port > 65535 {
		return fmt.Errorf("port: %d is not a port", h.Port)
	}
	switch h.Scheme {
	case "":
		h.Scheme = "http"
	case "http", "https":
	default:
		return fmt.Errorf("scheme: %q is neither http nor https", h.Scheme)
	}
	if err := h.oneKind(); err != nil {
		return err
	}
	// An entry that says neither command, listening nor uptime asks for "/".
	if h.Path == "" && len(h.Command) == 0 && !h.Listening && h.Uptime == 0 {
		h.Path = "/"
	}
	if h.Path != "" && !strings.HasPrefix(h.Path, "/") {
		h.Path = "/" + h.Path
	}
	if h.Attempts == 0 {
		h.Attempts = defaultAttempts
	}
	if h.Timeout == 0 {
		h.Timeout = defaultTimeout
	}
	if h.Wait == 0 {
		h.Wait = defaultWait
	}
	return nil
}

// oneKind refuses a check that asks in two ways. The words are Dokku's.
// Source: docker-container-healthchecker, appjson/healthcheck.go, Validate.
func (h *Healthcheck) oneKind() error {
	var asks []string
	for _, way := range []struct {
		words string
		asked bool
	}{
		{"a container 'command' to execute", len(h.Command) > 0},
		{"an http 'path' to check", h.Path != ""},
		{"an 'uptime' seconds value", h.Uptime > 0},
		{"a 'listening' true value", h.Listening},
	} {
		if way.asked {
			asks = append(asks, way.words)
		}
	}
	if len(asks) > 1 {
		return fmt.Errorf("name: healthcheck name='%s' cannot contain both %s and %s", h.Name, asks[0], asks[1])
	}
	return nil
}
