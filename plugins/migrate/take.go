package migrate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/internal/snapshot"
)

// take does what the plan says. Whatever it is cut off by, running it again finishes it: what is done is not in the plan any
// more, and the backup is from before the first attempt.
func (m *migration) take(ctx context.Context, out *command.Output, p *plan, offline bool) error {
	rec, known, err := m.readRecord()
	if err != nil {
		return err
	}
	if known && rec.Phase == giving {
		return command.Fail("An undo was cut off. Finish it first: slipway migrate --undo")
	}
	if !p.Ready {
		printProblems(out, p)
		return nil // the caller's exit code says it
	}
	if p.Done && (!known || rec.Phase == taken) {
		out.Step("There is nothing to do")
		printByHand(out, p.Host)
		return nil
	}
	locks, err := m.lockAll(ctx)
	if err != nil {
		return err
	}
	defer locks.unlock()
	if !known {
		out.Step("Keeping a backup in %s", p.Backup.Folder)
		if err := m.backUp(ctx, p.Backup.Folder, locks.made); err != nil {
			return err
		}
		rec = record{Phase: taking, Started: time.Now().UTC(), Folder: p.Backup.Folder, Releases: map[string]int{}, Running: map[string][]string{}, Locks: locks.files}
	}
	p.Backup.Folder = rec.Folder
	rec.note(p.Host)
	if err := m.writeRecord(rec); err != nil {
		return err
	}
	if err := m.applyChanges(ctx, out, p); err != nil {
		return err
	}
	if err := m.noteReleases(&rec, p.Apps); err != nil {
		return err
	}
	if err := m.keepAfter(ctx, rec); err != nil {
		return err
	}
	locks.unlock()
	m.bringIntoLine(ctx, out, p.Apps)
	if err := m.changeHost(ctx, out, p.Host); err != nil {
		return err
	}
	rec.Phase = taken
	if err := m.writeRecord(rec); err != nil {
		return err
	}
	printRemarks(out, "To know", p.Notes)
	printByHand(out, p.Host)
	if offline {
		out.Step("slipwayd does not run. Start it now, so that apps come back when they end: %s", m.machine.startDaemon())
	}
	out.Title("This machine is Slipway's now. The way back: slipway migrate --undo")
	return nil
}

func (m *migration) applyChanges(ctx context.Context, out *command.Output, p *plan) error {
	if len(p.Changes) > 0 {
		out.Step("Taking over")
	}
	for _, c := range p.Changes {
		err := c.apply(ctx)
		if errors.Is(err, deploy.ErrNothingRuns) { // it vanished since the survey
			out.Warn("%sthere is nothing to take over any more", prefix(c.App))
			continue
		}
		if err != nil {
			return fmt.Errorf("%s%s: this failed: %w. Run slipway migrate again, or take back what was done: slipway migrate --undo", prefix(c.App), c.What, err)
		}
		out.Text("%s%s", prefix(c.App), c.What)
	}
	// Features know more of what older Dokkus left, and begin to do what Dokku did till now. Plugins of the community were
	// installed long ago.
	for _, event := range []string{"install", "slipway-start"} {
		if err := m.host.Bus.Compiled().Event(ctx, event); err != nil {
			return fmt.Errorf("cannot bring all files to today's layout: %w. Run slipway migrate again, or take back what was done: slipway migrate --undo", err)
		}
	}
	return nil
}

// noteReleases writes down which release each app has, and its containers: later ones came from us.
func (m *migration) noteReleases(rec *record, apps []appSeen) error {
	for n, a := range apps {
		rel, ok, err := m.flow.Releases().Current(a.Name)
		if err != nil {
			return err
		}
		if _, noted := rec.Releases[a.Name]; ok && !noted {
			rec.Releases[a.Name] = rel.Number
			for _, r := range a.Containers {
				rec.Running[a.Name] = append(rec.Running[a.Name], r.ID)
			}
		}
		if ok {
			apps[n].Release = rel.Number
		}
	}
	return m.writeRecord(*rec)
}

// bringIntoLine routes the apps, and retires what deploys of Dokku's had replaced.
func (m *migration) bringIntoLine(ctx context.Context, out *command.Output, apps []appSeen) {
	for _, a := range apps {
		if err := m.flow.Restore(ctx, command.Discard(), a.Name, false); err != nil {
			out.Warn("%s cannot be routed: %v", a.Name, err)
		}
	}
}

// changeHost switches off Dokku's parts of the host. What it takes to undo a step is written down already.
func (m *migration) changeHost(ctx context.Context, out *command.Output, steps []step) error {
	for _, s := range steps {
		if !s.Automatic {
			continue
		}
		out.Step("%s", s.What)
		if err := m.machine.do(ctx, s.apply); err != nil {
			return fmt.Errorf("%s: this failed: %w. The apps are Slipway's already. Do it by hand (%s) and run slipway migrate again", s.What, err, s.Command)
		}
	}
	return nil
}

// backUp packs the tree. The folder appears when all of it is there.
func (m *migration) backUp(ctx context.Context, folder string, made []string) (err error) {
	if _, err := os.Lstat(folder); err == nil {
		return command.Fail("%s exists already. Give a folder that does not: slipway migrate --backup FOLDER", folder)
	}
	partial := folder + partialSuffix
	if err := errors.Join(m.removePartialBackups(), os.RemoveAll(partial)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(partial), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(partial, 0o700); err != nil { // there are secrets in it
		return fmt.Errorf("cannot make the folder of the backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("cannot keep a backup, so nothing was changed: %w", err), os.RemoveAll(partial))
		}
	}()
	tree := m.tree(folder)
	skip := tree.Skip
	tree.Skip = func(path string) bool { return path == partial || slices.Contains(made, path) || skip(path) }
	manifest, err := packTo(filepath.Join(partial, archiveFile), func(w *bufio.Writer) (snapshot.Manifest, error) { return snapshot.Pack(ctx, tree, w) })
	if err != nil {
		return err
	}
	if err := writeManifest(filepath.Join(partial, beforeFile), manifest); err != nil {
		return err
	}
	return os.Rename(partial, folder)
}

// partialSuffix is behind the name of a backup that is being made.
const partialSuffix = ".partial"

// removePartialBackups removes what attempts that were cut off left in the usual place.
func (m *migration) removePartialBackups() error {
	stale, err := filepath.Glob(m.host.Store.LibPath(backupsDir, backupPrefix+"*"+partialSuffix))
	if err != nil {
		return err
	}
	for _, path := range stale {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("cannot remove what is left of a backup: %w", err)
		}
	}
	return nil
}

func packTo(path string, pack func(*bufio.Writer) (snapshot.Manifest, error)) (snapshot.Manifest, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	manifest, err := pack(w)
	return manifest, errors.Join(err, w.Flush(), file.Sync(), file.Close())
}

// keepAfter keeps a manifest of what migrate left. One from before stays: what changed since it, others did.
func (m *migration) keepAfter(ctx context.Context, rec record) error {
	path := filepath.Join(rec.Folder, afterFile)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	manifest, err := snapshot.Scan(ctx, m.tree(rec.Folder))
	if err != nil {
		return err
	}
	return writeManifest(path, manifest)
}
