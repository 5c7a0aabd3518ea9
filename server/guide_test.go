package server

import (
	"bytes"
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The package comment of a feature is its user documentation; docs/guide.md
// has them all.
func TestGuideIsInStepWithTheFeatures(t *testing.T) {
	entries, err := os.ReadDir("../plugins") // sorted by name
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Guide\n\nOne section per feature, made from the package comments by `go test ./server -run TestGuide -update`; do not edit. All commands and properties are in [reference.md](reference.md).\n")
	for _, e := range entries {
		if !e.IsDir() || strings.HasSuffix(e.Name(), "test") { // what tests use is no feature
			continue
		}
		dir := filepath.Join("..", "plugins", e.Name())
		text := packageComment(t, dir)
		if text == "" {
			t.Errorf("%s has no package comment", dir)
			continue
		}
		_, text, _ = strings.Cut(text, " ") // "Package x manages": the feature's name stands above
		_, text, _ = strings.Cut(text, " ")
		text = strings.ToUpper(text[:1]) + text[1:]
		var p comment.Parser
		pr := comment.Printer{HeadingID: func(*comment.Heading) string { return "" }} // which not every reader of Markdown knows
		feature := e.Name()
		if commands := commandsOf[feature]; commands != "" {
			feature = commands
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s", feature, code(pr.Markdown(p.Parse(text))))
	}
	path := filepath.Join("..", "docs", "guide.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("docs/guide.md is behind; run go test ./server -run TestGuide -update (-want +got):\n%s", diff)
	}
}

// commandsOf are the names of features that cannot be the name of a folder of Go.
var commandsOf = map[string]string{"appjson": "app-json", "sshkeys": "ssh-keys"}

// quoted is what a package comment has between back quotes, as Markdown with all of it escaped.
var quoted = regexp.MustCompile("\\\\`[^`\n]*\\\\`")

// code makes what stands between back quotes code, which it is not in comments of Go.
func code(markdown []byte) []byte {
	return quoted.ReplaceAllFunc(markdown, func(text []byte) []byte { return bytes.ReplaceAll(text, []byte(`\`), nil) })
}

func packageComment(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Doc != nil {
			return parsed.Doc.Text()
		}
	}
	return ""
}
