package lint

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/trigger"
)

// file looks at a file beside plugin.toml. Script tells that it is one that is called.
func (f Folder) file(name string) (found []Finding, script bool) {
	contract, known := trigger.ContractOf(name)
	st, err := os.Stat(filepath.Join(f.Dir, name))
	if err != nil {
		if known {
			return []Finding{{name, 0, Error, "it is a link to what is not there: build the plugin first"}}, false
		}
		return nil, false
	}
	if !st.Mode().IsRegular() {
		return nil, false
	}
	if !known {
		meant := trigger.Nearest(name)
		if meant == "" || !f.callable(name, st) {
			return nil, false // a file of its own
		}
		return []Finding{{name, 0, Error, fmt.Sprintf("no trigger has this name; was %s meant?", meant)}}, false
	}
	if contract.Instead != "" {
		found = append(found, Finding{name, 0, Warning, "it is deprecated: use " + contract.Instead})
	}
	return append(found, f.script(name, st)...), true
}

// callable tells whether a file looks like one that is meant to be run.
func (f Folder) callable(name string, st os.FileInfo) bool {
	return st.Mode()&0o111 != 0 || strings.HasPrefix(f.firstLine(name), "#!")
}

// subcommands looks at what answers commands by name.
func (f Folder) subcommands() (found []Finding, scripts []string) {
	entries, err := os.ReadDir(filepath.Join(f.Dir, "subcommands"))
	if err != nil {
		return []Finding{{"subcommands", 0, Error, err.Error()}}, nil
	}
	for _, e := range entries {
		name := "subcommands/" + e.Name()
		st, err := os.Stat(filepath.Join(f.Dir, name))
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case err != nil:
			found = append(found, Finding{name, 0, Error, "it is a link to what is not there: build the plugin first"})
		case st.IsDir():
			found = append(found, Finding{name, 0, Error, "it is a folder, and is never called"})
		default:
			found = append(found, f.script(name, st)...)
			scripts = append(scripts, name)
		}
	}
	return found, scripts
}

// script says why a file cannot be run.
func (f Folder) script(name string, st os.FileInfo) []Finding {
	var found []Finding
	say := func(line int, format string, args ...any) {
		found = append(found, Finding{name, line, Error, fmt.Sprintf(format, args...)})
	}
	if st.Mode()&0o111 == 0 {
		say(0, "it may not be run, and is never called: chmod +x %s", name)
	}
	first := f.firstLine(name)
	interpreter, isScript := strings.CutPrefix(first, "#!")
	switch {
	case strings.HasPrefix(first, "\x7fELF"):
	case !isScript:
		say(1, "it has no #! line that says what runs it, such as #!/usr/bin/env bash")
	case strings.HasSuffix(first, "\r"):
		say(1, "its lines end as Windows has them (CRLF), so that it cannot be run")
	default:
		words := strings.Fields(interpreter)
		if len(words) > 1 && filepath.Base(words[0]) == "env" {
			words = words[1:]
			if words[0] == "-S" {
				words = words[1:]
			}
		}
		if len(words) == 0 {
			say(1, "its #! line names no program")
		} else if _, err := exec.LookPath(words[0]); err != nil {
			say(1, "it is run by %s, which is not on this machine", words[0])
		}
	}
	return found
}

// maxLine bounds the first line of a file, in bytes. Source: Linux, BINPRM_BUF_SIZE.
const maxLine = 256

// firstLine is the first line of a file, without its end; "" when there is none.
func (f Folder) firstLine(name string) string {
	file, err := os.Open(filepath.Join(f.Dir, name))
	if err != nil {
		return ""
	}
	defer file.Close()
	line, err := bufio.NewReader(io.LimitReader(file, maxLine)).ReadBytes('\n')
	if err != nil && len(line) == 0 {
		return ""
	}
	return string(bytes.TrimSuffix(line, []byte("\n")))
}
