package build

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// Seeker is a Builder that can name what it detects.
type Seeker interface {
	// Seeks names the file in a few words, such as "a Dockerfile".
	Seeks(app string) string
}

// Select is the builder of one deploy: the chosen one (the property selected
// of builder:set), or with "" the first whose files are in dir. They are asked
// by the order of their names, as Dokku's plugins are.
func Select(ctx context.Context, builders []Builder, chosen, app, dir string) (Builder, error) {
	builders = slices.Clone(builders)
	slices.SortFunc(builders, func(a, b Builder) int { return strings.Compare(a.Name(), b.Name()) })
	if chosen != "" {
		i := slices.IndexFunc(builders, func(b Builder) bool { return b.Name() == chosen })
		if i < 0 {
			return nil, command.Fail("There is no builder %s\nChoose one of %s: dokku builder:set %s selected …", chosen, names(builders), app)
		}
		return builders[i], nil
	}
	var sought []string
	for _, b := range builders {
		found, err := b.Detect(ctx, app, dir)
		if err != nil {
			return nil, err
		}
		if found {
			return b, nil
		}
		if s, ok := b.(Seeker); ok {
			sought = append(sought, s.Seeks(app))
		}
	}
	return nil, command.Fail("Cannot tell how to build %s: the source has neither %s\nCommit one of them, or point to the folder that has it: dokku builder:set %s build-dir …", app, strings.Join(sought, " nor "), app)
}

func names(builders []Builder) string {
	var all []string
	for _, b := range builders {
		all = append(all, b.Name())
	}
	return strings.Join(all, ", ")
}
