package server

import (
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/trigger"
)

// TriggerPage is docs/plugins/triggers.md, made from the catalogue of triggers.
// status says what the program does with one: fires it, answers it, or why it
// does neither.
func TriggerPage(status func(name string) string) string {
	var b strings.Builder
	b.WriteString("# Triggers\n\nMade from the package `trigger` by `go test ./server -run TestTriggerPage -update`; do not edit.\n\n" +
		"A plugin answers a trigger by an executable of its name, in any language. The handlers of all plugins are called one after the other, in the order of the plugins' names, features of Slipway among them. " +
		"They run as the user dokku (the hooks of [the life of a plugin](#life-of-a-plugin) as root), with the variables that Dokku gives.\n\n" +
		"| shape | what handlers print | when one fails (exit code other than 0) |\n|---|---|---|\n" +
		"| event | is shown to the user | the others are not called, and what is under way stops |\n" +
		"| query | one after the other, is the answer | the question fails |\n" +
		"| collect | is an answer each | the question fails |\n\n" +
		"*Fired*: Slipway calls the handlers. *Answered*: Slipway itself has a handler, so a plugin may fire it: `plugn trigger NAME ARG…`, or `dokku plugin:trigger NAME ARG…`. " +
		"In arguments `[X]` may be missing, and of `X…` there may be any number. Triggers that begin with `slipway-` are not in Dokku.\n")
	for _, area := range trigger.Catalogue() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", area.Name, area.Help)
		for _, c := range area.Contracts {
			b.WriteString(contractText(c, status(c.Name)))
		}
	}
	return b.String()
}

func contractText(c trigger.Contract, status string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", c.Name)
	if c.Instead != "" {
		fmt.Fprintf(&b, "Deprecated: use [%s](#%s).\n\n", c.Instead, c.Instead)
	}
	fmt.Fprintf(&b, "%s\n\n", markdown(c.When))
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "- %s: %s\n", label, text)
		}
	}
	args := "none"
	if c.Args != "" {
		args = "`" + c.Args + "`"
	}
	line("arguments", args)
	line("shape", string(c.Shape)+", "+status)
	line("answer", markdown(c.Answer))
	line("stdin", markdown(c.Stdin))
	if len(c.Env) > 0 {
		line("environment", "`"+strings.Join(c.Env, "`, `")+"`")
	}
	line("when a handler fails", markdown(c.Failure))
	fmt.Fprintf(&b, "\n```bash\n%s```\n", c.Script())
	return b.String()
}

// markdown is a sentence as Markdown has it.
func markdown(text string) string {
	return strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`").Replace(text)
}
