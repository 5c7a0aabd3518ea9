// Package certs keeps the TLS certificates of apps.
//
//	dokku certs:add blog server.crt server.key
//	tar c server.crt server.key | dokku certs:add blog
//	dokku certs:generate blog blog.example.com   # self-signed, and a request for a CA
//	dokku certs:show blog crt
//	dokku certs:report blog
//	dokku certs:remove blog
//
// An app has one certificate, for all of its domains; it is a PEM file that
// begins with the app's own certificate and goes on with those of its issuers.
// It counts at once, without a deploy: https:443 is mapped to the port that
// http:80 is mapped to (see ports), unless https:443 is mapped already; requests
// to http port 80 are sent on to https from then on.
// certs:update does what certs:add does. A tar (gzipped or not) must hold one
// file that ends in .crt and one in .key, at any depth.
//
// A certificate that does not fit the key, or that cannot be read, is refused,
// and the one from before stays. The files are server.crt, server.key and, after
// certs:generate, server.csr in $DOKKU_ROOT/APP/tls; a plugin that writes them
// itself fires post-certs-update APP.
package certs

import (
	"sync"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type certs struct {
	h   *plugin.Host
	now func() time.Time
	// changing keeps the certificate of one change from meeting the key of
	// another. It is not held when triggers fire.
	changing *sync.Mutex
}

// Plugin is the feature certs.
func Plugin(h *plugin.Host) plugin.Plugin { return newPlugin(h, time.Now) }

func newPlugin(h *plugin.Host, now func() time.Time) plugin.Plugin {
	c := &certs{h, now, &sync.Mutex{}}
	report := plugin.Report{
		Feature: "certs", Title: "ssl", Prefix: "ssl-", Help: "Displays an ssl report for one or more apps",
		App: c.reportApp, Global: c.reportGlobal,
	}
	pair := command.Usage("<app> CRT KEY")
	return plugin.Plugin{
		Name: "certs", Help: "Manage SSL (TLS) certs", WideHelp: true,
		Commands: []*command.Command{
			command.New("certs:add", "Add an ssl endpoint to an app. Can also import from a tarball on stdin", c.add, pair),
			command.New("certs:update", "Update an SSL Endpoint on an app. Can also import from a tarball on stdin", c.add, pair),
			command.New("certs:generate", "Generate a key and certificate signing request (and self-signed certificate)", c.generate, command.Usage("<app> DOMAIN")),
			command.New("certs:remove", "Remove an SSL Endpoint from an app", c.remove),
			command.New("certs:show", "Show the server.crt or server.key on stdout", c.show, command.Usage("<app> <crt|key>")),
			report.Command(h),
		},
		Triggers: plugin.Triggers{
			"certs-exists":          c.onExists,
			"certs-get":             c.onGet,
			"certs-set":             c.onSet,
			"certs-remove":          c.onRemove,
			"post-app-clone-setup":  c.onClone,
			"post-app-rename-setup": c.onRename,
		},
	}
}
