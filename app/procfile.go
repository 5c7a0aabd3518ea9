package app

import (
	"fmt"
	"strings"
)

// Process is one line of a Procfile: a process type and what it runs.
type Process struct {
	Type    string
	Command string // a command line, as it stands in the file
}

// Procfile is the process table of an app, in the order of the file.
type Procfile []Process

// Command is what a process type runs; ok is false when the file has no such
// type.
func (p Procfile) Command(processType string) (command string, ok bool) {
	for _, process := range p {
		if process.Type == processType {
			return process.Command, true
		}
	}
	return "", false
}

// Types lists the process types in the order of the file.
func (p Procfile) Types() []string {
	types := make([]string, len(p))
	for i, process := range p {
		types[i] = process.Type
	}
	return types
}

// ParseProcfile reads a Procfile: one `type: command` per line, blank lines,
// and comments that begin with # or // (behind a command: after white space).
// One bad line makes the whole file invalid, so that a merge conflict never
// changes what runs; the error names the line.
//
// Source: Dokku docs/appendices/file-formats/procfile.md.
func ParseProcfile(text string) (Procfile, error) {
	var procs Procfile
	seen := map[string]int{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line = strings.TrimSpace(withoutComment(line))
		if line == "" {
			continue
		}
		name, command, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("line %d of the Procfile is not `type: command`: %q", number, line)
		}
		name, command = strings.TrimSpace(name), strings.TrimSpace(command)
		if _, err := ParseProcessType(name); err != nil {
			return nil, fmt.Errorf("line %d of the Procfile: %q: %w", number, name, err)
		}
		if command == "" {
			return nil, fmt.Errorf("line %d of the Procfile: the process type %s has no command", number, name)
		}
		if strings.ContainsRune(command, 0) {
			return nil, fmt.Errorf("line %d of the Procfile: the command of %s has a NUL byte", number, name)
		}
		if first := seen[name]; first > 0 {
			return nil, fmt.Errorf("line %d of the Procfile: the process type %s is already on line %d", number, name, first)
		}
		seen[name] = number
		procs = append(procs, Process{Type: name, Command: command})
	}
	return procs, nil
}

// withoutComment cuts a comment off a line: # or // at its beginning or after
// white space.
func withoutComment(line string) string {
	for i := range len(line) {
		if line[i] != '#' && !strings.HasPrefix(line[i:], "//") {
			continue
		}
		if i == 0 || line[i-1] == ' ' || line[i-1] == '\t' {
			return line[:i]
		}
	}
	return line
}
