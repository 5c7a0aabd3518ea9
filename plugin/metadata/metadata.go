// Package metadata reads plugin.toml, in which a plugin says what it is, what it works with, what can be configured, and how
// it is run. Dokku's four lines are enough; everything else is ours.
//
//	[plugin]
//	name = "hello"
//	version = "1.0.0"
//	description = "Greets"
//	hook-timeout = "30s"                  # a hook of it that takes longer is cut off
//
//	[plugin.compatibility]
//	minimum = "0.3"                       # of Slipway; "0.3" is 0.3.0
//	maximum = "1"                         # "1" is every 1.x.y
//	conflicts = ["greet"]                 # plugins that must not be enabled beside it
//
//	[plugin.config.greeting]              # CONFIG_GREETING to its hooks
//	type = "string"                       # or integer, boolean, duration
//	default = "hi"
//	help = "The first word"
//	values = ["hi", "hello"]              # nothing else is taken
//	secret = false                        # true: shown by plugin:config as ***
//
//	[plugin.run]
//	as = "executables"                    # or process, http
//
//	[plugin.drivers]
//	builder = ["hello"]                   # what builder:set selected takes besides Slipway's own
//
// Read gives a Plugin, or an error that says in which line what is wrong. Tables and keys that are not ours are left alone:
// other programs have their own.
package metadata

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// File is the name of the file in a plugin's folder.
const File = "plugin.toml"

// maxSize bounds a plugin.toml, in bytes.
const maxSize = 64 << 10

// Plugin is what a plugin says of itself.
type Plugin struct {
	Name        string // "" in most of Dokku's: the folder's name counts
	Version     string
	Description string
	// Minimum and Maximum are versions of Slipway, "" for any.
	Minimum, Maximum Version
	Conflicts        []string
	Config           []Key // in the order of their names
	// HookTimeout cuts off hooks that take longer; nil when the plugin says nothing, 0 for never.
	HookTimeout *time.Duration
	Run         Run
	Drivers     map[string][]string // kind, such as "builder", to names
}

// Read reads the plugin.toml in a plugin's folder. Its errors satisfy errors.Is(err, fs.ErrNotExist) where there is none.
func Read(dir string) (Plugin, error) {
	file, err := os.Open(filepath.Join(dir, File))
	if err != nil {
		return Plugin{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return Plugin{}, err
	}
	return Parse(text)
}

// document is plugin.toml as TOML. Dokku's three strings may be anything: of old they were not looked at.
type document struct {
	Plugin struct {
		Name          any                 `toml:"name"`
		Version       any                 `toml:"version"`
		Description   any                 `toml:"description"`
		HookTimeout   string              `toml:"hook-timeout"`
		Compatibility compatibility       `toml:"compatibility"`
		Config        map[string]any      `toml:"config"`
		Run           runTable            `toml:"run"`
		Drivers       map[string][]string `toml:"drivers"`
	} `toml:"plugin"`
}

type compatibility struct {
	Minimum   string   `toml:"minimum"`
	Maximum   string   `toml:"maximum"`
	Conflicts []string `toml:"conflicts"`
}

// Parse reads the text of a plugin.toml.
func Parse(text []byte) (Plugin, error) {
	if len(text) > maxSize {
		return Plugin{}, fmt.Errorf("it is larger than %d bytes", maxSize)
	}
	var d document
	if err := toml.Unmarshal(text, &d); err != nil {
		return Plugin{}, position(err)
	}
	p := Plugin{Name: oneLine(d.Plugin.Name), Version: oneLine(d.Plugin.Version), Description: oneLine(d.Plugin.Description)}
	var err error
	if p.Minimum, err = parseVersion("minimum", d.Plugin.Compatibility.Minimum); err != nil {
		return Plugin{}, err
	}
	if p.Maximum, err = parseVersion("maximum", d.Plugin.Compatibility.Maximum); err != nil {
		return Plugin{}, err
	}
	if p.Conflicts, err = names("conflicts", d.Plugin.Compatibility.Conflicts); err != nil {
		return Plugin{}, err
	}
	if d.Plugin.HookTimeout != "" {
		limit, err := ParseTimeout(d.Plugin.HookTimeout)
		if err != nil {
			return Plugin{}, fmt.Errorf("hook-timeout: %w", err)
		}
		p.HookTimeout = &limit
	}
	if p.Config, err = keys(d.Plugin.Config); err != nil {
		return Plugin{}, err
	}
	if p.Run, err = d.Plugin.Run.parse(p.Config); err != nil {
		return Plugin{}, err
	}
	if p.Drivers, err = drivers(d.Plugin.Drivers); err != nil {
		return Plugin{}, err
	}
	return p, nil
}

// position puts the line of what is wrong in front of the reason.
func position(err error) error {
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		row, _ := syntax.Position()
		return fmt.Errorf("line %d: %s", row, strings.TrimPrefix(syntax.Error(), "toml: "))
	}
	return err
}

// oneLine is a scalar as one line of text.
func oneLine(v any) string {
	if v == nil {
		return ""
	}
	return strings.Join(strings.FieldsFunc(fmt.Sprint(v), func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}

// ParseTimeout reads a time limit such as 30s, 5m or 1h30m; 0 is none.
func ParseTimeout(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time limit, such as 30s, 5m or 1h; 0 is none", s)
	}
	return d, nil
}

// nameRE is what a plugin or a driver may be called; the former is a folder.
var nameRE = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.-]*$`)

// ValidName tells whether a plugin or a driver may be called so.
func ValidName(s string) bool { return len(s) <= 100 && nameRE.MatchString(s) }

func names(of string, list []string) ([]string, error) {
	for _, name := range list {
		if !ValidName(name) {
			return nil, fmt.Errorf("%s: %q is no name: it has letters, digits, _, . and - only", of, name)
		}
	}
	return list, nil
}
