// Package scripts has the programs prop and common, which the files of functions call that plugins source
// (compat/bash). With Dokku they are its plugin common, and so is the feature called. Nobody types them:
//
//	"$PLUGIN_CORE_AVAILABLE_PATH/common/prop" set letsencrypt blog email me@example.com
//	"$PLUGIN_CORE_AVAILABLE_PATH/common/prop" get-with-default letsencrypt blog email nobody
//	"$PLUGIN_CORE_AVAILABLE_PATH/common/common" --quiet verify-app-name blog
//
// prop keeps properties of plugins: $DOKKU_LIB_ROOT/config/PLUGIN/APP/KEY, where APP is an app, --global, or whatever else a
// plugin keeps properties for. Several calls at a time lose nothing of each other.
//
// Source: Dokku plugins/common/src.
package scripts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type scripts struct{ host *plugin.Host }

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	s := scripts{h}
	return plugin.Plugin{
		Name: "common",
		Programs: []*command.Command{
			command.New("prop", "Read and write properties of plugins", s.prop, command.Hidden, command.Verbatim),
			command.New("common", "What functions of plugins ask", s.common, command.Hidden, command.Verbatim),
			command.New("nginx-property", "Settings and the process of nginx", s.nginx, command.Hidden, command.Verbatim),
		},
	}
}

type words struct {
	Words []string `arg:"words,optional"`
}

// arg is the i-th word, "" when there is none.
func (w words) arg(i int) string {
	if i < len(w.Words) {
		return w.Words[i]
	}
	return ""
}

// plainly shows an error as Dokku's programs show theirs: the words alone, on stderr.
func plainly(out *command.Output, err error) error {
	if err == nil || errors.As(err, new(command.Exit)) {
		return err
	}
	out.ErrorLine("%s", err)
	return command.Exit{Code: command.ExitCode(err)}
}

// Part is one part of a property's path: a plugin, an app or a key.
type Part string

// ParsePart checks it.
func ParsePart(s string) (Part, error) {
	if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "/\x00\n") || len(s) > 255 {
		return "", fmt.Errorf("%q is no name for a part of a property", s)
	}
	return Part(s), nil
}
