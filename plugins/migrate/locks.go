package migrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// locks are the deploy locks of all apps.
type locks struct {
	files  []keptFile // that were there before
	made   []string   // folders that are ours, and go again when they are empty
	unlock func()     // may be called again
}

// lockAll takes the deploy lock of every app, Dokku's own included: nothing is deployed by either program meanwhile.
func (m *migration) lockAll(ctx context.Context) (l locks, err error) {
	names, err := m.host.Store.Apps()
	if err != nil {
		return l, err
	}
	before, known, err := m.locksBefore()
	if err != nil {
		return l, err
	}
	if !known {
		if before.Files, err = m.lockFiles(); err != nil {
			return l, err
		}
		before.Made = m.missingLockFolders(names)
		if err := m.writeJSON(m.locksPath(), before); err != nil {
			return l, err
		}
	}
	l.files, l.made = before.Files, before.Made
	var releases []func()
	l.unlock = sync.OnceFunc(func() {
		for _, release := range releases {
			release()
		}
		err := l.putBackOperators(m.host.Store.Lib())
		for _, dir := range l.made {
			_ = os.Remove(dir) // unless something is in it
		}
		if err == nil { // else the next who takes the locks tries again
			_ = os.Remove(m.locksPath())
		}
	})
	for _, name := range names {
		_, release, err := m.host.Store.LockApp(ctx, name)
		if err != nil {
			l.unlock()
			if errors.Is(err, state.ErrLocked) {
				return l, command.Fail("A deploy of %s is under way. Wait until it has ended, and run this again", name)
			}
			return l, err
		}
		releases = append(releases, release)
	}
	return l, nil
}

// putBackOperators puts locks of apps:lock back that went when we let go of them. Only what is in our place goes then, and
// what was taken over meanwhile has our mark and stays.
func (l locks) putBackOperators(lib string) error {
	for _, f := range l.files {
		if !inside(f.Path, lib) || exists(f.Path) {
			continue
		}
		if err := f.putBack(); err != nil {
			return err
		}
	}
	return nil
}

// dropLocks lets go of what a migration left that was killed while it held the locks, before it wrote down anything else.
func (m *migration) dropLocks(ctx context.Context) error {
	if _, noted, err := m.locksBefore(); err != nil || !noted {
		return err
	}
	l, err := m.lockAll(ctx)
	if err == nil {
		l.unlock()
	}
	return err
}

// locksBefore is what was there before we took the locks: to Dokku, a lock that we left behind when we were killed would be
// one of apps:lock.
type locksBefore struct {
	Files []keptFile `json:"files"`
	Made  []string   `json:"made"`
}

func (m *migration) locksPath() string {
	return m.host.Store.LibPath("data", "slipway", "dokku-locks.json")
}

// locksBefore is known while we hold the locks, and after we were killed holding them.
func (m *migration) locksBefore() (before locksBefore, known bool, err error) {
	known, err = readJSON(m.locksPath(), &before)
	return before, known, err
}

// missingLockFolders are the folders that taking the locks will make, the innermost first.
func (m *migration) missingLockFolders(names []string) []string {
	var missing []string
	for _, name := range names {
		if dir := filepath.Dir(m.host.Store.DeployLockPath(name)); !exists(dir) {
			missing = append(missing, dir)
		}
	}
	if parent := m.host.Store.LibPath("data", "apps"); len(missing) > 0 && !exists(parent) {
		missing = append(missing, parent)
	}
	return missing
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// lockFiles are the files of deploy locks, in the places of before 0.34 and since.
func (m *migration) lockFiles() ([]keptFile, error) {
	var all []keptFile
	for _, pattern := range []string{m.host.Store.LibPath("data", "apps", "*", lockFile), m.host.Store.RootPath("*", lockFile)} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			file, ok, err := keep(path)
			if err != nil {
				return nil, err
			}
			if ok {
				all = append(all, file)
			}
		}
	}
	return all, nil
}

// restoreLocks brings the files of deploy locks back as they were. No lock is held any more.
func (m *migration) restoreLocks(before []keptFile) error {
	now, err := m.lockFiles()
	if err != nil {
		return err
	}
	for _, l := range now {
		if slices.ContainsFunc(before, func(b keptFile) bool { return b.Path == l.Path }) {
			continue
		}
		if err := removeIfThere(l.Path); err != nil {
			return fmt.Errorf("cannot remove the lock %s: %w", l.Path, err)
		}
	}
	for _, l := range before {
		if err := l.putBack(); err != nil {
			return err
		}
	}
	return nil
}
