package config

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// load reads the vars of an app or of state.Global.
func (cfg config) load(app string, merged bool) (map[string]string, error) {
	if merged {
		return cfg.h.Store.MergedEnv(app)
	}
	return cfg.h.Store.Env(app)
}

func checkKeys(keys []string) error {
	for _, k := range keys {
		if !state.ValidKey(k) {
			return command.BadInput("Invalid key name: '%s'", k)
		}
	}
	return nil
}

// change is one edit of the vars of an app or of state.Global.
type change struct {
	app     string
	set     map[string]string
	unset   []string
	clear   bool // everything else goes
	restart bool // a deployed app is restarted
}

// change makes one edit, says what it does, tells other plugins, and restarts
// the app.
func (cfg config) change(ctx context.Context, out *command.Output, ch change) error {
	keys := append(slices.Sorted(maps.Keys(ch.set)), ch.unset...)
	if err := checkKeys(keys); err != nil {
		return err
	}
	for k, v := range ch.set {
		if strings.ContainsRune(v, 0) {
			return command.BadInput("The value of %s has a NUL byte, which no environment can hold", k)
		}
	}
	var report []string
	changed := len(ch.set) > 0
	err := cfg.h.Store.UpdateEnv(ch.app, func(env map[string]string) error {
		if ch.clear {
			for _, k := range slices.Sorted(maps.Keys(env)) {
				report = append(report, "Unsetting "+k)
				changed = true
			}
			clear(env)
		}
		for _, k := range ch.unset {
			if _, ok := env[k]; !ok {
				report = append(report, "Skipping "+k+", it is not set in the environment")
				continue
			}
			report = append(report, "Unsetting "+k)
			changed = true
			delete(env, k)
		}
		maps.Copy(env, ch.set)
		return nil
	})
	if err != nil {
		return err
	}
	headers := out.Headers()
	if len(ch.set) > 0 {
		headers.Step("Setting config vars")
		printColumns(headers.Text, ch.set)
	} else {
		for _, line := range report {
			headers.Step("%s", line)
		}
	}
	if changed {
		cfg.announce(ctx, out, ch, keys)
	}
	if ch.app == state.Global || !ch.restart {
		return nil
	}
	return cfg.restart(ctx, out, ch.app)
}

// announce tells other plugins; one that fails does not undo the change.
func (cfg config) announce(ctx context.Context, out *command.Output, ch change, keys []string) {
	operation := "set"
	switch {
	case len(ch.set) > 0:
	case ch.clear:
		operation = "clear"
	default:
		operation = "unset"
	}
	if err := cfg.h.Bus.Event(ctx, "post-config-update", append([]string{ch.app, operation}, keys...)...); err != nil {
		out.Warn("Failure while triggering post-config-update: %v", err)
	}
}

// Properties of others that say whether an app is to be restarted.
var (
	deployed = state.Property{Plugin: "common", Name: "deployed", Scope: state.AppOnly}
	restore  = state.Property{Plugin: "ps", Name: "restore", Scope: state.AppOnly}
)

// restart restarts a deployed app that the user did not stop.
func (cfg config) restart(ctx context.Context, out *command.Output, app string) error {
	isDeployed, err := cfg.h.Store.Get(deployed, app)
	if err != nil {
		return err
	}
	running, err := cfg.h.Store.Get(restore, app)
	if err != nil {
		return err
	}
	if isDeployed != "true" || running == "false" {
		return nil
	}
	out.Step("Restarting app %s", app)
	if err := cfg.h.Bus.Event(ctx, "release-and-deploy", app, "", "config-redeploy"); err != nil {
		return command.Fail("Failure while restarting app: %w", err)
	}
	return nil
}
