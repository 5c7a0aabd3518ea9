package plugin

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Installed is one plugin of this server, as plugin:list shows it.
type Installed struct {
	Name        string
	Version     string
	Enabled     bool
	Core        bool // compiled in
	Description string
	Dir         string // of an external one
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
		words := coreNames[name]
		if words == "" {
			words = name
		}
		all[name] = Installed{Name: name, Version: h.Version, Enabled: true, Core: true, Description: "dokku core " + words + " plugin"}
	}
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
			if p.Enabled && all[p.Name].Dir != "" {
				p.Dir = all[p.Name].Dir
			}
			p.Version, p.Description = readAbout(filepath.Join(p.Dir, "plugin.toml"))
			if core, ok := all[p.Name]; ok && core.Core && !p.Enabled {
				continue // the compiled one answers
			}
			all[p.Name] = p
		}
	}
	list := make([]Installed, 0, len(all))
	for _, p := range all {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Installed) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Compiled tells whether a plugin of that name is compiled in.
func (h *Host) Compiled(name string) bool { return slices.Contains(h.compiled, name) }

// isExternal tells whether a folder is that of a plugin which is none of
// Dokku's own: those are links into core-plugins.
func isExternal(path string) bool {
	if strings.HasPrefix(filepath.Base(path), ".") {
		return false
	}
	if target, err := os.Readlink(path); err == nil && strings.Contains(target, "core-plugins") {
		return false
	}
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// maxAbout bounds a plugin.toml, which has four lines.
const maxAbout = 64 << 10

func readAbout(path string) (version, description string) {
	file, err := os.Open(path)
	if err != nil {
		return "", ""
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxAbout))
	if err != nil {
		return "", ""
	}
	return parseAbout(string(text))
}

// parseAbout reads version and description of the table [plugin] of a
// plugin.toml, which have basic strings as values. Each is one line.
func parseAbout(text string) (version, description string) {
	table := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || table != "[plugin]" {
			continue
		}
		value = strings.TrimSpace(value)
		if quoted, err := strconv.QuotedPrefix(value); err == nil {
			if value, err = strconv.Unquote(quoted); err != nil {
				continue
			}
		}
		value = strings.Join(strings.FieldsFunc(value, func(r rune) bool { return r < ' ' }), " ")
		switch strings.TrimSpace(key) {
		case "version":
			version = value
		case "description":
			description = value
		}
	}
	return version, description
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
