package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// followEvery is how often a log that is being written is looked at.
const followEvery = 100 * time.Millisecond

// ErrNoLog says that a build has a record but no log.
var ErrNoLog = errors.New("the build has no log")

// Copy writes the log of a build to w; with follow it goes on until the build has ended or ctx ends. ErrNoLog when the
// log is gone, ErrNotFound when there is no such build.
func (b *Book) Copy(ctx context.Context, app, id string, follow bool, w io.Writer) error {
	if _, err := b.Load(app, id); err != nil {
		return err
	}
	log, err := os.Open(b.LogPath(app, id))
	if errors.Is(err, os.ErrNotExist) {
		return ErrNoLog
	}
	if err != nil {
		return fmt.Errorf("cannot read the log of the build %s of %s: %w", id, app, err)
	}
	defer log.Close()
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		// Asked before the read: what was written before the end is then read too.
		build, err := b.Load(app, id)
		if err != nil && !errors.Is(err, ErrNotFound) { // pruned meanwhile
			return err
		}
		if _, err := io.Copy(w, log); err != nil {
			return err
		}
		if !follow || build.Status != Running {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
