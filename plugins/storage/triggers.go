package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/slipwayhq/slipway/trigger"
)

// argsOf answers docker-args-deploy app tag process index, or docker-args-run
// app tag, with what came in and the mounts of the phase.
func (s storage) argsOf(phase string) func(context.Context, *trigger.Call) error {
	return func(_ context.Context, c *trigger.Call) error {
		if _, err := io.Copy(c.Out, c.In); err != nil {
			return err
		}
		found, err := s.pairs(c.Arg(0), phase, c.Arg(2))
		if err != nil {
			return err
		}
		for _, p := range found {
			if p.Entry.Scheduler != dockerLocal || p.Entry.HostPath == "" {
				continue
			}
			if _, err := fmt.Fprintf(c.Out, " %s", p.Mount.text(p.Entry)); err != nil {
				return err
			}
		}
		return nil
	}
}

// onAppMounts answers storage-app-mounts app phase with entries and mounts.
func (s storage) onAppMounts(_ context.Context, c *trigger.Call) error {
	found, err := s.pairs(c.Arg(0), phaseOf(c.Arg(1)), "")
	if err != nil {
		return err
	}
	return printJSON(c.Out, found)
}

// onList answers storage-list app phase format, which older plugins ask.
func (s storage) onList(_ context.Context, c *trigger.Call) error {
	if _, err := fmt.Fprintln(c.Err, " !     Deprecated: please use the 'storage-app-mounts' plugn trigger instead of 'storage-list'"); err != nil {
		return err
	}
	rows, err := s.rows(c.Arg(0), phaseOf(c.Arg(1)))
	if err != nil {
		return err
	}
	if c.Arg(2) == "json" {
		return printJSON(c.Out, rows)
	}
	for _, r := range rows {
		if _, err := fmt.Fprintln(c.Out, r.short); err != nil {
			return err
		}
	}
	return nil
}

func phaseOf(arg string) string {
	if arg == "" {
		return deploy
	}
	return arg
}

func printJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = fmt.Fprintln(w, string(text))
	}
	return err
}
