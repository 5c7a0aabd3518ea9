package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/compat"
)

func TestCompatibilityPageIsInStep(t *testing.T) {
	table, host := wholeTable(t)
	found := readSources(t)
	got, unexplained, err := compat.Page(compat.Facts{
		Command: func(name string) bool { return table.Answers(name) },
		Trigger: func(name string) (bool, bool) { return host.Bus.Handled(name), found.fires(name) },
		Answers: differentAnswers(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range unexplained {
		t.Errorf("Dokku's command %s is neither answered nor listed in compat/unsupported.txt", name)
	}
	path := filepath.Join("..", "docs", "compatibility.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/compatibility.md is behind; run go test ./server -run TestCompatibility -update (-want +got):\n%s", diff)
	}
}

// differentAnswers are the command lines at which TestDokkusAnswers expects another answer than Dokku's.
func differentAnswers(t *testing.T) []compat.Difference {
	t.Helper()
	paths, err := filepath.Glob("../e2e/testdata/dokku/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	var all []compat.Difference
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		command := ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, "$ ") {
				command = line[2:]
			}
			if strings.HasPrefix(line, "= ") {
				all = append(all, compat.Difference{Topic: command, Why: line[2:]})
			}
		}
	}
	return all
}
