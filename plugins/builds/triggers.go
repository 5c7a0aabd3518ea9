package builds

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// onGenerateID answers builds-generate-id() with a new ID.
func (b *builds) onGenerateID(_ context.Context, c *trigger.Call) error {
	fmt.Fprintln(c.Out, record.NewID(b.now()))
	return nil
}

// onRecordStart answers builds-record-start(app, id, pid, source): a script of
// a plugin that deploys by itself begins.
func (b *builds) onRecordStart(_ context.Context, c *trigger.Call) error {
	app, source := c.Arg(0), c.Arg(3)
	if !b.host.Store.AppExists(app) {
		return command.NoSuchApp(app)
	}
	pid, err := strconv.Atoi(c.Arg(2))
	if err != nil {
		return command.BadInput("builds-record-start: invalid pid %q", c.Arg(2))
	}
	return b.book.Write(record.Build{
		ID: c.Arg(1), App: app, Kind: record.KindOf(source), PID: pid, StartedAt: b.now().UTC(), Status: record.Running, Source: source,
	})
}

// onRecordFinalize answers builds-record-finalize(app, id, exit code). One that
// has ended stays as it is.
func (b *builds) onRecordFinalize(_ context.Context, c *trigger.Call) error {
	app, id := c.Arg(0), c.Arg(1)
	if !b.host.Store.AppExists(app) {
		return command.NoSuchApp(app)
	}
	code, err := strconv.Atoi(c.Arg(2))
	if err != nil {
		return command.BadInput("builds-record-finalize: invalid exit code %q", c.Arg(2))
	}
	status := record.Succeeded
	if code != 0 {
		status = record.Failed
	}
	if err := b.book.End(app, id, status, code); err != nil {
		return notFound(err, app, id)
	}
	return b.pruneApp(app)
}

// onRename answers post-app-rename-setup(old, new): the records go along.
func (b *builds) onRename(_ context.Context, c *trigger.Call) error {
	from, to := b.host.Store.DataDir("builds", c.Arg(0)), b.host.Store.DataDir("builds", c.Arg(1))
	if err := os.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("cannot move the builds of %s: %w", c.Arg(0), err)
	}
	return nil
}
