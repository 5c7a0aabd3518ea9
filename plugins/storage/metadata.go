package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// metadata is one of the two maps that tag an entry.
type metadata struct {
	name, singular, label string
	of                    func(e *entry) *map[string]string
}

var (
	annotations = metadata{"annotations", "annotation", "Annotation", func(e *entry) *map[string]string { return &e.Annotations }}
	labels      = metadata{"labels", "label", "Label", func(e *entry) *map[string]string { return &e.Labels }}
)

type tagArgs struct {
	Name  string `arg:"name,optional"`
	Key   string `arg:"key,optional"`
	Value string `arg:"value,optional"`
}

func (m metadata) setCommand(s storage) *command.Command {
	article := "a"
	if m.singular == "annotation" {
		article = "an"
	}
	return command.New("storage:"+m.name+":set", "Set or clear "+article+" "+m.singular+" on a storage entry",
		func(ctx context.Context, c *command.Call, in tagArgs) error { return m.set(ctx, s, c, in) },
		command.Usage("<name> <key> [<value>]"))
}

func (m metadata) set(ctx context.Context, s storage, c *command.Call, in tagArgs) error {
	switch {
	case in.Name == "":
		return errNoName
	case in.Key == "":
		return command.BadInput("No %s key specified", m.singular)
	case strings.ContainsAny(in.Key, "\n\r\x00= "):
		return command.BadInput("The %s key %q must not have blanks, line breaks or =", m.singular, in.Key)
	}
	return s.change(ctx, c.Out, in.Name, func(e *entry) (bool, error) {
		values := maps.Clone(*m.of(e))
		if in.Value == "" {
			delete(values, in.Key)
			c.Out.Headers().Title("Unsetting %s %s", m.singular, in.Key)
		} else {
			if values == nil {
				values = map[string]string{}
			}
			values[in.Key] = in.Value
			c.Out.Headers().Title("Setting %s %s to %s", m.singular, in.Key, in.Value)
		}
		*m.of(e) = values
		return false, nil
	}, func() {})
}

type tagReportArgs struct {
	Format string   `flag:"format" default:"stdout" help:"stdout or json"`
	Rest   []string `arg:"name,optional"`
}

func (m metadata) reportCommand(s storage) *command.Command {
	return command.New("storage:"+m.name+":report", "Displays "+m.name+" for one or more storage entries",
		func(_ context.Context, c *command.Call, in tagReportArgs) error { return m.report(s, c, in) },
		command.RawFlags, command.Usage("[<name>] [<flag>]"))
}

func (m metadata) report(s storage, c *command.Call, in tagReportArgs) error {
	var names, flags []string
	for _, word := range in.Rest {
		if strings.HasPrefix(word, "--") {
			flags = append(flags, word)
		} else {
			names = append(names, word)
		}
	}
	switch {
	case len(flags) > 1:
		return command.BadInput("storage:%s:report command allows only a single flag", m.name)
	case len(names) > 1:
		return command.BadInput("unexpected argument %q", names[1])
	case in.Format != "stdout" && in.Format != "text" && in.Format != "json":
		return command.BadInput("Invalid format: %s", in.Format)
	case in.Format == "json" && len(flags) > 0:
		return command.BadInput("--format flag cannot be specified when specifying an info flag")
	case len(names) == 1:
		e, err := s.load(names[0])
		if err != nil {
			return err
		}
		return m.print(c.Out, e, in.Format, flags)
	case len(flags) > 0:
		return command.BadInput("storage:%s:report requires a storage entry name when an info flag is specified", m.name)
	}
	all, err := s.entries()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		c.Out.Headers().Step("No storage entries registered")
	}
	for _, e := range all {
		if err := m.print(c.Out, e, in.Format, nil); err != nil {
			return err
		}
	}
	return nil
}

// labelWidth is how wide the column of names is at least.
const labelWidth = 31

func (m metadata) print(out *command.Output, e entry, format string, flags []string) error {
	values := *m.of(&e)
	keys := slices.Sorted(maps.Keys(values))
	if len(flags) > 0 {
		prefix := "--storage-" + m.name + "."
		if v, ok := values[strings.TrimPrefix(flags[0], prefix)]; ok && strings.HasPrefix(flags[0], prefix) {
			out.Line("%s", v)
			return nil
		}
		for i := range keys {
			keys[i] = prefix + keys[i]
		}
		return command.BadInput("Invalid flag passed, valid flags: %s", strings.Join(keys, ", "))
	}
	if format == "json" {
		if values == nil {
			values = map[string]string{}
		}
		return out.JSON(values)
	}
	out.Headers().Title("%s %s information", e.Name, m.name)
	width := labelWidth
	for _, k := range keys {
		width = max(width, len(m.label)+len(k)+3)
	}
	for _, k := range keys {
		out.Text("%-*s%s", width, fmt.Sprintf("%s %s:", m.label, k), values[k])
	}
	return nil
}
