package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Scale says how many processes of each type run.
type Scale map[string]int

// DefaultScale is what runs when nobody said anything: one web process.
func DefaultScale() Scale { return Scale{"web": 1} }

// ErrCount says that the number of processes is missing or makes no sense. The
// words are Dokku's.
var ErrCount = errors.New("count for process type")

// maxCount keeps a typing mistake from starting a million containers.
const maxCount = 10_000

// ParseScale reads `web=1` items, as `ps:scale` has them as arguments and the
// property ps/scale as lines. A later item replaces an earlier one of the same
// type. Errors: ErrCount, ErrProcessType.
func ParseScale(items []string) (Scale, error) {
	scale := Scale{}
	for _, item := range items {
		name, text, found := strings.Cut(item, "=")
		if _, err := ParseProcessType(name); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		if !found || text == "" {
			return nil, fmt.Errorf("Missing %w %s", ErrCount, name) //nolint:staticcheck // Dokku's words
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxCount {
			return nil, fmt.Errorf("Invalid %w %s", ErrCount, name) //nolint:staticcheck // Dokku's words
		}
		scale[name] = n
	}
	return scale, nil
}

// Types lists the process types by name.
func (s Scale) Types() []string { return slices.Sorted(maps.Keys(s)) }

// Lines is what ParseScale reads, by name.
func (s Scale) Lines() []string {
	lines := make([]string, 0, len(s))
	for _, name := range s.Types() {
		lines = append(lines, name+"="+strconv.Itoa(s[name]))
	}
	return lines
}

// Of is the number of processes of one type; what is not in the scale is one
// for web and none for others.
func (s Scale) Of(processType string) int {
	if n, ok := s[processType]; ok {
		return n
	}
	return DefaultScale()[processType]
}
