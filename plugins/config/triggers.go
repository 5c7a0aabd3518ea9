package config

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// onGet answers config-get APP KEY, or --global KEY, with the value and
// nothing after it.
func (cfg config) onGet(_ context.Context, c *trigger.Call) error {
	return cfg.answer(c, c.Arg(0), c.Arg(1))
}

func (cfg config) onGetGlobal(_ context.Context, c *trigger.Call) error {
	return cfg.answer(c, state.Global, c.Arg(0))
}

func (cfg config) answer(c *trigger.Call, app, key string) error {
	env, err := cfg.load(app, false)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.Out, env[key])
	return err
}

// onSet answers config-set [--no-restart] APP KEY=VALUE…
func (cfg config) onSet(ctx context.Context, c *trigger.Call) error {
	args, restart := withoutFlag(c.Args, "--no-restart")
	if len(args) < 2 {
		return command.BadInput("At least one env pair must be given")
	}
	vars, err := parsePairs(args[1:], false)
	if err != nil {
		return err
	}
	return cfg.change(ctx, c.Output(), change{app: args[0], set: vars, restart: restart})
}

// onUnset answers config-unset APP KEY [RESTART], where RESTART is a boolean.
func (cfg config) onUnset(ctx context.Context, c *trigger.Call) error {
	args, restart := withoutFlag(c.Args, "--no-restart")
	if len(args) < 2 {
		return command.BadInput("At least one key must be given")
	}
	wanted := len(args) > 2 && args[2] == "true"
	return cfg.change(ctx, c.Output(), change{app: args[0], unset: args[1:2], restart: restart && wanted})
}

// onExport answers config-export APP GLOBAL MERGED FORMAT, where GLOBAL and
// MERGED are booleans.
func (cfg config) onExport(_ context.Context, c *trigger.Call) error {
	app := c.Arg(0)
	if global, err := strconv.ParseBool(c.Arg(1)); err == nil && global {
		app = state.Global
	}
	merged, err := strconv.ParseBool(c.Arg(2))
	if err != nil {
		return command.BadInput("config-export: %q is not a boolean", c.Arg(2))
	}
	env, err := cfg.load(app, merged)
	if err != nil {
		return err
	}
	text, err := format(env, c.Arg(3))
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.Out, text)
	return err
}

// onMigrate answers config-migrate-env and install: it takes over the files of
// a Dokku of before 0.38. Plugins fire config-migrate-env before they read a
// config var that became a property of theirs.
func (cfg config) onMigrate(_ context.Context, c *trigger.Call) error {
	apps, err := cfg.h.Store.Apps()
	if err != nil {
		return err
	}
	var failed []error
	for _, app := range append([]string{state.Global}, apps...) {
		stale, err := cfg.h.Store.DrainEnv(app)
		failed = append(failed, err)
		if stale == nil {
			continue
		}
		c.Output().Warn("Not importing already-migrated ENV file %s: the current config takes precedence for %s", stale.File, strings.Join(stale.Keys, " "))
		c.Output().Warn("Preserved at %s: re-apply anything still needed with dokku config:set, then delete it - dokku does not read it and it may hold values that were unset on purpose", stale.Kept)
	}
	return errors.Join(failed...)
}

// onCreate answers post-create APP.
func (cfg config) onCreate(_ context.Context, c *trigger.Call) error {
	return cfg.h.Store.MkdirAll(cfg.h.Store.LibPath("config", c.Arg(0)), 0o755)
}

// withoutFlag takes a flag out of args; absent tells that it was not there.
func withoutFlag(args []string, flag string) (rest []string, absent bool) {
	i := slices.Index(args, flag)
	if i < 0 {
		return args, true
	}
	return slices.Delete(slices.Clone(args), i, i+1), false
}
