// Package lint looks for mistakes in a plugin's folder: metadata that cannot be
// read, hooks that nobody calls because their name is mistyped or they may not
// be run, scripts that cannot start, and a `commands` that does not answer as
// Dokku wants it.
//
//	findings, err := lint.Check(ctx, lint.Folder{Dir: dir, Command: exec.CommandContext})
//	for _, f := range findings { fmt.Println(f) }   // post-deploi: no trigger has this name; was post-deploy meant?
//
// It runs `commands` of the plugin, and nothing else of it.
package lint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/plugin/metadata"
	"github.com/slipwayhq/slipway/trigger"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	Error   Level = "error"   // something does not work
	Warning Level = "warning" // something could be better
)

// Finding is one mistake.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // 0: the whole file
	Level   Level  `json:"level"`
	Message string `json:"message"`
}

// String is the finding as one line, FILE:LINE: message.
func (f Finding) String() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if f.Level == Warning {
		return where + ": warning: " + f.Message
	}
	return where + ": " + f.Message
}

// NoMetadata is what is wrong with a folder that is no plugin.
var NoMetadata = Finding{metadata.File, 0, Error, "it is missing: without it the folder is no plugin"}

// Folder is a plugin to look at.
type Folder struct {
	Dir string
	// Command prepares a process of the plugin's, or of shellcheck, as a user who may do no harm, in the environment of plugins.
	Command func(ctx context.Context, name string, args ...string) *exec.Cmd
	// Unfit says why the plugin cannot be enabled here, "" when it can. May be nil.
	Unfit func(about metadata.Plugin) string
}

// Check lists what is wrong, by file and line.
func Check(ctx context.Context, f Folder) ([]Finding, error) {
	var found []Finding
	about, more := f.metadata()
	found = append(found, more...)
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		return nil, err
	}
	var scripts []string
	answers := false
	for _, e := range entries {
		switch {
		case e.Name() == "subcommands" && e.IsDir():
			more, names := f.subcommands()
			found, scripts = append(found, more...), append(scripts, names...)
			answers = answers || len(names) > 0
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
		default:
			problems, script := f.file(e.Name())
			found = append(found, problems...)
			if script {
				scripts = append(scripts, e.Name())
			}
			_, known := trigger.ContractOf(e.Name())
			answers = answers || known
		}
	}
	if about.Run.As == metadata.Executables && !answers {
		found = append(found, Finding{".", 0, Error, "it has no hook, no commands and no subcommands: nothing of it is ever called"})
	}
	if slices.Contains(scripts, "commands") && !broken(found, "commands") {
		found = append(found, f.commands(ctx)...)
	}
	for _, script := range scripts {
		more, err := f.shell(ctx, script)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return found, nil
}

func broken(found []Finding, file string) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return f.File == file && f.Level == Error })
}

// metadata looks at plugin.toml, and at what it says is run.
func (f Folder) metadata() (metadata.Plugin, []Finding) {
	say := func(level Level, format string, args ...any) []Finding {
		return []Finding{{metadata.File, 0, level, fmt.Sprintf(format, args...)}}
	}
	about, err := metadata.Read(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return about, []Finding{NoMetadata}
	}
	if err != nil {
		return about, say(Error, "%v", err)
	}
	var found []Finding
	if about.Version == "" {
		found = append(found, say(Warning, "it says no version")...)
	}
	if about.Description == "" {
		found = append(found, say(Warning, "it says no description, which plugin:list shows")...)
	}
	if f.Unfit != nil {
		if why := f.Unfit(about); why != "" {
			found = append(found, say(Error, "the plugin cannot be enabled here: %s", why)...)
		}
	}
	if about.Run.As == metadata.Process && strings.Contains(about.Run.Command[0], "/") && !filepath.IsAbs(about.Run.Command[0]) {
		path := filepath.Join(f.Dir, about.Run.Command[0])
		if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() || st.Mode()&0o111 == 0 {
			found = append(found, say(Error, "the program %s that it runs is not there, or may not be run: build it first", about.Run.Command[0])...)
		}
	}
	return about, found
}
