package metadata

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Version is the beginning of a version of Slipway: "1", "1.2" or "1.2.3".
type Version string

// versionRE is a released version, perhaps with what git describe or a pre-release has behind it.
var versionRE = regexp.MustCompile(`^v?([0-9]{1,6}(?:\.[0-9]{1,6}){0,2})(?:[-+].*)?$`)

func parseVersion(of, s string) (Version, error) {
	m := versionRE.FindStringSubmatch(s)
	if s != "" && (m == nil || strings.ContainsAny(s, "-+")) {
		return "", fmt.Errorf("%s: %q is no version, such as 1, 1.2 or 1.2.3", of, s)
	}
	return Version(strings.TrimPrefix(s, "v")), nil
}

func numbers(s string) []int {
	var list []int
	for part := range strings.SplitSeq(s, ".") {
		n, _ := strconv.Atoi(part)
		list = append(list, n)
	}
	return list
}

// Unsuitable says why a Slipway of this version is not what the plugin works with, "" when it is. A build of a developer,
// whose version is none ("unknown", a commit), suits every plugin.
func (p Plugin) Unsuitable(slipway string) string {
	m := versionRE.FindStringSubmatch(slipway)
	if m == nil {
		return ""
	}
	ours := numbers(m[1])
	for len(ours) < 3 {
		ours = append(ours, 0)
	}
	if p.Minimum != "" && slices.Compare(ours, numbers(string(p.Minimum))) < 0 {
		return fmt.Sprintf("it needs Slipway %s or newer, and this is %s", p.Minimum, slipway)
	}
	if p.Maximum != "" {
		most := numbers(string(p.Maximum))
		if slices.Compare(ours[:len(most)], most) > 0 {
			return fmt.Sprintf("it works up to Slipway %s, and this is %s", p.Maximum, slipway)
		}
	}
	return ""
}
