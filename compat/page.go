package compat

import (
	"fmt"
	"strings"
)

// Facts are what the program itself knows.
type Facts struct {
	// Command tells whether the table has the command.
	Command func(name string) bool
	// Trigger tells whether a compiled plugin answers the trigger, and whether the program fires it.
	Trigger func(name string) (answered, fired bool)
	// Answers are the differences found by typing what was typed at a real Dokku; their Dokku and Slipway are empty.
	Answers []Difference
}

// Page is docs/compatibility.md. The second value lists commands that are neither answered nor covered by a rule.
func Page(f Facts) (page string, unexplained []string, err error) {
	commands, err := Commands()
	if err != nil {
		return "", nil, err
	}
	triggers, err := Triggers()
	if err != nil {
		return "", nil, err
	}
	rules, err := Rules()
	if err != nil {
		return "", nil, err
	}
	differences, err := Differences()
	if err != nil {
		return "", nil, err
	}
	suites, err := Suites()
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	b.WriteString("# Compatibility with Dokku\n\nMade by `go test ./server -run TestCompatibility -update` from the command table, `compat/` and `e2e/testdata/dokku`; do not edit.\n" +
		"What is compared: Dokku 0.38.27. A test types some 400 command lines that were typed at a real Dokku and compares exit code, stdout and stderr.\n")

	b.WriteString("\n## Commands\n\n| command | answered |\n|---|---|\n")
	for _, name := range commands {
		state := "yes"
		if !f.Command(name) {
			why, ok := unsupported(rules, name)
			if state = "no: " + why; !ok {
				unexplained = append(unexplained, name)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, cell(state))
	}

	b.WriteString("\n## Triggers\n\n*Fired*: Slipway calls the executables of that name of external plugins, when Dokku does. *Answered*: Slipway itself answers when the trigger is fired by a plugin.\n\n| trigger | fired | answered | |\n|---|---|---|---|\n")
	for _, name := range triggers {
		answered, fired := f.Trigger(name)
		why := ""
		if !answered && !fired {
			why, _ = unsupported(rules, name)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, yes(fired), yes(answered), cell(why))
	}

	b.WriteString("\n## Differences that are meant\n")
	feature := ""
	for _, d := range differences {
		if d.Feature != feature {
			feature = d.Feature
			fmt.Fprintf(&b, "\n### %s\n\n| | Dokku | Slipway | why |\n|---|---|---|---|\n", feature)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(d.Topic), cell(d.Dokku), cell(d.Slipway), cell(d.Why))
	}

	b.WriteString("\n## Answers that differ\n\nCommand lines of the comparison whose answer is another one; both answers stand in `e2e/testdata/dokku`.\n\n| command line | why |\n|---|---|\n")
	for _, d := range f.Answers {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(d.Topic, "|", `\|`), cell(d.Why))
	}
	b.WriteString(suitesSection(suites))
	return b.String(), unexplained, nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// cell is text as a cell of a Markdown table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text)
}
