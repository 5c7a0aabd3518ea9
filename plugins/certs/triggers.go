package certs

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// onExists answers certs-exists APP with true or false.
func (c *certs) onExists(_ context.Context, t *trigger.Call) error {
	fmt.Fprintln(t.Out, c.hasCertificate(t.Arg(0)))
	return nil
}

// onGet answers certs-get APP crt|key with the file, or fails with exit code 1.
func (c *certs) onGet(_ context.Context, t *trigger.Call) error {
	app, kind := t.Arg(0), t.Arg(1)
	if (kind != "crt" && kind != "key") || !c.h.Store.AppExists(app) || !c.hasCertificate(app) {
		return command.Exit{Code: 1}
	}
	text, err := c.read(app, "server."+kind)
	if err == nil {
		_, err = t.Out.Write(text)
	}
	return err
}

// onSet answers certs-set APP CRT-FILE KEY-FILE.
func (c *certs) onSet(ctx context.Context, t *trigger.Call) error {
	app, crt, key := t.Arg(0), t.Arg(1), t.Arg(2)
	switch {
	case !c.h.Store.AppExists(app):
		return command.NoSuchApp(app)
	case crt == "" || key == "":
		return command.BadInput(bothNeeded)
	case t.Files == nil:
		return errors.New("nobody is there whose files could be read")
	}
	pair, err := fromFiles(ctx, t.Files, crt, key)
	if err != nil {
		return err
	}
	return c.set(ctx, t.Output(), app, pair)
}

// onRemove answers certs-remove APP.
func (c *certs) onRemove(ctx context.Context, t *trigger.Call) error {
	if !c.h.Store.AppExists(t.Arg(0)) {
		return command.NoSuchApp(t.Arg(0))
	}
	return c.removeFrom(ctx, t.Output(), t.Arg(0))
}

// onClone answers post-app-clone-setup OLD NEW: a clone has domains of its own,
// for which the certificate would be wrong.
func (c *certs) onClone(ctx context.Context, t *trigger.Call) error {
	clone := t.Arg(1)
	if err := c.removeFiles(clone); err != nil {
		return err
	}
	return c.h.Bus.Event(ctx, "post-certs-remove", clone)
}

// onRename answers post-app-rename-setup OLD NEW: the certificate goes along.
func (c *certs) onRename(_ context.Context, t *trigger.Call) error {
	return c.h.Store.CopyTree(c.dir(t.Arg(0)), c.dir(t.Arg(1)))
}
