package build

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
)

// sort is a builder of a name that detects its file or fails.
type sort struct {
	name  string
	found bool
	err   error
}

func (s sort) Name() string                                          { return s.name }
func (s sort) Detect(context.Context, string, string) (bool, error)  { return s.found, s.err }
func (s sort) Build(context.Context, Request, *command.Output) error { return nil }

func (s sort) Seeks(string) string { return "a " + s.name + " file" }

func all(dockerfile, static sort) []Builder { return []Builder{static, sort{name: "null"}, dockerfile} }

func TestSelect(t *testing.T) {
	broken := errors.New("broken")
	no, yes := sort{name: "dockerfile"}, sort{name: "dockerfile", found: true}
	site, none := sort{name: "static", found: true}, sort{name: "static"}
	for _, c := range []struct {
		what     string
		builders []Builder
		chosen   string
		want     string // the name, or what the error says
	}{
		{"the order of names decides", all(yes, site), "", "dockerfile"},
		{"the one that detects", all(no, site), "", "static"},
		{"a choice goes before detection", all(yes, site), "null", "null"},
		{"an unknown choice", all(yes, site), "bogus", "There is no builder bogus\nChoose one of dockerfile, null, static: dokku builder:set blog selected"},
		{"an error ends the search", all(sort{name: "dockerfile", err: broken}, site), "", "broken"},
		{"nothing", all(no, none), "", "has neither a dockerfile file nor a null file nor a static file"},
	} {
		b, err := Select(t.Context(), c.builders, c.chosen, "blog", "/source")
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = b.Name()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s", c.what, got)
		}
	}
}
