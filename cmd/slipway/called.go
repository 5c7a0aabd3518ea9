package main

import (
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/internal/protocol"
)

// called tells what the client is to be by the path that it was called with, and the command line of that.
//
//	/usr/local/bin/dokku apps:list                             dokku       apps:list
//	…/available/common/prop get ps blog restore                prop        prop get ps blog restore
//	…/available/config/subcommands/show config blog            subcommand  config:show blog
//	…/available/config/config-get blog KEY                     answer      answer config config-get blog KEY
//
// The first word behind a subcommand's path repeats the command, as Dokku's script calls them, and is not looked at.
func called(path string, args []string) (program string, argv []string) {
	program = filepath.Base(path)
	if protocol.IsProgram(program) {
		return program, append([]string{program}, args...)
	}
	parts := strings.Split(path, "/")
	n := len(parts)
	if n < 4 {
		return program, args
	}
	of := func(folder string) bool { return folder == "available" || folder == "enabled" }
	switch {
	case n > 4 && parts[n-2] == "subcommands" && of(parts[n-4]):
		return protocol.Subcommand, append([]string{commandOf(parts[n-3], program)}, args[min(1, len(args)):]...)
	case of(parts[n-3]):
		return protocol.Answer, append([]string{protocol.Answer, parts[n-2], program}, args...)
	}
	return program, args
}

// commandOf is the command that a file in the folder subcommands of a plugin stands for.
// Source: the dokku script, execute_dokku_cmd.
func commandOf(plugin, file string) string {
	feature := strings.TrimSuffix(plugin, "-vhosts")
	switch plugin {
	case "00_dokku-standard":
		return file
	case "20_events":
		feature = "events"
	}
	if file == "default" {
		return feature
	}
	return feature + ":" + file
}
