package plugin

import "slices"

// Drivers are the names that plugins which take part declare for a kind, such as "proxy": what they can be chosen by.
// Sorted, each once.
func (h *Host) Drivers(kind string) []string {
	if h.External == nil {
		return nil
	}
	var names []string
	for _, p := range h.External.roster.members() {
		names = append(names, p.Metadata.Drivers[kind]...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// MayDrive tells whether the name could be one of a plugin that answers the trigger: it declares it, or it declares no
// names of that kind, as plugins for Dokku do. Whether anybody answers is for the caller to know.
func (h *Host) MayDrive(kind, name, trigger string) bool {
	if h.External == nil {
		return true
	}
	for _, handler := range h.External.Handlers(trigger) {
		p, ok := h.External.roster.member(handler.Plugin)
		if declared := p.Metadata.Drivers[kind]; ok && (len(declared) == 0 || slices.Contains(declared, name)) {
			return true
		}
	}
	return false
}
