package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/compat"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/trigger"
)

// firing is a place in the sources where a trigger is fired by its name.
type firing struct {
	name, place string
	shape       trigger.Shape
}

// shapes are the functions that fire triggers, and deploy's own words for two of them.
var shapes = map[string]trigger.Shape{
	"Event": trigger.ShapeEvent, "event": trigger.ShapeEvent, "Query": trigger.ShapeQuery, "Collect": trigger.ShapeCollect, "collectArgs": trigger.ShapeCollect,
}

// sources is what the program's own code says of triggers.
type sources struct {
	firings []firing
	// words are all strings but the keys of maps: where a name is put into a variable before it is fired, it is among them.
	words map[string]bool
}

func readSources(t *testing.T) sources {
	t.Helper()
	found := sources{words: map[string]bool{}}
	set := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || path == "../trigger" || path == "../compat"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		var visit func(n ast.Node) bool
		visit = func(n ast.Node) bool {
			found.add(set, n)
			if pair, ok := n.(*ast.KeyValueExpr); ok { // the key of an answer is no firing
				ast.Inspect(pair.Value, visit)
				return false
			}
			return true
		}
		ast.Inspect(file, visit)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (s *sources) add(set *token.FileSet, n ast.Node) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
			s.words[text] = true
		}
	case *ast.CallExpr:
		called, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || len(n.Args) < 2 {
			return
		}
		shape, fires := shapes[called.Sel.Name]
		literal, ok := n.Args[1].(*ast.BasicLit)
		if !fires || !ok || literal.Kind != token.STRING {
			return
		}
		if name, err := strconv.Unquote(literal.Value); err == nil {
			s.firings = append(s.firings, firing{name, set.Position(n.Pos()).String(), shape})
		}
	}
}

// fires tells whether the program fires a trigger.
func (s *sources) fires(name string) bool {
	// The names of before pre-build and its like had the builder as an argument; deploy/hooks.go puts them together.
	for _, stage := range []string{"pre-build-", "post-build-", "pre-release-"} {
		if kind, old := strings.CutPrefix(name, stage); old && kind != "builder" {
			return s.words[kind] && s.words[strings.TrimSuffix(stage, "-")]
		}
	}
	return s.words[name]
}

func TestCatalogueHasAllTriggers(t *testing.T) {
	_, host := wholeTable(t)
	found := readSources(t)
	if len(found.firings) < 80 {
		t.Fatalf("only %d places are found where triggers are fired: the test looks for other functions than there are", len(found.firings))
	}
	for _, f := range found.firings {
		c, known := trigger.ContractOf(f.name)
		switch {
		case !known:
			t.Errorf("%s: %s is fired and not in the catalogue (package trigger)", f.place, f.name)
		case c.Shape != f.shape && !strings.HasPrefix(c.Answer, "Exit code"): // asked by Query, so that nothing is shown
			t.Errorf("%s: %s is fired as %s; the catalogue says %s", f.place, f.name, f.shape, c.Shape)
		}
	}
	for _, name := range host.Bus.Names() {
		if _, known := trigger.ContractOf(name); !known {
			t.Errorf("%s is answered and not in the catalogue (package trigger)", name)
		}
	}
	dokkus, err := compat.Triggers()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range dokkus {
		if _, known := trigger.ContractOf(name); !known {
			t.Errorf("Dokku's %s is not in the catalogue (package trigger)", name)
		}
	}
}

func TestWhatTheCatalogueHasIsFiredOrAnsweredOrExplained(t *testing.T) {
	_, host := wholeTable(t)
	found := readSources(t)
	for _, area := range trigger.Catalogue() {
		for _, c := range area.Contracts {
			if found.fires(c.Name) || host.Bus.Handled(c.Name) {
				continue
			}
			why, ok, err := compat.Unsupported(c.Name)
			if err != nil {
				t.Fatal(err)
			}
			if !ok || why == "" {
				t.Errorf("%s is neither fired nor answered, and compat/unsupported.txt does not say why", c.Name)
			}
		}
	}
}

func TestTriggerPageIsInStep(t *testing.T) {
	_, host := wholeTable(t)
	found := readSources(t)
	got := TriggerPage(func(name string) string {
		fired, answered := found.fires(name), host.Bus.Handled(name)
		switch {
		case fired && answered:
			return "fired and answered"
		case fired:
			return "fired"
		case answered:
			return "answered"
		}
		why, _, err := compat.Unsupported(name)
		if err != nil {
			t.Fatal(err)
		}
		return "neither: " + why
	})
	path := filepath.Join("..", "docs", "plugins", "triggers.md")
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
		t.Errorf("docs/plugins/triggers.md is behind; run go test ./server -run TestTriggerPage -update (-want +got):\n%s", diff)
	}
}

// Our own triggers are told from Dokku's by their name. Dokku's plugins have config-unset, and neither fire nor document it.
func TestOnlyOurTriggersAreNamedSo(t *testing.T) {
	dokkus, err := compat.Triggers()
	if err != nil {
		t.Fatal(err)
	}
	for _, area := range trigger.Catalogue() {
		for _, c := range area.Contracts {
			if byOthers := area.Name == "Services" || c.Name == "commands" || c.Name == "config-unset"; !byOthers && c.Ours() == slices.Contains(dokkus, c.Name) {
				t.Errorf("%s: Dokku has it, or it begins with slipway-: one of them", c.Name)
			}
		}
	}
}

// What was recorded of triggers in e2e has the arguments that the catalogue says.
func TestRecordedTriggersHaveTheArgumentsOfTheCatalogue(t *testing.T) {
	paths, err := filepath.Glob("../e2e/testdata/triggers/*.golden")
	if err != nil || len(paths) == 0 {
		t.Fatalf("nothing is recorded: %v", err)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " <<<") // what it read
			line, _, _ = strings.Cut(line, " [")                      // its environment
			if line == "" || strings.HasPrefix(line, "$") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "!") || strings.HasPrefix(line, "|") {
				continue
			}
			argv, err := words.Split(line)
			if err != nil {
				t.Fatalf("%s: %s: %v", path, line, err)
			}
			c, known := trigger.ContractOf(argv[0])
			if !known {
				continue // what is no firing
			}
			seen[c.Name] = true
			least, most := 0, 0
			for _, p := range c.Params() {
				if most++; !p.Optional && !p.Rest {
					least++
				}
				if p.Rest {
					most += 1000
				}
			}
			if n := len(argv) - 1; n < least || n > most {
				t.Errorf("%s: %q has %d arguments; the catalogue says %q", filepath.Base(path), line, n, c.Args)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d triggers are found in what was recorded", len(seen))
	}
}
