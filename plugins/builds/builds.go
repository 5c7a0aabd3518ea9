// Package builds shows what was built and deployed, and what is being built.
//
//	dokku builds:list                    builds under way, of all apps
//	dokku builds:list blog               and those that have ended, newest first
//	dokku builds:list blog --status failed --kind build --format json
//	dokku builds:info blog mwq2sq4efm5mao
//	dokku builds:output blog mwq2sq4efm5mao
//	dokku builds:output blog             follows the build under way
//	dokku builds:cancel blog             ends it; what runs goes on running
//	dokku builds:set blog retention 50   how many are kept (20)
//	dokku builds:prune blog
//
// Records and logs are files in data/builds/APP of the state folder. A record
// whose process died is shown as abandoned.
package builds

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var retention = state.Property{Plugin: "builds", Name: "retention", Default: "20", Validate: validRetention, Help: "How many builds that have ended are kept"}

func validRetention(v string) error {
	n, err := strconv.Atoi(v)
	switch {
	case err != nil:
		return fmt.Errorf("Invalid retention %q: must be a positive integer", v) //nolint:staticcheck // Dokku's words
	case n < 1:
		return fmt.Errorf("Invalid retention %d: must be >= 1", n) //nolint:staticcheck // Dokku's words
	}
	return nil
}

// Plugin makes the feature over the book in which deploys write.
func Plugin(h *plugin.Host, book *record.Book) plugin.Plugin {
	b := &builds{host: h, book: book, now: time.Now}
	return plugin.Plugin{
		Name: "builds", Help: "Manage running and historical builds",
		Commands: []*command.Command{
			command.New("builds:cancel", "Cancel a running build for an app", b.cancel),
			command.New("builds:info", "Show details for a single build", b.info, command.Usage("<app> <build-id> [--format json|stdout]")),
			command.New("builds:list", "List builds", b.list, command.Usage("[<app>] [--format json] [--kind build|deploy] [--status <status>]")),
			command.New("builds:output", "Show build output", b.output, command.Usage("<app> [<build-id>|current]")),
			command.New("builds:prune", "Prune build records to retention", b.prune, command.Usage("<app>|--all-apps")),
			plugin.SetCommand(h, "builds", plugin.BadProperty, []state.Property{retention}, nil),
			plugin.Report{
				Feature: "builds", Legacy: true,
				App: func(_ context.Context, app string) (plugin.Rows, error) { return b.rows(app) },
				Global: func(context.Context) (plugin.Rows, error) {
					return plugin.PropertyRows(h, "builds-", []state.Property{retention}, state.Global)
				},
			}.Command(h),
		},
		Properties: []state.Property{retention},
		Triggers: plugin.Triggers{
			"builds-generate-id":     b.onGenerateID,
			"builds-record-start":    b.onRecordStart,
			"builds-record-finalize": b.onRecordFinalize,
			"post-app-rename-setup":  b.onRename,
		},
	}
}

type builds struct {
	host *plugin.Host
	book *record.Book
	now  func() time.Time
}

// rows are those of the report: the newest build, and the property.
func (b *builds) rows(app string) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(b.host, "builds-", []state.Property{retention}, app)
	if err != nil {
		return nil, err
	}
	for _, k := range []string{"id", "kind", "status", "pid", "source", "started-at", "finished-at", "exit-code"} {
		rows["build-"+k] = ""
	}
	all, err := b.book.List(app)
	if err != nil || len(all) == 0 {
		return rows, err
	}
	newest := all[0]
	rows["build-id"], rows["build-kind"], rows["build-status"] = newest.ID, string(newest.Kind), string(newest.Status)
	rows["build-pid"], rows["build-source"] = strconv.Itoa(newest.PID), newest.Source
	rows["build-started-at"] = newest.StartedAt.Format(time.RFC3339)
	if newest.FinishedAt != nil {
		rows["build-finished-at"] = newest.FinishedAt.Format(time.RFC3339)
	}
	if newest.ExitCode != nil {
		rows["build-exit-code"] = strconv.Itoa(*newest.ExitCode)
	}
	return rows, nil
}

// keep is how many ended builds of an app are kept.
func (b *builds) keep(app string) (int, error) {
	v, err := b.host.Store.Computed(retention, app)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return strconv.Atoi(retention.Default) // a bad value in the file counts as none, as in Dokku
	}
	return n, nil
}
