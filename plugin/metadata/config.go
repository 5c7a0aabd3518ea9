package metadata

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Key is one thing that can be configured.
type Key struct {
	Name    string
	Type    Type
	Default string
	Help    string
	Values  []string // what it may be; empty: anything of its type
	Secret  bool     // its value is shown to nobody unasked
}

// Type is what values of a key look like.
type Type string

// The types.
const (
	String   Type = "string"
	Integer  Type = "integer"
	Boolean  Type = "boolean"
	Duration Type = "duration"
)

// Variable is the name of the variable in which hooks find the value. Source: plugn, TomlExport.
func (k Key) Variable() string { return "CONFIG_" + variable(k.Name) }

// Override is the variable of the environment of slipwayd that counts before what is set. Source: plugn, TomlExport.
func (k Key) Override(plugin string) string { return variable(plugin) + "_" + variable(k.Name) }

func variable(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }

// Check says why the key cannot have the value, nil when it can.
func (k Key) Check(value string) error {
	if strings.ContainsRune(value, 0) {
		return fmt.Errorf("a value of %s has no NUL byte", k.Name)
	}
	if len(k.Values) > 0 && !slices.Contains(k.Values, value) {
		return fmt.Errorf("%s is one of %s, not %s", k.Name, strings.Join(k.Values, ", "), k.Shown(value))
	}
	switch k.Type {
	case Integer:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return fmt.Errorf("%s is a whole number, not %s", k.Name, k.Shown(value))
		}
	case Boolean:
		if value != "true" && value != "false" {
			return fmt.Errorf("%s is true or false, not %s", k.Name, k.Shown(value))
		}
	case Duration:
		if _, err := time.ParseDuration(value); err != nil {
			return fmt.Errorf("%s is a duration such as 30s or 5m, not %s", k.Name, k.Shown(value))
		}
	}
	return nil
}

// Shown is the value as lists may have it.
func (k Key) Shown(value string) string {
	if k.Secret && value != "" {
		return "***"
	}
	return value
}

// keyRE is what can be the name of a variable, with - for _.
var keyRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// keys reads the table plugin.config. A key whose value is no table is declared, and that is all: so plugn has it.
func keys(table map[string]any) ([]Key, error) {
	var list []Key
	variables := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !keyRE.MatchString(name) || len(name) > 100 {
			return nil, fmt.Errorf("config: %q is no name of a key: it has letters, digits, _ and - only", name)
		}
		k := Key{Name: name, Type: String}
		if said, ok := table[name].(map[string]any); ok {
			if err := k.read(said); err != nil {
				return nil, fmt.Errorf("config.%s: %w", name, err)
			}
		}
		if before, twice := variables[k.Variable()]; twice {
			return nil, fmt.Errorf("config: %s and %s are one variable, %s", before, name, k.Variable())
		}
		variables[k.Variable()] = name
		list = append(list, k)
	}
	return list, nil
}

func (k *Key) read(said map[string]any) error {
	k.Help = oneLine(said["help"])
	if v, ok := said["type"]; ok {
		k.Type = Type(fmt.Sprint(v))
	}
	switch k.Type {
	case String, Integer, Boolean, Duration:
	default:
		return fmt.Errorf("the type %q is none of string, integer, boolean, duration", k.Type)
	}
	var ok bool
	if v, said := said["secret"]; said {
		if k.Secret, ok = v.(bool); !ok {
			return errors.New("secret is true or false")
		}
	}
	if v, said := said["values"]; said {
		list, ok := v.([]any)
		if !ok {
			return errors.New("values is a list")
		}
		for _, one := range list {
			k.Values = append(k.Values, fmt.Sprint(one))
		}
	}
	if v, said := said["default"]; said {
		switch v.(type) {
		case string, int64, bool, float64:
		default:
			return errors.New("default is a text, a number, true or false")
		}
		k.Default = fmt.Sprint(v)
		if err := k.Check(k.Default); err != nil {
			return fmt.Errorf("default: %w", err)
		}
	}
	return nil
}
