package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// scripts measures what plugins written in bash do most, each as a process of its own beside a bash that does nothing.
func (b *bench) scripts(ctx context.Context) (section, error) {
	in := b.in
	s := section{title: "Plugins in bash"}
	core := filepath.Join(in.lib(), "core-plugins", "available")
	enabled := filepath.Join(in.lib(), "plugins", "enabled", "hooked")
	if err := os.MkdirAll(enabled, 0o755); err != nil {
		return s, err
	}
	if err := os.WriteFile(filepath.Join(enabled, "bench-hook"), []byte("#!/usr/bin/env bash\n:\n"), 0o755); err != nil {
		return s, err
	}
	for _, args := range [][]string{{"apps:create", "scripted"}, {"config:set", "--no-restart", "scripted", "KEY=value"}} {
		if err := in.dokku(ctx, args...); err != nil {
			return s, err
		}
	}
	process := func(name string, args ...string) task {
		return only(func() error {
			cmd := in.command(ctx, name, args...)
			cmd.Env = append(cmd.Env, "PLUGIN_CORE_AVAILABLE_PATH="+core)
			return run(cmd)
		})
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		return s, err
	}
	const logging = `source "$PLUGIN_CORE_AVAILABLE_PATH/common/functions"; for i in 1 2 3 4 5 6 7 8 9 10; do dokku_log_info1 "$i"; done`
	got, err := inTurn(ctx, 60, process(bash, "-c", ":"), process(bash, "-c", logging),
		process(filepath.Join(core, "config", "config_sub"), "get", "scripted", "KEY"),
		process(filepath.Join(core, "common", "prop"), "get", "git", "scripted", "deploy-branch"),
		process(filepath.Join(in.lib(), "core-plugins", "bin", "plugn"), "trigger", "bench-hook"))
	if err != nil {
		return s, err
	}
	nothing := took(got[0].median())
	for i, what := range []string{
		"source common/functions and log ten lines", "`config_get`", "`fn-plugin-property-get`", "`plugn trigger` with one hook in bash",
	} {
		s.rows = append(s.rows, row{what: what, ours: took(got[i+1].median()), peer: nothing, whose: "`bash -c :`"})
	}
	return s, in.dokku(ctx, "--force", "apps:destroy", "scripted")
}
