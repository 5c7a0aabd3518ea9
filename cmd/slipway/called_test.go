package main

import (
	"strings"
	"testing"
)

func TestCalled(t *testing.T) {
	for line, want := range map[string]string{
		"/usr/local/bin/slipway apps:list": "slipway: apps:list",
		"dokku":                            "dokku:",
		"dokku plugn trigger x":            "dokku: plugn trigger x",
		"/x/core-plugins/bin/plugn trigger post-create blog":                                  "plugn: plugn trigger post-create blog",
		"/var/lib/dokku/core-plugins/available/common/prop get ps blog x":                     "prop: prop get ps blog x",
		"/var/lib/dokku/plugins/available/config/config_sub get blog A":                       "config_sub: config_sub get blog A",
		"/var/lib/dokku/plugins/available/config/subcommands/show config blog":                "subcommand: config:show blog",
		"/var/lib/dokku/plugins/enabled/config/subcommands/default config:default blog":       "subcommand: config blog",
		"/var/lib/dokku/plugins/enabled/config/subcommands/default":                           "subcommand: config",
		"/var/lib/dokku/plugins/enabled/20_events/subcommands/on events:on":                   "subcommand: events:on",
		"/var/lib/dokku/plugins/enabled/nginx-vhosts/subcommands/report nginx:report x":       "subcommand: nginx:report x",
		"/var/lib/dokku/core-plugins/available/00_dokku-standard/subcommands/report report b": "subcommand: report b",
		"/var/lib/dokku/plugins/available/cron/scheduler-cron-write a b":                      "answer: answer cron scheduler-cron-write a b",
		"/opt/slipway-1.2/slipway x":                                                          "slipway: x",
	} {
		words := strings.Fields(line)
		program, argv := called(words[0], words[1:])
		if got := strings.TrimRight(program+": "+strings.Join(argv, " "), " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}
