package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another deploy of the app is under way or that the
// operator locked the app.
var ErrLocked = errors.New("locked")

// LockEnv is the environment variable in which the token of a held lock
// travels to the processes that a deploy starts, so that a plugin's script may
// call `dokku config:set --no-restart APP …` while its app is locked.
const LockEnv = "SLIPWAY_LOCK"

// lockTable holds the in-process locks by name.
type lockTable struct {
	mu    sync.Mutex
	named map[string]*sync.Mutex
	apps  map[string]string        // app to the token of its deploy lock
	brief map[string]chan struct{} // app to what is closed when a brief holder is done
}

func (t *lockTable) acquire(name string) (release func()) {
	t.mu.Lock()
	if t.named == nil {
		t.named = map[string]*sync.Mutex{}
	}
	m := t.named[name]
	if m == nil {
		m = &sync.Mutex{}
		t.named[name] = m
	}
	t.mu.Unlock()
	m.Lock()
	return m.Unlock
}

type lockTokenKey struct{}

// WithLockToken makes ctx carry the token of a lock held further up.
func WithLockToken(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return context.WithValue(ctx, lockTokenKey{}, token)
}

// LockToken is the token that ctx carries, "" for none.
func LockToken(ctx context.Context) string {
	token, _ := ctx.Value(lockTokenKey{}).(string)
	return token
}

// DeployLockPath is the file that Dokku flocks during a deploy; while it
// exists and nobody holds it, the operator has locked the app (apps:lock).
func (s *Store) DeployLockPath(app string) string {
	return s.LibPath("data", "apps", app, ".deploy.lock")
}

// LockApp takes the deploy lock of an app: in the process, and by flock on
// Dokku's own file between processes. It waits for nobody but a holder by
// LockAppBriefly. A ctx that carries the token of this app's lock (see
// WithLockToken) re-enters it. The returned context carries the token; release
// must be called once.
//
// Errors: ErrLocked when somebody else holds it. That the operator locked the
// app for deploys (AppLocked) is for the caller to ask: such an app still
// restarts and comes back after a reboot.
func (s *Store) LockApp(ctx context.Context, app string) (_ context.Context, release func(), err error) {
	return s.lockApp(ctx, app, false)
}

// LockAppBriefly is LockApp for work that nobody asked for and that soon ends:
// others who want the lock meanwhile are not refused but wait.
func (s *Store) LockAppBriefly(ctx context.Context, app string) (_ context.Context, release func(), err error) {
	return s.lockApp(ctx, app, true)
}

func (s *Store) lockApp(ctx context.Context, app string, brief bool) (context.Context, func(), error) {
	for {
		locked, release, busy, err := s.tryLockApp(ctx, app, brief)
		if busy == nil {
			return locked, release, err
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx, nil, ctx.Err()
		}
	}
}

// tryLockApp takes the lock, or gives what is closed when its brief holder is
// done, or fails.
func (s *Store) tryLockApp(ctx context.Context, app string, brief bool) (_ context.Context, release func(), busy <-chan struct{}, err error) {
	s.locks.mu.Lock()
	defer s.locks.mu.Unlock()
	if held, ok := s.locks.apps[app]; ok {
		if held == LockToken(ctx) {
			return ctx, func() {}, nil, nil
		}
		if done, ok := s.locks.brief[app]; ok {
			return ctx, nil, done, nil
		}
		return ctx, nil, nil, fmt.Errorf("%s: %w", app, ErrLocked)
	}
	path := s.DeployLockPath(app)
	if err := s.MkdirAll(s.LibPath("data", "apps", app), 0o755); err != nil {
		return ctx, nil, nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return ctx, nil, nil, fmt.Errorf("cannot lock %s: %w", app, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return ctx, nil, nil, fmt.Errorf("%s: %w", app, ErrLocked)
	}
	token := rand.Text()
	if s.locks.apps == nil {
		s.locks.apps = map[string]string{}
	}
	s.locks.apps[app] = token
	if brief {
		if s.locks.brief == nil {
			s.locks.brief = map[string]chan struct{}{}
		}
		s.locks.brief[app] = make(chan struct{})
	}
	return WithLockToken(ctx, token), func() {
		s.locks.mu.Lock()
		defer s.locks.mu.Unlock()
		delete(s.locks.apps, app)
		if brief {
			close(s.locks.brief[app])
			delete(s.locks.brief, app)
		}
		if !s.AppLocked(app) { // apps:lock may have come meanwhile
			_ = os.Remove(path) // who takes it next makes it anew
		}
		f.Close()
	}, nil, nil
}

// operatorLock is what apps:lock writes into the lock file. A file without it
// is what a killed deploy left behind and locks nothing.
const operatorLock = "apps:lock\n"

// NameDeploy writes the ID of the build under way into the deploy lock, which
// the caller holds, for scripts that read it there as with Dokku.
func (s *Store) NameDeploy(app, id string) error {
	if s.AppLocked(app) {
		return nil
	}
	// In place: the lock is on this very file.
	if err := os.WriteFile(s.DeployLockPath(app), []byte(id+"\n"), 0o644); err != nil {
		return fmt.Errorf("cannot name the deploy of %s: %w", app, err)
	}
	return nil
}

// AppLocked tells whether the operator locked the app with apps:lock.
func (s *Store) AppLocked(app string) bool {
	b, err := os.ReadFile(s.DeployLockPath(app))
	return err == nil && string(b) == operatorLock
}

// AppDeploying tells whether this process holds the app's deploy lock.
func (s *Store) AppDeploying(app string) bool {
	s.locks.mu.Lock()
	defer s.locks.mu.Unlock()
	_, ok := s.locks.apps[app]
	return ok
}

// SetAppLocked locks the app for deploys until it is unlocked, or unlocks it.
// A deploy under way goes on.
func (s *Store) SetAppLocked(app string, locked bool) error {
	path := s.DeployLockPath(app)
	if locked {
		return s.WriteFile(path, []byte(operatorLock), 0o644)
	}
	return os.Remove(path)
}
