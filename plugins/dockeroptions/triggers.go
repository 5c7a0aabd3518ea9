package dockeroptions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/trigger"
)

// argsOf answers docker-args-PHASE app source-type with what came in and the
// options of the whole app.
func (o options) argsOf(phase string) func(context.Context, *trigger.Call) error {
	return func(_ context.Context, c *trigger.Call) error {
		return o.print(c, phase, wholeApp, c.Arg(1))
	}
}

// onProcessDeploy answers docker-args-process-deploy app source-type tag
// process index with what came in and the options of the process type.
func (o options) onProcessDeploy(_ context.Context, c *trigger.Call) error {
	return o.print(c, deploy, c.Arg(3), c.Arg(1))
}

// print writes what came in, and each option behind a blank.
func (o options) print(c *trigger.Call, phase, process, source string) error {
	if _, err := io.Copy(c.Out, c.In); err != nil {
		return err
	}
	if process == "" || (process == wholeApp && c.Name == "docker-args-process-deploy") {
		return nil
	}
	lines, err := o.read(c.Arg(0), process, phase)
	if err != nil {
		return err
	}
	for _, line := range lines {
		for _, opt := range canonical(line) {
			if passes(opt, phase, source) {
				if _, err := fmt.Fprintf(c.Out, " %s", opt); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// withoutMeaning are options that a builder of that name cannot have.
// Source: Dokku plugins/docker-options/triggers.go, emitFilteredOptions.
var withoutMeaning = map[string][]string{
	"dockerfile": {"--link", "-v", "--volume"},
	"nixpacks":   {"--link", "-v", "--volume"},
	"railpack":   {"--link", "-v", "--volume"},
	"herokuish":  {"--file", "--build-args"},
}

// passes tells whether an option is for containers, or builds, of this kind.
func passes(opt, phase, source string) bool {
	switch {
	case strings.HasPrefix(opt, "#"):
		return false
	case strings.HasPrefix(opt, "--restart"):
		return phase == deploy
	case phase != build:
		return true
	}
	return !slices.ContainsFunc(withoutMeaning[source], func(name string) bool {
		return opt == name || strings.HasPrefix(opt, name+"=") || strings.HasPrefix(opt, name+" ")
	})
}

// onInstall brings what an older Dokku left into today's form. An app that
// fails does not keep the others from it.
func (o options) onInstall(context.Context, *trigger.Call) error {
	apps, err := o.h.Store.Apps()
	if err != nil {
		return err
	}
	var errs []error
	for _, app := range apps {
		errs = append(errs, o.takeOver(app), o.rewrite(app))
	}
	return errors.Join(errs...)
}

// onCopy gives a clone the options that are still in files of the old app; all
// lists are copied with the properties.
func (o options) onCopy(_ context.Context, c *trigger.Call) error {
	from, to := c.Arg(0), c.Arg(1)
	for _, phase := range allPhases {
		lines, err := o.read(from, wholeApp, phase)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			continue
		}
		if err := o.h.Store.SetList(property(wholeApp, phase), to, lines); err != nil {
			return err
		}
	}
	return nil
}

// onList answers slipway-docker-options-list app phase with the options of the
// whole app, one per line.
func (o options) onList(_ context.Context, c *trigger.Call) error {
	lines, err := o.read(c.Arg(0), wholeApp, c.Arg(1))
	for _, line := range lines {
		if _, err := fmt.Fprintln(c.Out, line); err != nil {
			return err
		}
	}
	return err
}

// onRemove answers slipway-docker-options-remove app phases option, by which
// storage takes mounts over.
func (o options) onRemove(_ context.Context, c *trigger.Call) error {
	var of phases
	if err := of.UnmarshalText([]byte(c.Arg(1))); err != nil {
		return err
	}
	return o.edit(c.Arg(0), []string{wholeApp}, of.names, func(old []string) []string {
		return slices.DeleteFunc(old, func(line string) bool { return same(line, c.Arg(2)) })
	})
}
