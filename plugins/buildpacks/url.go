package buildpacks

import (
	"errors"
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"github.com/slipwayhq/slipway/command"
)

var (
	shortRE = regexp.MustCompile(`^([A-Za-z0-9_-]+)/([A-Za-z0-9_-]+)$`)
	urlRE   = regexp.MustCompile(`^(http|https|git)(://|@)[^\s/:]+[/:][^\s/:]+/\S+$`)
)

// URL is a buildpack: the URL of a git repository, which may end in #REVISION.
type URL string

// ParseURL reads a URL, or OWNER/NAME for a buildpack on GitHub. The rules and
// the words are Dokku's (plugins/buildpacks/functions.go, validBuildpackURL).
func ParseURL(s string) (URL, error) {
	if s == "" {
		return "", command.BadInput("Must specify a buildpack url or reference")
	}
	if parts := shortRE.FindStringSubmatch(s); parts != nil {
		owner := parts[1]
		if owner == "heroku-community" {
			owner = "heroku"
		}
		return URL("https://github.com/" + owner + "/heroku-buildpack-" + parts[2] + ".git"), nil
	}
	if !urlRE.MatchString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", command.BadInput("Invalid buildpack specified: %s\nName one as OWNER/NAME, such as heroku/nodejs, or by the URL of its repository", s)
	}
	return URL(s), nil
}

// validStack refuses what cannot name an image.
func validStack(v string) error {
	if _, err := reference.ParseNormalizedNamed(v); err != nil {
		return errors.New("Invalid stack value, must be the name of an image, such as " + defaultStack) //nolint:staticcheck // shown as it is
	}
	return nil
}
