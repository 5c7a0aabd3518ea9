// Package storage gives apps folders, or volumes of docker, that outlive their
// containers.
//
//	dokku storage:create blog-data                                    a folder in $DOKKU_LIB_ROOT/data/storage
//	dokku storage:create --chown heroku --mode 0770 blog-data         its owner and rights
//	dokku storage:create media /mnt/media                             a folder of the host
//	dokku storage:mount blog blog-data --container-dir /app/storage
//	dokku storage:mount blog media --container-dir /media --volume-readonly --process-type web --phase deploy
//	dokku storage:list blog
//	dokku storage:unmount blog blog-data
//	dokku storage:destroy --destroy-host-dir blog-data                with what is in it
//
// An entry is the folder, with a name that many apps can mount. A mount says
// where the folder is in the containers of an app, in which phases (deploy,
// run, or both), for which process type, and how: read-only, a folder below it
// (--volume-subpath), options of docker (--volume-options noexec,nosuid). A
// mount counts for containers made afterwards: dokku ps:restart blog.
//
// The short form names folder and place at once. The folder must exist:
//
//	dokku storage:mount blog /var/lib/dokku/data/storage/blog:/app/storage
//	dokku storage:mount blog a-docker-volume:/data:ro
//
// Look into an entry by a container of its own, which mounts it at /data:
//
//	dokku storage:exec blog-data
//	dokku storage:exec blog-data --image busybox:stable -- ls -l /data
//
// storage:set changes what an entry is; storage:info, storage:list-entries and
// storage:report --global show entries, and storage:annotations:set and
// storage:labels:set tag them for schedulers of plugins. An entry that such a
// scheduler has (--scheduler k3s) is created and destroyed by the triggers
// storage-create and storage-destroy. --reclaim-policy Delete removes the folder
// with its entry.
//
// Mounts that are options of docker (docker-options:add blog deploy "-v …"), as
// an older Dokku kept them, become mounts of storage by storage:migrate.
//
// Entries are $DOKKU_LIB_ROOT/data/storage-registry/entries/NAME.json; the
// mounts of an app are its property mounts, a line of JSON for each.
package storage

import (
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type storage struct {
	h *plugin.Host
	// changing keeps two changes of an entry, or of an app's mounts, from losing
	// one of them, and an entry from going while it is mounted.
	changing *sync.Mutex
}

// Plugin is the feature storage.
func Plugin(h *plugin.Host) plugin.Plugin {
	s := storage{h, &sync.Mutex{}}
	return plugin.Plugin{
		Name: "storage", Help: "Manage mounted volumes",
		Commands: []*command.Command{
			annotations.reportCommand(s), annotations.setCommand(s), labels.reportCommand(s), labels.setCommand(s),
			command.New("storage:create", "Register a named storage entry", s.create, command.Usage("<name> [<path>] [flags]")),
			command.New("storage:destroy", "Remove a named storage entry (must be unmounted from every app first)", s.destroy,
				command.Usage("<name> [--force] [--destroy-host-dir]")),
			command.New("storage:ensure-directory", "[DEPRECATED] use storage:create instead", s.ensureDirectory,
				command.Usage("[--chown option] <directory>")),
			command.New("storage:exec", "Run a command (or shell) in a temporary container that mounts the entry", s.exec,
				command.Usage("<name> [-- <cmd>...]")),
			command.New("storage:info", "Show details for one storage entry", s.info, command.Usage("<name> [--format text|json]")),
			command.New("storage:list", "List bind mounts for app's container(s) (host:container)", s.list, command.Usage("<app> [--format text|json]")),
			command.New("storage:list-entries", "List registered storage entries", s.listEntries, command.Usage("[--scheduler s] [--format text|json]")),
			command.New("storage:migrate", "Re-run the legacy -v to attachment migration for an app", s.migrate, command.Usage("[<app>|--all]")),
			command.New("storage:mount", "Create a new bind mount", s.mount, command.Usage("<app> <host-dir:container-dir>")),
			s.reportCommand(),
			command.New("storage:set", "Update a storage entry in place", s.set, command.Usage("<name> <property> [<value>]")),
			command.New("storage:unmount", "Remove an existing bind mount", s.unmount, command.Usage("<app> <host-dir:container-dir>")),
			command.New("storage:wait", "Wait for a storage entry's PVC to be bound (k3s)", s.wait, command.Usage("<name>")),
		},
		Programs: s.programs(),
		Triggers: plugin.Triggers{
			"docker-args-deploy":     s.argsOf(deploy),
			"docker-args-run":        s.argsOf(run),
			"install":                s.onInstall,
			"scheduler-storage-exec": s.onExec,
			"slipway-start":          s.onStart,
			"storage-app-mounts":     s.onAppMounts,
			"storage-list":           s.onList,
		},
	}
}
