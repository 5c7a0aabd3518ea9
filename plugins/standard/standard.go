// Package standard has what is about the server as a whole.
//
//	dokku cleanup         remove containers that ended and images without a name that this server made
//	dokku cleanup blog    those of one app
//	dokku report          what to send along with a question: versions, memory, disks, plugins
//	dokku report blog     and every report of one app; --all: of all apps
//
// A cleanup leaves alone what Slipway still needs: the containers of a stopped
// app, which ps:start starts again, those of a deploy under way, releases that
// releases:rollback can go back to, and the containers of data services. What
// others made on the same Docker engine is not looked at.
package standard

import (
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	s := standard{h}
	return plugin.Plugin{
		Name: "00_dokku-standard",
		Commands: []*command.Command{
			command.New("cleanup", "Cleans up exited/dead Docker containers and removes dangling images", s.cleanup),
			command.New("report", "Shows versions, memory, disks and plugins for troubleshooting", s.report, command.Hidden, command.RawFlags, command.Usage("[<app>|--all]")),
		},
	}
}

type standard struct{ host *plugin.Host }
