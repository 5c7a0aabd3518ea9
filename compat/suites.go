package compat

import (
	"fmt"
	"strconv"
	"strings"
)

// Suite is what came of one file of Dokku's own tests, tests/unit/NAME.bats, run against an installed Slipway.
type Suite struct {
	Name          string
	Passed, Total int
	Failures      []Failure // Total - Passed of them
	Note          string    // what is to be known of those that passed; "" mostly
}

// Failure is a test that failed, and why.
type Failure struct{ Test, Cause string }

// Suites lists the files in the order of suites.txt, which has lines
//
//	NAME | passed | total
//	NAME | passed | total | note: TEXT
//	- TEST | cause
//
// where the last is about the file above it.
func Suites() ([]Suite, error) {
	all, err := lines("suites.txt")
	if err != nil {
		return nil, err
	}
	return parseSuites(all)
}

func parseSuites(all []string) ([]Suite, error) {
	var suites []Suite
	for _, line := range all {
		if test, is := strings.CutPrefix(line, "- "); is {
			parts, err := split(test, 2)
			if err != nil || len(suites) == 0 {
				return nil, fmt.Errorf("suites.txt: a failed test wants a file, a name and a cause: %s", line)
			}
			last := &suites[len(suites)-1]
			last.Failures = append(last.Failures, Failure{parts[0], parts[1]})
			continue
		}
		head, note, _ := strings.Cut(line, " | note: ")
		parts, err := split(head, 3)
		if err != nil {
			return nil, fmt.Errorf("suites.txt: %w", err)
		}
		passed, err1 := strconv.Atoi(parts[1])
		total, err2 := strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("suites.txt: want two numbers: %s", line)
		}
		suites = append(suites, Suite{Name: parts[0], Passed: passed, Total: total, Note: note})
	}
	for _, s := range suites {
		if len(s.Failures) != s.Total-s.Passed {
			return nil, fmt.Errorf("suites.txt: %s has %d of %d, and a cause for %d", s.Name, s.Passed, s.Total, len(s.Failures))
		}
	}
	return suites, nil
}

// suitesSection is the part of the page about Dokku's own tests.
func suitesSection(suites []Suite) string {
	var b strings.Builder
	passed, total := 0, 0
	for _, s := range suites {
		passed, total = passed+s.Passed, total+s.Total
	}
	fmt.Fprintf(&b, "\n## Dokku's own tests\n\n%d of %d tests in %d files of Dokku's `tests/unit` pass, unchanged, against an installed Slipway, on a machine that reaches no registry, "+
		"with Docker Engine 20.10 and stand-ins for the images of languages and services. A test that skips itself counts as passed, as bats has it.\n\n| file | passed | which fail, and why |\n|---|---|---|\n", passed, total, len(suites))
	for _, s := range suites {
		var why []string
		for _, f := range s.Failures {
			why = append(why, "*"+cell(f.Test)+"*: "+cell(f.Cause))
		}
		if s.Note != "" {
			why = append(why, cell(s.Note))
		}
		fmt.Fprintf(&b, "| `%s` | %d of %d | %s |\n", s.Name, s.Passed, s.Total, strings.Join(why, "<br>"))
	}
	return b.String()
}
