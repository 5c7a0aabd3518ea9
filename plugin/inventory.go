package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/plugin/metadata"
)

// Installed is one plugin of this server, as plugin:list shows it.
type Installed struct {
	Name        string
	Version     string
	Enabled     bool
	Core        bool // compiled in
	Description string
	Dir         string // of an external one
	// LeftOut is why an enabled external plugin takes no part all the same, "" when it does.
	LeftOut string
	// Broken is what is wrong with its plugin.toml, "" when nothing is. Such a plugin runs like one that says nothing.
	Broken string
	// Metadata is what an external plugin says of itself.
	Metadata metadata.Plugin
}

// coreNames are Dokku's words for those of its plugins that it does not
// describe as `dokku core NAME plugin`. Source: Dokku plugins/*/plugin.toml.
var coreNames = map[string]string{
	"00_dokku-standard": "standard", "20_events": "events logging", "certs": "certificate management",
}

// Installed lists compiled and external plugins by name. An external one stands
// for the compiled one whose place it takes.
func (h *Host) Installed() []Installed {
	all := map[string]Installed{}
	for _, name := range h.compiled {
		all[name] = Installed{Name: name, Version: h.Version, Enabled: true, Core: true, Description: About(name)}
	}
	for _, p := range h.onDisk() {
		if core, ok := all[p.Name]; ok && core.Core && (!p.Enabled || p.LeftOut != "") {
			continue // the compiled one answers
		}
		all[p.Name] = p
	}
	list := make([]Installed, 0, len(all))
	for _, p := range all {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Installed) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// onDisk lists the external plugins, in the order of their names.
func (h *Host) onDisk() []Installed {
	found := map[string]Installed{}
	for _, folder := range []string{"available", "enabled"} {
		dir := h.Store.LibPath("plugins", folder)
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // before the first plugin there is none
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if !isExternal(path) {
				continue
			}
			p := Installed{Name: e.Name(), Dir: path, Enabled: folder == "enabled"}
			if before, ok := found[p.Name]; ok {
				p.Dir = before.Dir
			}
			p.read()
			found[p.Name] = p
		}
	}
	list := make([]Installed, 0, len(found))
	for _, p := range found {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Installed) int { return strings.Compare(a.Name, b.Name) })
	for i, p := range list {
		switch {
		case !p.Enabled:
		case h.NoPlugins:
			list[i].LeftOut = "slipwayd was started with --no-plugins"
		default:
			list[i].LeftOut = h.unfit(p.Name, p.Metadata, list)
		}
	}
	return list
}

// OnDisk is the external plugin of that name, enabled or not.
func (h *Host) OnDisk(name string) (Installed, bool) {
	list := h.onDisk()
	i := slices.IndexFunc(list, func(p Installed) bool { return p.Name == name })
	if i < 0 {
		return Installed{}, false
	}
	return list[i], true
}

func (p *Installed) read() {
	about, err := metadata.Read(p.Dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			p.Broken = "its plugin.toml cannot be read: " + err.Error()
		}
		about = metadata.Plugin{Run: metadata.Run{As: metadata.Executables}}
	}
	p.Metadata, p.Version, p.Description = about, about.Version, about.Description
}

// Unfit says why a plugin that is not enabled cannot be, "" when it can: this Slipway is not one that it works with, or it
// and an enabled one exclude each other.
func (h *Host) Unfit(name string, about metadata.Plugin) string {
	others := h.onDisk()
	if reason := h.unfit(name, about, others); reason != "" {
		return reason
	}
	for _, other := range others {
		if other.Enabled && other.LeftOut == "" && other.Name != name && slices.Contains(other.Metadata.Conflicts, name) {
			return fmt.Sprintf("the plugin %s, which is enabled, cannot work beside it", other.Name)
		}
	}
	return ""
}

// unfit is Unfit by what the plugin itself says.
func (h *Host) unfit(name string, about metadata.Plugin, all []Installed) string {
	if reason := about.Unsuitable(h.Version); reason != "" {
		return reason
	}
	for _, other := range about.Conflicts {
		if other == name {
			continue
		}
		if h.Compiled(other) {
			return fmt.Sprintf("it cannot work beside the feature %s of Slipway", other)
		}
		if slices.ContainsFunc(all, func(i Installed) bool { return i.Name == other && i.Enabled }) {
			return fmt.Sprintf("it cannot work beside the plugin %s, which is enabled", other)
		}
	}
	return ""
}

// About describes a plugin of Dokku's own.
func About(name string) string {
	words := coreNames[name]
	if words == "" {
		words = name
	}
	return "dokku core " + words + " plugin"
}

// Compiled tells whether a plugin of that name is compiled in.
func (h *Host) Compiled(name string) bool { return slices.Contains(h.compiled, name) }

// isExternal tells whether a folder is that of a plugin which is none of
// Dokku's own.
func isExternal(path string) bool {
	if strings.HasPrefix(filepath.Base(path), ".") || IsCore(path) {
		return false
	}
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// InstalledLine is a plugin as plugin:list shows it.
// Source: what plugn list prints.
func InstalledLine(p Installed) string {
	state := "disabled"
	if p.Enabled {
		state = "enabled"
	}
	return fmt.Sprintf("  %-20s %-5s %-10s %s", p.Name, p.Version, state, p.Description)
}
