package plugin

import (
	"slices"
	"time"

	"github.com/slipwayhq/slipway/plugin/metadata"
	"github.com/slipwayhq/slipway/state"
)

// HookTimeout is how long a hook of an external plugin may take. Below the folder of global properties there is also one of
// this name with "." and a plugin's name behind it: that plugin's own.
var HookTimeout = state.Property{
	Plugin: "plugin", Name: "hook-timeout", Scope: state.GlobalOnly, Default: "1h",
	Validate: func(s string) error { _, err := metadata.ParseTimeout(s); return err },
	Help:     "How long a hook of a plugin may take (plugin:set; 0: for ever)",
}

// HookTimeoutOf is the property of one plugin. It is none of an app's, which would go with an app of the plugin's name.
func HookTimeoutOf(name string) state.Property {
	p := HookTimeout
	p.Name, p.Default, p.Internal = p.Name+"."+name, "", true
	return p
}

// endless are the triggers that last as long as somebody wants to look or to work; no default ends them.
var endless = []string{
	"scheduler-enter", "scheduler-inspect", "scheduler-logs", "scheduler-logs-failed", "scheduler-run", "scheduler-run-logs",
}

// HookTimeout is the time that a hook of a plugin has, 0 for no limit, and where it comes from: plugin (what was set for
// this one), metadata, global or default.
func (h *Host) HookTimeout(p Installed, trigger string) (limit time.Duration, source string, err error) {
	for _, set := range []struct {
		property state.Property
		source   string
	}{{HookTimeoutOf(p.Name), "plugin"}, {HookTimeout, "global"}} {
		if set.source == "global" && p.Metadata.HookTimeout != nil {
			return *p.Metadata.HookTimeout, "metadata", nil
		}
		value, err := h.Store.Get(set.property, state.Global)
		if err != nil {
			return 0, "", err
		}
		if value == "" {
			continue
		}
		limit, err := metadata.ParseTimeout(value)
		return limit, set.source, err
	}
	if slices.Contains(endless, trigger) {
		return 0, "default", nil
	}
	limit, err = metadata.ParseTimeout(HookTimeout.Default)
	return limit, "default", err
}
