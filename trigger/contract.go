package trigger

import (
	"fmt"
	"strings"
)

// Shape says what becomes of what the handlers of a trigger print.
type Shape string

// The shapes of triggers.
const (
	// ShapeEvent: all handlers in the order of plugin names; what they print is
	// shown to the user, and the first that fails stops what is under way.
	ShapeEvent Shape = "event"
	// ShapeQuery: what the handlers print, one after the other, is the answer.
	ShapeQuery Shape = "query"
	// ShapeCollect: as a query, but each handler's answer counts for itself.
	ShapeCollect Shape = "collect"
)

// Contract is what a trigger promises to who answers it and to who fires it.
// Dokku's are a wire contract: names, arguments and answers are those of
// Dokku 0.38.27 (docs/development/plugin-triggers.md and where its plugins
// fire them); names that begin with "slipway-" are ours.
type Contract struct {
	Name  string
	Shape Shape
	// Args are the arguments in order, as in a usage: APP [PROCESS [INDEX]]
	// DOMAIN…. A word in small letters, or one that begins with a dash, stands
	// for itself.
	Args string
	// When says when it is fired, and where it is a plugin that fires it, for
	// what.
	When string
	// Answer says what a handler prints, or what its exit code means.
	Answer string
	// Stdin says what a handler reads; "" is nothing.
	Stdin string
	// Env lists what it is given besides its arguments, as environment variables.
	Env []string
	// Failure says what a handler's failure does, where that is not what the
	// shape says.
	Failure string
	// Instead is what to use in its place; Dokku calls it deprecated.
	Instead string
	// Example is the body of a hook in bash, in which each argument stands in a
	// variable of its name; see Script.
	Example string
}

// Area is a part of the catalogue.
type Area struct {
	Name      string
	Help      string // one sentence or two
	Contracts []Contract
}

// Ours tells whether Dokku does not know the trigger.
func (c Contract) Ours() bool { return strings.HasPrefix(c.Name, "slipway-") }

// Param is one argument of a trigger.
type Param struct {
	Name     string // of the shell variable, such as IMAGE_TAG; KEY of KEY=VALUE
	Literal  bool   // it stands for itself
	Optional bool
	Rest     bool // it is any number of arguments
}

// Params reads Args.
func (c Contract) Params() []Param {
	var params []Param
	depth := 0
	for word := range strings.FieldsSeq(c.Args) {
		p := Param{}
		depth += strings.Count(word, "[")
		p.Optional = depth > 0
		depth -= strings.Count(word, "]")
		word = strings.Trim(word, "[]")
		word, p.Rest = strings.CutSuffix(word, "…")
		p.Literal = strings.HasPrefix(word, "-") || word != strings.ToUpper(word)
		p.Name = word
		if !p.Literal {
			p.Name, _, _ = strings.Cut(strings.ReplaceAll(word, "-", "_"), "=")
		}
		params = append(params, p)
	}
	return params
}

// Script is the example as a whole hook in bash. The variables of the arguments
// end at the first of which there may be any number.
func (c Contract) Script() string {
	var b strings.Builder
	b.WriteString("#!/usr/bin/env bash\nset -eo pipefail\n")
	var vars []string
	for i, p := range c.Params() {
		if p.Literal {
			break
		}
		if p.Rest {
			vars = append(vars, fmt.Sprintf(`%s=("${@:%d}")`, p.Name, i+1))
			break
		}
		vars = append(vars, fmt.Sprintf(`%s="$%d"`, p.Name, i+1))
	}
	if len(vars) > 0 {
		fmt.Fprintf(&b, "declare %s\n", strings.Join(vars, " "))
	}
	return b.String() + "\n" + strings.Trim(c.Example, "\n") + "\n"
}
