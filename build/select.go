package build

import "slices"

// Find is the builder of that name.
func Find(builders []Builder, name string) (b Builder, ok bool) {
	i := slices.IndexFunc(builders, func(b Builder) bool { return b.Name() == name })
	if i < 0 {
		return nil, false
	}
	return builders[i], true
}
