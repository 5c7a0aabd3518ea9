// Package sigil renders templates as the program sigil does, with which Dokku and its plugins make configuration of proxies
// and containers: Go's text/template, with the variables of the caller as $NAME and .NAME, and functions to take text and
// data apart.
//
//	text, err := sigil.Render(ctx, sigil.Template{Text: "listen {{ $port | default \"80\" }};", Vars: map[string]any{"port": "8080"}})
//
// A template may ask for files, run programs and get URLs only where World is set: one that comes with an app's source must
// not. Main is the program.
//
// Source of syntax and functions: github.com/gliderlabs/sigil v0.11, README.md and builtin/.
package sigil

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Template is what is to be rendered.
type Template struct {
	Name string // for errors
	Text string
	Vars map[string]any
	// Left and Right are the delimiters of actions; "" means {{ and }}.
	Left, Right string
	// POSIX expands $NAME and ${NAME…} as a shell does before anything else.
	POSIX bool
	// World is what the template may reach of the machine; nil: nothing.
	World *World
}

// World is the machine as a template sees it.
type World struct {
	Dirs   []string // where files are looked for by a relative name, in this order
	Env    []string // "NAME=VALUE"
	Stdin  io.Reader
	Stderr io.Writer // of programs; nil: nowhere
}

// variable is a name behind a $ in a template.
var variable = regexp.MustCompile(`\$([a-zA-Z_][a-zA-Z0-9_]*)`)

// identifier is a name that a template can have as a variable.
var identifier = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Render is the text that a template gives. Variables that it names and that are not given are nothing, so that
// `{{ $x | default "y" }}` gives y. What it waits for, a program or a URL, ends with ctx.
func Render(ctx context.Context, t Template) (string, error) {
	if t.Left == "" || t.Right == "" {
		t.Left, t.Right = "{{", "}}"
	}
	vars := maps.Clone(t.Vars)
	if vars == nil {
		vars = map[string]any{}
	}
	for _, match := range variable.FindAllStringSubmatch(t.Text, -1) {
		if _, given := vars[match[1]]; !given {
			vars[match[1]] = nil
		}
	}
	r := &renderer{template: t, vars: vars}
	text := t.Text
	if t.POSIX {
		var err error
		if text, err = expand(text, r.lookup); err != nil {
			return "", fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	text = strings.ReplaceAll(text, `\`+t.Right+"\n"+t.Left, t.Right+t.Left)
	var declarations strings.Builder
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if identifier.MatchString(name) {
			fmt.Fprintf(&declarations, "%s $%s := .%s %s", t.Left, name, name, t.Right)
		}
	}
	parsed, err := template.New(t.Name).Funcs(r.functions(ctx)).Delims(t.Left, t.Right).Parse(declarations.String() + text)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, vars); err != nil {
		return "", err
	}
	return b.String(), nil
}

// renderer is one template being rendered.
type renderer struct {
	template Template
	vars     map[string]any
}

// lookup is a variable of the template, else one of the environment.
func (r *renderer) lookup(name string) (string, bool) {
	if v, ok := r.vars[name].(string); ok {
		return v, true
	}
	if r.template.World == nil {
		return "", false
	}
	for _, pair := range slices.Backward(r.template.World.Env) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// env is the environment of programs: that of the world, and the variables that are text.
func (r *renderer) env() []string {
	env := slices.Clone(r.template.World.Env)
	for _, name := range slices.Sorted(maps.Keys(r.vars)) {
		if v, ok := r.vars[name].(string); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// find is the path of a file that a template names.
func (r *renderer) find(name string) (string, error) {
	if r.template.World == nil {
		return "", fmt.Errorf("%s: a template cannot read files here", name)
	}
	candidates := []string{name}
	if !filepath.IsAbs(name) {
		candidates = nil
		for _, dir := range r.template.World.Dirs {
			candidates = append(candidates, filepath.Join(dir, name))
		}
	}
	for _, path := range candidates {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("Not found in path: %s %v", name, r.template.World.Dirs) //nolint:staticcheck // sigil's words
}
