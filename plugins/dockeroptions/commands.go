package dockeroptions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type changeArgs struct {
	Processes []string `flag:"process" help:"for this process type only, also repeatedly (deploy phase)"`
	App       string   `arg:"app"`
	Phases    phases   `arg:"phase(s),optional"`
	Option    []string `arg:"option,optional"`
}

// wanted is what a change is about: options, and the lists that they are in.
type wanted struct {
	options   []option
	phases    []string
	processes []string // none: the whole app
}

// read makes sense of the arguments; verb is for the message when the options
// are missing.
func (in changeArgs) read(verb string) (w wanted, err error) {
	all, err := parse(strings.Join(in.Option, " "))
	if err != nil {
		return w, command.BadInput("Unable to parse docker option: %w", err)
	}
	options, given, err := lift(all)
	if err != nil {
		return w, command.BadInput("%w", err)
	}
	if len(options) == 0 {
		return w, command.BadInput("Please specify docker options to %s the phase", verb)
	}
	if len(in.Phases.names) == 0 {
		return w, command.BadInput("%w", errPhase)
	}
	types, err := processes(slices.Concat(in.Processes, given), in.Phases.names)
	if err != nil {
		return w, command.BadInput("%w", err)
	}
	return wanted{options, in.Phases.names, types}, nil
}

// scopes are the process types of the lists to change.
func (w wanted) scopes() []string {
	if len(w.processes) == 0 {
		return []string{wholeApp}
	}
	return w.processes
}

func (o options) add(_ context.Context, c *command.Call, in changeArgs) error {
	w, err := in.read("add to")
	if err != nil {
		return err
	}
	var lines []string
	for _, opt := range w.options {
		if err := opt.check(); err != nil {
			return command.BadInput("%w", err)
		}
		lines = append(lines, opt.String())
	}
	for _, process := range w.processes {
		if err := o.warnOfUndeclared(c.Out, in.App, process); err != nil {
			return err
		}
	}
	return o.edit(in.App, w.scopes(), w.phases, func(old []string) []string { return append(old, lines...) })
}

// warnOfUndeclared says when the Procfile of the app has no such process.
func (o options) warnOfUndeclared(out *command.Output, name, process string) error {
	text, err := o.h.Store.ReadFile(o.h.Store.LibPath("data", "ps", name, "Procfile"))
	if err != nil || text == "" {
		return err
	}
	file, err := app.ParseProcfile(text)
	if err == nil && !slices.Contains(file.Types(), process) {
		out.Warn("Process type %q is not declared in the Procfile for %s", process, name)
	}
	return nil // an invalid Procfile is not this command's to complain of
}

func (o options) remove(_ context.Context, _ *command.Call, in changeArgs) error {
	text := strings.Join(in.Option, " ")
	if _, err := parse(text); err != nil && len(in.Phases.names) > 0 {
		// What cannot be read can still be removed, word for word.
		types, err := processes(in.Processes, in.Phases.names)
		if err != nil {
			return command.BadInput("%w", err)
		}
		found := false
		err = o.edit(in.App, wanted{processes: types}.scopes(), in.Phases.names, func(old []string) []string {
			left := slices.DeleteFunc(old, func(line string) bool { return line == text })
			found = found || len(left) < len(old)
			return left
		})
		if err != nil || found {
			return err
		}
	}
	w, err := in.read("remove from")
	if err != nil {
		return err
	}
	return o.edit(in.App, w.scopes(), w.phases, func(old []string) []string {
		return slices.DeleteFunc(old, func(line string) bool {
			return slices.ContainsFunc(w.options, func(opt option) bool { return same(line, opt.String()) })
		})
	})
}

type clearArgs struct {
	Processes []string `flag:"process" help:"of this process type only, also repeatedly (deploy phase)"`
	App       string   `arg:"app"`
	Phases    phases   `arg:"phase(s),optional"`
}

func (o options) clear(_ context.Context, c *command.Call, in clearArgs) error {
	types, err := processes(in.Processes, in.Phases.names)
	if err != nil {
		return command.BadInput("%w", err)
	}
	switch {
	case len(types) > 0:
		for _, process := range types {
			c.Out.Step("Clearing docker-options for %s on phase %s for process %s", in.App, deploy, process)
			if err := o.empty(in.App, process, deploy); err != nil {
				return err
			}
		}
		return nil
	case len(in.Phases.names) == 0:
		c.Out.Step("Clearing docker-options for %s on all phases", in.App)
		return o.empty(in.App, wholeApp, allPhases...)
	}
	for _, phase := range in.Phases.names {
		c.Out.Step("Clearing docker-options for %s on phase %s", in.App, phase)
		if err := o.empty(in.App, wholeApp, phase); err != nil {
			return err
		}
	}
	return nil
}

type listArgs struct {
	Phase   string `flag:"phase" help:"build, deploy or run"`
	Process string `flag:"process" help:"of this process type only (deploy phase)"`
	App     string `arg:"app"`
}

func (o options) list(_ context.Context, c *command.Call, in listArgs) error {
	if in.Phase == "" {
		return command.BadInput("--phase is required")
	}
	if !slices.Contains(allPhases, in.Phase) {
		return command.BadInput("Phase must be one of %v", allPhases)
	}
	scope := wholeApp
	if in.Process != "" {
		types, err := processes([]string{in.Process}, []string{in.Phase})
		if err != nil {
			return command.BadInput("%w", err)
		}
		scope = types[0]
	}
	lines, err := o.read(in.App, scope, in.Phase)
	for _, line := range lines {
		c.Out.Line("%s", line)
	}
	return err
}

func (o options) reportApp(_ context.Context, name string) (plugin.Rows, error) {
	lists, err := o.lists(name)
	if err != nil {
		return nil, err
	}
	rows := plugin.Rows{}
	for key, lines := range lists {
		rows["docker-options-"+key] = strings.Join(lines, " ")
	}
	return rows, nil
}

// reportLists are the same options one by one.
func (o options) reportLists(_ context.Context, name string) (map[string][]string, error) {
	lists, err := o.lists(name)
	if err != nil {
		return nil, err
	}
	rows := map[string][]string{}
	for key, lines := range lists {
		rows[key+"-list"] = lines
	}
	return rows, nil
}

// reportGlobal: all options are of apps.
func (o options) reportGlobal(context.Context) (plugin.Rows, error) { return plugin.Rows{}, nil }

// lists are all options of an app as reports name them: "deploy",
// "deploy.worker".
func (o options) lists(name string) (map[string][]string, error) {
	lists := map[string][]string{}
	for _, phase := range allPhases {
		lines, err := o.read(name, wholeApp, phase)
		if err != nil {
			return nil, err
		}
		lists[phase] = lines
	}
	types, err := o.processTypes(name)
	if err != nil {
		return nil, err
	}
	for _, process := range types {
		if lists[fmt.Sprintf("%s.%s", deploy, process)], err = o.read(name, process, deploy); err != nil {
			return nil, err
		}
	}
	return lists, nil
}
