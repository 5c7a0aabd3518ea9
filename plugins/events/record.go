package events

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

type events struct {
	host   *plugin.Host
	failed sync.Once // the log says once that there can be no events
}

// logging tells whether events are logged: one call to the system, as it is
// asked at every trigger, and others may write and remove the setting.
func (e *events) logging() bool {
	return e.host.Store.Switched(setting) || e.host.Exec.Getenv(setting) != ""
}

// record is the trigger.Observer. What is fired must not fail because it cannot
// be written down.
func (e *events) record(ctx context.Context, name string, args []string) {
	if !e.logging() {
		return
	}
	if err := e.append(line(ctx, time.Now(), name, args)); err != nil {
		e.failed.Do(func() { e.host.Log.Error("cannot log events", "err", err) })
	}
}

// line is what Dokku's hook hands to logger, as rsyslog writes it.
// Source: Dokku plugins/common/functions, dokku_log_plugn_trigger_call.
func line(ctx context.Context, at time.Time, name string, args []string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	actor := command.ActorOf(ctx)
	id := command.IDOf(ctx)
	if id == 0 {
		id = int64(os.Getpid())
	}
	return fmt.Sprintf("%s %s dokku-event[%d]: INVOKED: %s( %s ) NAME=%s FINGERPRINT=%s DOKKU_PID=%d\n",
		at.Format(time.Stamp), host, os.Getpid(), name, strings.Join(trigger.Shown(name, args), " "), actor.KeyName, actor.Fingerprint, id)
}

// append writes one line at once, so that lines never mix. The file is opened
// each time, so that it can be rotated. A link is not followed: the folder is
// the system user's, and we may be root.
func (e *events) append(text string) (err error) {
	path := e.path()
	const flags = os.O_APPEND | os.O_WRONLY | unix.O_NOFOLLOW
	file, err := os.OpenFile(path, flags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err := e.host.Store.MkdirAll(filepath.Dir(path), 0o775); err != nil {
			return err
		}
		if file, err = os.OpenFile(path, flags|os.O_CREATE, 0o664); err != nil {
			return err
		}
		if owner := e.host.Store.Owner(); owner != nil {
			err = file.Chown(owner.UID, owner.GID)
		}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = file.WriteString(text)
	return err
}
