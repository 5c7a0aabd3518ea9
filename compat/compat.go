// Package compat says how far Slipway answers to what Dokku answers to: the list of Dokku's commands and triggers, what of
// them is not answered and why, and every difference that is meant.
//
//	for _, name := range compat.Commands() { … }
//	why, ok, err := compat.Unsupported("nginx:report")
//
// The lists are text files in this folder. compat/differences has a file per feature with lines
//
//	COMMAND or topic | what Dokku does | what Slipway does | why
//
// suites.txt has what came of Dokku's own tests; see Suites. docs/compatibility.md is made of all of them and of the
// command table; see Page.
package compat

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed commands.txt triggers.txt unsupported.txt suites.txt differences
var files embed.FS

// Commands lists Dokku's commands by name, such as "apps:create".
func Commands() ([]string, error) { return lines("commands.txt") }

// Triggers lists Dokku's triggers by name.
func Triggers() ([]string, error) { return lines("triggers.txt") }

// Rule says of commands or triggers why they are not answered.
type Rule struct {
	Pattern string // a name, in which * stands for anything
	Why     string
}

// Rules lists what is not answered.
func Rules() ([]Rule, error) {
	all, err := lines("unsupported.txt")
	if err != nil {
		return nil, err
	}
	var rules []Rule
	for _, line := range all {
		parts, err := split(line, 2)
		if err != nil {
			return nil, fmt.Errorf("unsupported.txt: %w", err)
		}
		rules = append(rules, Rule{parts[0], parts[1]})
	}
	return rules, nil
}

// Covers tells whether the rule is about the command or trigger.
func (r Rule) Covers(name string) bool {
	ok, err := path.Match(r.Pattern, name)
	return err == nil && ok
}

// Unsupported says why a command or trigger is not answered; ok is false when no rule is about it.
func Unsupported(name string) (why string, ok bool, err error) {
	rules, err := Rules()
	if err != nil {
		return "", false, err
	}
	why, ok = unsupported(rules, name)
	return why, ok, nil
}

func unsupported(rules []Rule, name string) (why string, ok bool) {
	for i, r := range rules {
		if !r.Covers(name) {
			continue
		}
		if _, as := strings.CutPrefix(r.Why, "as "); as {
			for _, other := range rules[:i] {
				if other.Pattern == strings.TrimPrefix(r.Why, "as ")+"*" {
					return other.Why, true
				}
			}
		}
		return r.Why, true
	}
	return "", false
}

// Difference is one thing that Slipway does in another way than Dokku, on purpose.
type Difference struct{ Feature, Topic, Dokku, Slipway, Why string }

// Differences lists them by feature, in the order of its file.
func Differences() ([]Difference, error) {
	entries, err := files.ReadDir("differences")
	if err != nil {
		return nil, err
	}
	var all []Difference
	for _, e := range entries {
		text, err := lines(path.Join("differences", e.Name()))
		if err != nil {
			return nil, err
		}
		for _, line := range text {
			p, err := split(line, 4)
			if err != nil {
				return nil, fmt.Errorf("differences/%s: %w", e.Name(), err)
			}
			all = append(all, Difference{strings.TrimSuffix(e.Name(), ".txt"), p[0], p[1], p[2], p[3]})
		}
	}
	return all, nil
}

// split cuts a line into n parts at " | ".
func split(line string, n int) ([]string, error) {
	parts := strings.Split(line, " | ")
	if len(parts) != n || slices.Contains(parts, "") {
		return nil, fmt.Errorf("want %d parts, none of them empty: %s", n, line)
	}
	return parts, nil
}

// lines reads a file without comments and blank lines.
func lines(name string) ([]string, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all, nil
}
