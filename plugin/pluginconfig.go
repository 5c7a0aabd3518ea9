package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin/metadata"
)

// ConfigValue is a config key of a plugin with the value in force.
type ConfigValue struct {
	Key    metadata.Key
	Value  string
	Source string // environment, set, default, or "" when there is no value
}

// configFile is where the config of plugins is kept, as plugn does: a table per plugin whose values are strings.
func (h *Host) configFile() string { return h.Store.LibPath("plugins", "config.toml") }

// PluginConfig is the config of an external plugin, for each key that its metadata declares.
func (h *Host) PluginConfig(p Installed) ([]ConfigValue, error) {
	if len(p.Metadata.Config) == 0 {
		return nil, nil
	}
	all, err := h.readConfigs()
	if err != nil {
		return nil, err
	}
	set := all[p.Name]
	list := make([]ConfigValue, 0, len(p.Metadata.Config))
	for _, k := range p.Metadata.Config {
		v := ConfigValue{Key: k, Value: h.outside(k.Override(p.Name)), Source: "environment"}
		if v.Value == "" {
			v.Value, v.Source = set[k.Name], "set"
		}
		if v.Value == "" {
			v.Value, v.Source = k.Default, "default"
		}
		if v.Value == "" {
			v.Source = ""
		}
		list = append(list, v)
	}
	return list, nil
}

// outside is a variable of the environment of hooks, dokkurc's before that of slipwayd.
func (h *Host) outside(name string) string {
	if h.Exec.More != nil {
		for _, pair := range slices.Backward(h.Exec.More()) {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
	}
	return h.Exec.Getenv(name)
}

// ConfigEnv are the variables CONFIG_… with which a plugin's hooks run. Source: plugn, config-export.
func (h *Host) ConfigEnv(p Installed) ([]string, error) {
	values, err := h.PluginConfig(p)
	if err != nil {
		return nil, err
	}
	env := make([]string, 0, len(values))
	for _, v := range values {
		env = append(env, v.Key.Variable()+"="+v.Value)
	}
	return env, nil
}

// SetPluginConfig sets and unsets keys of an external plugin. An error of a key or a value changes nothing.
func (h *Host) SetPluginConfig(p Installed, set map[string]string, unset []string) error {
	key := func(name string) (metadata.Key, error) {
		i := slices.IndexFunc(p.Metadata.Config, func(k metadata.Key) bool { return k.Name == name })
		if i >= 0 {
			return p.Metadata.Config[i], nil
		}
		if len(p.Metadata.Config) == 0 {
			return metadata.Key{}, command.BadInput("The plugin %s has nothing that can be configured", p.Name)
		}
		names := make([]string, 0, len(p.Metadata.Config))
		for _, k := range p.Metadata.Config {
			names = append(names, k.Name)
		}
		return metadata.Key{}, command.BadInput("The plugin %s has no config key %s: it has %s", p.Name, name, strings.Join(names, ", "))
	}
	for name, value := range set {
		k, err := key(name)
		if err != nil {
			return err
		}
		if err := k.Check(value); err != nil {
			return command.BadInput("%w", err)
		}
	}
	for _, name := range unset {
		if _, err := key(name); err != nil {
			return err
		}
	}
	if h.External != nil {
		defer h.External.askAgain(p.Name)
	}
	return h.editConfigs(func(all map[string]map[string]string) {
		table := all[p.Name]
		if table == nil {
			table = map[string]string{}
			all[p.Name] = table
		}
		for name, value := range set {
			table[name] = value
		}
		for _, name := range unset {
			delete(table, name)
		}
		if len(table) == 0 {
			delete(all, p.Name)
		}
	})
}

// ForgetPluginConfig removes all config of a plugin that is gone.
func (h *Host) ForgetPluginConfig(name string) error {
	return h.editConfigs(func(all map[string]map[string]string) { delete(all, name) })
}

func (h *Host) editConfigs(edit func(all map[string]map[string]string)) error {
	return h.Store.UpdateFile(h.configFile(), 0o600, func(text string) (string, error) {
		all, err := h.parseConfigs(text)
		if err != nil {
			return "", err
		}
		edit(all)
		var b strings.Builder
		if err := toml.NewEncoder(&b).Encode(all); err != nil {
			return "", fmt.Errorf("cannot write the config of plugins: %w", err)
		}
		return b.String(), nil
	})
}

func (h *Host) readConfigs() (map[string]map[string]string, error) {
	text, err := h.Store.ReadFile(h.configFile())
	if err != nil {
		return nil, err
	}
	return h.parseConfigs(text)
}

func (h *Host) parseConfigs(text string) (map[string]map[string]string, error) {
	all, err := parseConfigs(text)
	if err != nil {
		return nil, fmt.Errorf("cannot read the config of plugins: %s: %w. Mend or remove that file", h.configFile(), err)
	}
	return all, nil
}

// parseConfigs reads plugn's config.toml. Scalars that are no strings count as what they look like.
func parseConfigs(text string) (map[string]map[string]string, error) {
	var raw map[string]any
	if err := toml.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	all := map[string]map[string]string{}
	for name, v := range raw {
		table, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is no table", name)
		}
		all[name] = map[string]string{}
		for key, value := range table {
			switch value.(type) {
			case string, int64, float64, bool:
				all[name][key] = fmt.Sprint(value)
			default:
				return nil, fmt.Errorf("%s.%s is no string", name, key)
			}
		}
	}
	return all, nil
}
