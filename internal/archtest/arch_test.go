// Package archtest holds the house in order: who may import whom, package
// comments, and a go.mod without replacements.
package archtest

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/slipwayhq/slipway"

// layers lists the top folders from top to bottom; a package imports only from
// its own layer or a lower one. Source: the design, §3.
var layers = [][]string{
	{"cmd"},
	{"server"},
	{"plugins"},
	{"deploy"},
	{"build", "schedule", "proxy", "service"},
	{"app"},
	{"plugin"},
	{"trigger"},
	{"command"},
	{"state"},
	{"docker"},
	{"compat", "internal", "sdk"},
}

// exceptions are imports against the direction, each with its reason.
var exceptions = map[string]string{}

type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "nobadger,nomysql,nopgx", "-json=ImportPath,Name,Dir,Imports,GoFiles", "./...")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func layer(path string) (int, string) {
	top, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, module), "/"), "/")
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, top) }), top
}

func TestImportsGoDownwards(t *testing.T) {
	for _, p := range packages(t) {
		from, top := layer(p.ImportPath)
		if from < 0 {
			if top != "e2e" && top != "bench" && top != "compat" && top != "docs" && top != "examples" && top != "hack" {
				t.Errorf("%s is in no layer: add its folder to the layers, or move it", p.ImportPath)
			}
			continue
		}
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, module+"/") || exceptions[p.ImportPath+" "+i] != "" {
				continue
			}
			if to, _ := layer(i); to >= 0 && to < from {
				t.Errorf("%s imports %s, which is above it", p.ImportPath, i)
			}
		}
	}
}

func TestPluginsDoNotImportEachOther(t *testing.T) {
	for _, p := range packages(t) {
		name, ok := strings.CutPrefix(p.ImportPath, module+"/plugins/")
		if !ok {
			continue
		}
		own, _, _ := strings.Cut(name, "/")
		for _, i := range p.Imports {
			other, ok := strings.CutPrefix(i, module+"/plugins/")
			if other, _, _ = strings.Cut(other, "/"); ok && other != own {
				t.Errorf("%s imports %s: plugins ask each other through triggers", p.ImportPath, i)
			}
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range packages(t) {
		found := len(p.GoFiles) == 0
		for _, f := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			found = found || parsed.Doc != nil
		}
		if !found {
			t.Errorf("%s has no package comment: say what it is for", p.ImportPath)
		}
	}
}

func TestNoVagueNames(t *testing.T) {
	vague := []string{"util", "utils", "common", "helpers", "helper", "misc"}
	for _, p := range packages(t) {
		if slices.Contains(vague, filepath.Base(p.ImportPath)) {
			t.Errorf("%s: name the package for what it is about", p.ImportPath)
		}
		for _, f := range p.GoFiles {
			if slices.Contains(vague, strings.TrimSuffix(f, ".go")) {
				t.Errorf("%s/%s: name the file for what it is about", p.ImportPath, f)
			}
		}
	}
}

// The kit for authors of plugins brings nothing along.
func TestTheSDKImportsTheStandardLibraryOnly(t *testing.T) {
	for _, p := range packages(t) {
		if _, top := layer(p.ImportPath); top != "sdk" {
			continue
		}
		for _, i := range p.Imports {
			if first, _, _ := strings.Cut(i, "/"); strings.Contains(first, ".") && !strings.HasPrefix(i, module+"/sdk/") {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
}

func TestGoModHasNoReplace(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(strings.TrimSpace(line), "replace") {
			t.Errorf("go.mod has %q", strings.TrimSpace(line))
		}
	}
}

// Only main decides how the process ends.
func TestNoExitOutsideMain(t *testing.T) {
	for _, p := range packages(t) {
		if p.Name == "main" {
			continue
		}
		for _, f := range p.GoFiles {
			b, err := os.ReadFile(filepath.Join(p.Dir, f))
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range []string{"os.Exit(", "log.Fatal", "func init()"} {
				if strings.Contains(string(b), call) {
					t.Errorf("%s/%s has %s", p.ImportPath, f, call)
				}
			}
		}
	}
}
