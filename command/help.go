package command

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"
)

// helpRow is the one command that the table does not have.
var helpRow = [2]string{"help", "Print the list of commands"}

// help prints the features, or with all every command. Layout: Dokku's
// `column -t -s,` over "name args, text" lines.
func (t *Table) help(ctx context.Context, c *Call, all bool) error {
	h := c.Out.Headers()
	if c.TTY == nil { // Dokku: without a terminal its script is quiet, and only its help has headers of its own
		h = c.Out.WithQuiet(true).Headers()
	}
	h.Line("Usage: dokku [--quiet|--trace|--force] COMMAND <app> [command-specific-options]")
	h.Line("")
	h.Line(`Primary help options, type "dokku COMMAND:help" for more details, or dokku help --all to see all commands.`)
	h.Line("")
	h.Line("Commands:")
	h.Line("")
	var rows [][2]string
	for _, cmd := range t.Commands() {
		if all || (!strings.Contains(cmd.Name, ":") && t.features[cmd.Name].Name == "") {
			sig := cmd.Name
			if all {
				sig = cmd.Signature()
			}
			rows = append(rows, [2]string{sig, cmd.Help})
		}
	}
	rows = append(rows, helpRow)
	for _, f := range t.Features() {
		rows = append(rows, [2]string{f.Name, f.Help})
	}
	printColumns(c.Out, rows)
	if t.FallbackHelp != nil {
		if lines := t.FallbackHelp(ctx, all); len(lines) > 0 {
			h.Line("")
			h.Line("Community plugin commands:")
			h.Line("")
			rows = rows[:0]
			for _, l := range lines {
				sig, text, _ := strings.Cut(strings.TrimSpace(l), ",")
				rows = append(rows, [2]string{sig, strings.TrimSpace(text)})
			}
			printColumns(c.Out, rows)
		}
	}
	return nil
}

// commandHelp is NAME:help of a command that belongs to no feature.
func (c *Command) commandHelp(out *Output) error {
	printColumns(out, [][2]string{{c.Signature(), c.Help}})
	return nil
}

func (t *Table) featureHelp(out *Output, feature string) error {
	var rows [][2]string
	for _, cmd := range t.Commands() {
		if cmd.Feature() == feature {
			text := cmd.Help
			if t.features[feature].Wide {
				text = " " + text
			}
			rows = append(rows, [2]string{cmd.Signature(), text})
		}
	}
	f := t.features[feature]
	f.Name = feature
	PrintFeature(out, f, rows)
	return nil
}

// PrintFeature is the help of a feature with its commands, each as its signature and one line.
func PrintFeature(out *Output, f Feature, rows [][2]string) {
	out.Line("Usage: dokku %s[:COMMAND]", f.Name)
	out.Line("")
	out.Line("%s", cmp.Or(f.About, f.Help))
	out.Line("")
	out.Line("Additional commands:")
	printColumns(out, rows)
}

func (c *Command) printHelp(out *Output) error {
	out.Line("Usage: dokku %s", c.Signature())
	out.Line("")
	out.Line("%s", c.Help)
	var rows [][2]string
	for _, f := range c.spec.fields {
		if f.flag == "" {
			continue
		}
		name := "--" + f.flag
		if f.short != "" {
			name = "-" + f.short + ", " + name
		}
		rows = append(rows, [2]string{name, f.help})
	}
	if len(rows) > 0 {
		out.Line("")
		out.Line("Options:")
		printColumns(out, rows)
	}
	return nil
}

func printColumns(out *Output, rows [][2]string) {
	sort.SliceStable(rows, func(i, j int) bool { return rows[i][0] < rows[j][0] })
	rows = slices.CompactFunc(rows, func(a, b [2]string) bool { return a[0] == b[0] })
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	for _, r := range rows {
		out.Line("%s", strings.TrimRight("    "+r[0]+strings.Repeat(" ", width-len(r[0])+2)+r[1], " "))
	}
}
