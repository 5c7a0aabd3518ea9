// Package sshkeys manages who may use the server over SSH and git.
//
//	dokku ssh-keys:add ann ann.pub        a public key from a file of the caller's
//	cat ann.pub | dokku ssh-keys:add ann  … or from a pipe
//	dokku ssh-keys:list
//	dokku ssh-keys:remove ann
//
// The variable SSHCOMMAND_ALLOWED_KEYS of whoever calls ssh-keys:add on the server
// has the options of the key in authorized_keys, such as `from="10.0.0.0/8",no-pty`.
//
// A key whose name contains "admin" may do what root may do with keys, from
// anywhere; other keys may not add or remove keys. The keys stand in
// .ssh/authorized_keys below DOKKU_ROOT, as Dokku's sshcommand writes them, so
// that the host's own sshd can use the same file. Lines that are not Dokku's
// are kept as they are and may not use Slipway.
package sshkeys

import (
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// feature is the plugin at work.
type feature struct {
	store *state.Store
	mu    sync.Mutex // one change of the file at a time
}

// Plugin returns the feature ssh-keys.
func Plugin(h *plugin.Host) plugin.Plugin {
	f := &feature{store: h.Store}
	return plugin.Plugin{
		Name: "ssh-keys",
		Help: "Manage public ssh keys used for deployment", WideHelp: true,
		Commands: []*command.Command{
			command.New("ssh-keys:add", "Add a new public key by pipe or path", f.add,
				command.Admin, command.Usage("<name> [/path/to/key]")),
			command.New("ssh-keys:list", "List of all authorized dokku public ssh keys", f.list,
				command.Usage("[--format text|json] [<name>]")),
			command.New("ssh-keys:remove", "Remove SSH public key by name", f.remove,
				command.Admin, command.Usage("[--fingerprint fingerprint|<name>]")),
		},
	}
}
