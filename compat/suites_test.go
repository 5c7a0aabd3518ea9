package compat

import (
	"strings"
	"testing"
)

func TestEveryFailedTestHasACause(t *testing.T) {
	suites, err := Suites()
	if err != nil || len(suites) != 30 {
		t.Fatalf("%d files, %v", len(suites), err)
	}
	for _, bad := range [][]string{
		{"certs | 20 | 22"},
		{"certs | 21 | 22", "- a test"},
		{"certs | x | 22"},
		{"certs"},
		{"- a test | a cause"},
		{"certs | 22 | 22", "- a test | a cause"},
	} {
		if got, err := parseSuites(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestSectionOfDokkusTests(t *testing.T) {
	suites, err := parseSuites([]string{"certs | 21 | 22", "- certs:add <x> | no file", "git_1 | 11 | 11 | note: one skips itself"})
	if err != nil {
		t.Fatal(err)
	}
	section := suitesSection(suites)
	for _, want := range []string{"32 of 33 tests in 2 files", "| `certs` | 21 of 22 | *certs:add &lt;x>*: no file |", "| `git_1` | 11 of 11 | one skips itself |"} {
		if !strings.Contains(section, want) {
			t.Errorf("the section lacks %s:\n%s", want, section)
		}
	}
}
