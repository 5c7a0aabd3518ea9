package server

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// Reference is the reference documentation of all commands and properties, as
// Markdown, made from their declarations.
func Reference(table *command.Table, properties []state.Property) string {
	var b strings.Builder
	b.WriteString("# Reference\n\nMade from the command table by `go test ./server -run TestReference -update`; do not edit.\n\n")
	b.WriteString("Before a command: `--quiet` (no headers), `--trace`, `--force` (no question before something is destroyed), `--app NAME` (the app, for commands that take one).\n")
	feature := ""
	help := map[string]string{}
	for _, f := range table.Features() {
		help[f.Name] = f.Help
	}
	for _, c := range table.Commands() {
		if c.Feature() != feature {
			feature = c.Feature()
			fmt.Fprintf(&b, "\n## %s\n\n", feature)
			if help[feature] != "" {
				fmt.Fprintf(&b, "%s.\n\n", strings.TrimSuffix(help[feature], "."))
			}
			b.WriteString("| command | what it does | who may |\n|---|---|---|\n")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.ReplaceAll(c.Signature(), "|", `\|`), strings.ReplaceAll(c.Help, "|", `\|`), access(c.Access))
	}
	slices.SortFunc(properties, func(a, b state.Property) int {
		return cmp.Or(strings.Compare(a.Plugin, b.Plugin), strings.Compare(a.Name, b.Name))
	})
	b.WriteString("\n## Properties\n\nSet by `FEATURE:set <app>|--global PROPERTY VALUE`; without a value the property is cleared.\n\n| feature | property | for | default | |\n|---|---|---|---|---|\n")
	for _, p := range properties {
		if p.Internal {
			continue
		}
		scope := map[state.Scope]string{state.AppAndGlobal: "app, global", state.AppOnly: "app", state.GlobalOnly: "global"}[p.Scope]
		def := p.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", p.Plugin, p.Name, scope, def, strings.ReplaceAll(p.Help, "|", `\|`))
	}
	return b.String()
}

func access(a command.Access) string {
	switch a {
	case command.ForRoot:
		return "root"
	case command.ForAdmin:
		return "root, admin keys"
	}
	return "every key"
}
