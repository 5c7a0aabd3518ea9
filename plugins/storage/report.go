package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// row is a mount as storage:list shows it in JSON.
type row struct {
	Entry         string `json:"entry_name,omitempty"`
	HostPath      string `json:"host_path"`
	ContainerPath string `json:"container_path"`
	Readonly      bool   `json:"readonly,omitempty"`
	Options       string `json:"volume_options,omitempty"`

	short string
}

// pair is a mount with its entry.
type pair struct {
	Entry entry `json:"entry"`
	Mount mount `json:"attachment"`
}

// pairs are the mounts of an app for a phase and a process type ("": all), by
// name and place, never nil.
func (s storage) pairs(app, phase, process string) ([]pair, error) {
	all, err := s.mounts(app)
	if err != nil {
		return nil, err
	}
	found := []pair{}
	for _, m := range all {
		if !m.in(phase, process) {
			continue
		}
		e, err := s.load(m.Entry)
		if err != nil {
			return nil, missing(app, m.Entry)
		}
		found = append(found, pair{e, m})
	}
	slices.SortStableFunc(found, func(a, b pair) int {
		if a.Entry.Name != b.Entry.Name {
			return strings.Compare(a.Entry.Name, b.Entry.Name)
		}
		return strings.Compare(a.Mount.ContainerPath, b.Mount.ContainerPath)
	})
	return found, nil
}

// rows are the mounts of a phase as storage:list shows them.
func (s storage) rows(app, phase string) ([]row, error) {
	found, err := s.pairs(app, phase, "")
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, p := range found {
		rows = append(rows, row{
			p.Entry.Name, p.Entry.host(), p.Mount.ContainerPath, p.Mount.Readonly, p.Mount.Options, p.Mount.short(p.Entry.host()),
		})
	}
	return rows, nil
}

type listArgs struct {
	Format string `flag:"format" default:"text" help:"text or json"`
	App    string `arg:"app"`
}

func (s storage) list(_ context.Context, c *command.Call, in listArgs) error {
	if err := checkFormat(in.Format); err != nil {
		return err
	}
	rows, err := s.rows(in.App, deploy)
	if err != nil {
		return err
	}
	if in.Format == "json" {
		return c.Out.JSON(rows)
	}
	c.Out.Headers().Step("%s volume bind-mounts:", in.App)
	for _, r := range rows {
		if c.Out.Quiet() {
			c.Out.Line("%s", r.short)
		} else {
			c.Out.Text("%s", r.short)
		}
	}
	return nil
}

func (s storage) reportCommand() *command.Command {
	return plugin.Report{
		Feature: "storage", Legacy: true, App: s.reportApp, Warnings: s.reportWarnings, PrintGlobal: s.reportGlobal,
	}.Command(s.h)
}

func (s storage) reportApp(_ context.Context, app string) (plugin.Rows, error) {
	rows := plugin.Rows{}
	for _, phase := range []string{"build", deploy, run} {
		found, err := s.rows(app, phase)
		if err != nil {
			found = nil // reportWarnings says why
		}
		var texts []string
		for _, r := range found {
			texts = append(texts, "-v "+r.short)
		}
		rows["storage-"+phase+"-mounts"] = strings.Join(texts, " ")
	}
	all, err := s.mounts(app)
	if err != nil {
		return rows, nil //nolint:nilerr // as above
	}
	n := 0
	for _, m := range all {
		e, err := s.load(m.Entry)
		if err != nil {
			continue // as above
		}
		n++
		for name, v := range map[string]string{
			"entry-name": m.Entry, "host-path": e.host(), "container-path": m.ContainerPath, "phases": strings.Join(m.Phases, ","),
			"process-type": m.Process, "subpath": m.Subpath, "readonly": strconv.FormatBool(m.Readonly),
			"volume-options": m.Options, "volume-chown": m.Chown,
		} {
			rows[fmt.Sprintf("storage-attachment.%d.%s", n, name)] = v
		}
	}
	return rows, nil
}

// reportWarnings says which mounts of an app the report leaves out.
func (s storage) reportWarnings(_ context.Context, app string) ([]string, error) {
	all, err := s.mounts(app)
	if err != nil {
		return []string{fmt.Sprintf("Unable to load storage attachments for %q: %s", app, err)}, nil
	}
	var warnings []string
	for _, m := range all {
		if _, err := s.load(m.Entry); err != nil {
			warnings = append(warnings, fmt.Sprintf("Skipping attachment on %q: missing entry %q (%s)", app, m.Entry, err))
		}
	}
	return warnings, nil
}

// use is an entry in the report of all.
type use struct {
	Entry entry    `json:"entry"`
	By    []string `json:"mounted_by"`
}

func (s storage) reportGlobal(_ context.Context, c *command.Call, format string) error {
	all, err := s.entries()
	if err != nil {
		return err
	}
	uses := []use{}
	for _, e := range all {
		by, err := s.users(e.Name)
		if err != nil {
			return err
		}
		uses = append(uses, use{e, append([]string{}, by...)})
	}
	if format == "json" {
		return indented(c.Out, uses)
	}
	if len(uses) == 0 {
		c.Out.Headers().Step("No storage entries registered")
		return nil
	}
	c.Out.Headers().Step("Storage report (global):")
	for _, u := range uses {
		by := "—"
		if len(u.By) > 0 {
			by = strings.Join(u.By, ", ")
		}
		c.Out.Text("%s\t%s\tmounted by: %s", u.Entry.Name, u.Entry.Scheduler, by)
	}
	return nil
}
