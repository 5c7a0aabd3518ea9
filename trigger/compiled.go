package trigger

import "slices"

// Compiled is the bus without the executables of external plugins, for triggers that are only our own features' business at
// this moment. A feature that an external plugin replaces is not asked.
func (b *Bus) Compiled() *Bus {
	own := NewBus(nil)
	for name, handlers := range b.compiled {
		own.compiled[name] = slices.DeleteFunc(slices.Clone(handlers), func(h Handler) bool {
			return b.Replaced(h.Plugin)
		})
	}
	return own
}

// Replaced tells whether an external plugin takes the place of the compiled one of that name, or has the name of one that
// there is not.
func (b *Bus) Replaced(plugin string) bool { return b.external != nil && b.external.Replaces(plugin) }

// Installed is the bus of external plugins alone, for questions whose answer is known as long as none of them has another.
func (b *Bus) Installed() *Bus {
	others := NewBus(b.external)
	others.observers = b.observers
	return others
}
