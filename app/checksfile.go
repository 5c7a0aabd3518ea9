package app

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ChecksFile is the name of the file that Dokku kept health checks in before
// app.json had them. It is deprecated there, and still read.
const ChecksFile = "CHECKS"

// checksVar is what a CHECKS file may have of sigil's templates: a config var,
// as {{ var "NAME" }} or {{ $NAME }}.
var checksVar = regexp.MustCompile(`\{\{-?\s*(?:var\s+"([A-Za-z_][A-Za-z0-9_]*)"|\$([A-Za-z_][A-Za-z0-9_]*))\s*-?\}\}`)

// ExpandChecks puts config vars in their places in a CHECKS file; one that is
// not set is nothing.
func ExpandChecks(text string, env map[string]string) string {
	return checksVar.ReplaceAllStringFunc(text, func(place string) string {
		m := checksVar.FindStringSubmatch(place)
		return env[m[1]+m[2]]
	})
}

// checksURL is a check of a CHECKS file: /path, //host/path, or https://host/path.
var checksURL = regexp.MustCompile(`^(?:(?:(https?):)?//([^/\s]+))?(/\S*)?$`)

// ParseChecks reads an expanded CHECKS file as health checks of the web process.
// A line is WAIT=, TIMEOUT= or ATTEMPTS= with a number, which count for all
// checks, or a path with the text that its answer must have; # begins a comment.
// Source: Dokku, docker-container-healthchecker docs/dokku-migration.md.
func ParseChecks(text string) ([]Healthcheck, error) {
	settings := map[string]int{}
	var checks []Healthcheck
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if name, value, ok := strings.Cut(line, "="); ok && (name == "WAIT" || name == "TIMEOUT" || name == "ATTEMPTS") {
			v, err := strconv.Atoi(value)
			if err != nil || v < 0 {
				return nil, fmt.Errorf("line %d: %s must be a whole number, not %q", n, name, value)
			}
			settings[name] = v
			continue
		}
		words := strings.Fields(line)
		m := checksURL.FindStringSubmatch(words[0])
		if m == nil {
			return nil, fmt.Errorf("line %d: %q is neither a path such as /health nor WAIT=, TIMEOUT= or ATTEMPTS=", n, words[0])
		}
		c := Healthcheck{
			Type: "startup", Name: "check-" + strconv.Itoa(len(checks)+1), Scheme: m[1], Path: m[3],
			Content: strings.TrimSpace(strings.TrimPrefix(line, words[0])),
		}
		if c.Path == "" {
			c.Path = "/"
		}
		if m[2] != "" {
			c.HTTPHeaders = []HTTPHeader{{Name: "Host", Value: m[2]}}
		}
		checks = append(checks, c)
	}
	for i := range checks {
		checks[i].Wait, checks[i].Timeout, checks[i].Attempts = settings["WAIT"], settings["TIMEOUT"], settings["ATTEMPTS"]
	}
	return checks, nil
}

// WithChecks is app.json with the checks of an expanded CHECKS file, if that has
// any, in place of those of the web process.
func (a AppJSON) WithChecks(text string) (AppJSON, error) {
	checks, err := ParseChecks(text)
	if err != nil || len(checks) == 0 {
		return a, err
	}
	all := map[string][]Healthcheck{"web": checks}
	for process, own := range a.Healthchecks {
		if process != "web" {
			all[process] = own
		}
	}
	a.Healthchecks = all
	return a, nil
}
