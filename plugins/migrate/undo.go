package migrate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/snapshot"
	"github.com/slipwayhq/slipway/schedule"
)

// undoing says how to undo.
type undoing struct {
	force   bool // also when something was changed since
	json    bool
	offline bool // no daemon runs
}

// undone is what --undo says to programs.
type undone struct {
	Undone bool     `json:"undone"`
	Since  []remark `json:"since"` // what happened after the migration
	Kept   string   `json:"kept"`  // the archive of what was removed or replaced; "" when that was nothing
	Backup string   `json:"backup"`
}

// undo gives the machine back. It can be cut off at any instant, and run again.
func (m *migration) undo(ctx context.Context, c *command.Call, out *command.Output, how undoing) error {
	rec, known, err := m.readRecord()
	if err != nil {
		return err
	}
	result := undone{Since: []remark{}}
	if !known {
		if err := errors.Join(m.dropLocks(ctx), m.removePartialBackups()); err != nil {
			return err
		}
		out.Step("There is nothing to undo: this machine was not taken over from a Dokku")
		return m.tell(c, how, result)
	}
	result.Backup = rec.Folder
	before, whole, err := readManifest(filepath.Join(rec.Folder, beforeFile))
	if err == nil && !whole {
		err = command.Fail("The backup is not in %s any more. Put it back there, and run this again", rec.Folder)
	}
	if err != nil {
		return err
	}
	if rec.Phase != giving {
		var lost bool
		if result.Since, lost, err = m.since(ctx, rec); err != nil {
			return err
		}
		printRemarks(out, "What happened since this machine was taken over", result.Since)
		if lost && !how.force {
			if err := m.tell(c, how, result); err != nil {
				return err
			}
			return command.Fail("That would be lost to Dokku. To go back nevertheless: slipway migrate --undo --force\nWhat goes is kept in an archive beside the backup, and containers run on.")
		}
	}
	locks, err := m.lockAll(ctx)
	if err != nil {
		return err
	}
	defer locks.unlock()
	rec.Phase = giving
	if err := m.writeRecord(rec); err != nil {
		return err
	}
	if result.Kept, err = m.keepSince(ctx, rec, before); err != nil {
		return err
	}
	// First: without releases nothing of ours acts on the containers, whatever happens to the files.
	if err := m.letGo(ctx); err != nil {
		return err
	}
	out.Step("Putting the files back from %s", rec.Folder)
	if err := snapshot.Restore(ctx, m.tree(rec.Folder), before, func() (io.ReadCloser, error) {
		return os.Open(filepath.Join(rec.Folder, archiveFile))
	}); err != nil {
		return fmt.Errorf("cannot give the files back: %w. Run slipway migrate --undo again; by hand: tar -xpzf %s -C /", err, filepath.Join(rec.Folder, archiveFile))
	}
	locks.unlock()
	if err := m.restoreLocks(rec.Locks); err != nil {
		return err
	}
	m.removeLockFolders(before)
	moved, err := m.pointToRunning(ctx)
	if err != nil {
		return err
	}
	if err := m.undoHost(ctx, out, rec); err != nil {
		return err
	}
	m.machine.endDaemon(ctx, out, how.offline)
	if err := m.forget(how.offline); err != nil {
		return err
	}
	m.lastWords(out, rec, result, moved)
	result.Undone = true
	return m.tell(c, how, result)
}

func (m *migration) tell(c *command.Call, how undoing, result undone) error {
	if !how.json {
		return nil
	}
	return c.Out.JSON(result)
}

// letGo forgets the releases of all apps.
func (m *migration) letGo(ctx context.Context) error {
	names, err := m.host.Store.Apps()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := m.flow.LetGo(ctx, name); err != nil {
			return err
		}
	}
	for _, folder := range []string{"releases", "deploys"} {
		if err := os.RemoveAll(m.host.Store.LibPath("data", folder)); err != nil {
			return err
		}
	}
	return nil
}

// keepSince packs what the restoration will remove or replace, and returns the archive's path, "" when that is nothing of
// weight. Files that say which containers run are not: they say it of containers of now.
func (m *migration) keepSince(ctx context.Context, rec record, before snapshot.Manifest) (string, error) {
	now, err := snapshot.Scan(ctx, m.tree(rec.Folder))
	if err != nil {
		return "", err
	}
	lib := real(m.host.Store.Lib())
	var paths []string
	for _, change := range snapshot.Compare(before, now) {
		if inside(change.Path, lib) && isCore(relative(change.Path, lib), lib, before, now) {
			continue // programs, not state
		}
		if change.After != nil && change.Content() {
			paths = append(paths, change.Path)
		}
	}
	if len(paths) == 0 {
		return "", nil
	}
	path := filepath.Join(rec.Folder, "before-undo-"+time.Now().UTC().Format("20060102T150405.000Z")+".tar.gz")
	if _, err := packTo(path+".partial", func(w *bufio.Writer) (snapshot.Manifest, error) { return snapshot.PackSome(ctx, paths, w) }); err != nil {
		return "", fmt.Errorf("cannot keep what an undo replaces, so nothing was undone: %w", errors.Join(err, os.Remove(path+".partial")))
	}
	return path, os.Rename(path+".partial", path)
}

// removeLockFolders removes the empty folders that our locks made.
func (m *migration) removeLockFolders(before snapshot.Manifest) {
	dirs, err := filepath.Glob(m.host.Store.LibPath("data", "apps", "*"))
	if err != nil {
		return
	}
	for _, dir := range append(dirs, m.host.Store.LibPath("data", "apps")) {
		real, err := filepath.EvalSymlinks(dir)
		if _, had := before[real]; err == nil && !had {
			_ = os.Remove(real) // unless something is in it
		}
	}
}

// pointToRunning writes into Dokku's files which containers run and where, where that is not what they say: a container that
// was replaced, or has another address since a reboot. It returns the apps.
func (m *migration) pointToRunning(ctx context.Context) (apps []string, err error) {
	instances, err := m.flow.InstancesByApp(ctx, "")
	if err != nil {
		return nil, err
	}
	for name, all := range instances {
		if !m.host.Store.AppExists(name) {
			continue
		}
		for _, i := range schedule.In(all, schedule.Live) {
			values := map[string]string{"CONTAINER": i.ID}
			if i.Running && i.IP != "" {
				values["IP"] = i.IP
			}
			if i.Port > 0 {
				values["PORT"] = strconv.Itoa(i.Port)
			}
			for kind, value := range values {
				path := m.host.Store.RootPath(name, kind+"."+i.Dyno())
				text, err := m.host.Store.ReadFile(path)
				if err != nil {
					return nil, err
				}
				if strings.TrimSpace(text) == value || kind == "CONTAINER" && text != "" && strings.HasPrefix(value, strings.TrimSpace(text)) {
					continue
				}
				if err := m.host.Store.WriteFile(path, []byte(value+"\n"), 0o644); err != nil {
					return nil, err
				}
				if !slices.Contains(apps, name) {
					apps = append(apps, name)
				}
			}
		}
	}
	slices.Sort(apps)
	return apps, nil
}

// undoHost takes back what was done to the host, the last first.
func (m *migration) undoHost(ctx context.Context, out *command.Output, rec record) error {
	for _, s := range slices.Backward(rec.Host) {
		if err := m.machine.undo(ctx, s); err != nil {
			return fmt.Errorf("cannot take back what was done to %s: %w. The files are Dokku's again. Mend it and run slipway migrate --undo again", s.Name, err)
		}
		out.Step("%s is as it was", s.Name)
	}
	return nil
}

// forget removes the record; without a daemon, whose files they are, also our own folders.
func (m *migration) forget(offline bool) error {
	if err := removeIfThere(m.recordPath()); err != nil {
		return fmt.Errorf("cannot end the undo: %w", err)
	}
	if !offline {
		return nil
	}
	for _, own := range ours {
		if own == ".slipwayd.lock" {
			continue // we hold it
		}
		if err := os.RemoveAll(m.host.Store.LibPath(own)); err != nil {
			return fmt.Errorf("cannot remove what is Slipway's own: %w", err)
		}
	}
	return nil
}

func (m *migration) lastWords(out *command.Output, rec record, result undone, moved []string) {
	if result.Kept != "" {
		out.Step("What was removed or replaced is in %s", result.Kept)
	}
	if len(moved) > 0 {
		out.Step("To do with Dokku")
		out.Text("Other containers, or other addresses, than at the time of the backup: %s.", strings.Join(moved, ", "))
		out.Text("CONTAINER, IP and PORT files of these apps say so. Let nginx know: dokku proxy:build-config --all")
	}
	out.Title("This machine is Dokku's again. The backup stays in %s", rec.Folder)
}
