package git

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/state"
)

// checkBranch tells whether git takes name for a branch.
// Rules: git-check-ref-format(1), and `--branch`, which refuses a leading dash.
func checkBranch(name string) error {
	bad := name == "" || name == "@" || name == "HEAD" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsAny(name, " ~^:?*[\\\x7f")
	for _, part := range strings.Split(name, "/") {
		bad = bad || part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	for _, r := range name {
		bad = bad || r < ' '
	}
	if bad {
		return fmt.Errorf("invalid branch name %q: see the man page of git-check-ref-format", name)
	}
	return nil
}

// checkKey takes no name for a config var that config:set would not take.
func checkKey(name string) error {
	if name != "" && !state.ValidKey(name) {
		return fmt.Errorf("Invalid key name: '%s'", name) //nolint:staticcheck // Dokku's words of config:set
	}
	return nil
}

func checkBool(value string) error {
	if value != "true" && value != "false" {
		return fmt.Errorf("invalid value %q, valid values are: true, false", value)
	}
	return nil
}

func checkCount(value string) error {
	if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < 1 {
		return errors.New("the value must be a whole number above 0")
	}
	return nil
}

// branch is the deploy branch of the app.
func (s *service) branch(app string) (string, error) { return s.host.Store.Computed(deployBranch, app) }

// configuredBranch is the deploy branch that somebody chose, "" when nobody did.
func (s *service) configuredBranch(app string) (string, error) {
	p := deployBranch
	p.Default = ""
	return s.host.Store.Computed(p, app)
}

// count reads a numeric property.
func (s *service) count(p state.Property, app string) (int64, error) {
	text, err := s.host.Store.Computed(p, app)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("cannot read the property %s of %s: %q is not a number", p.Name, app, text)
	}
	return n, nil
}

// revVar is the config var for the deployed revision, "" for none: the
// property counts as set even when it is empty.
// Dokku: plugins/git/git-revision.
func (s *service) revVar(app string) (string, error) {
	value, set, err := s.host.Store.Lookup(revEnvVar, app)
	if err != nil || set {
		return value, err
	}
	return s.host.Store.Computed(revEnvVar, app)
}
