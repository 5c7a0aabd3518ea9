package state_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/state"
)

func TestDeployLockExcludes(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	_, release, err := s.LockApp(ctx, "blog")
	must(t, err)
	if !s.AppDeploying("blog") || s.AppLocked("blog") {
		t.Error("a deploy is not seen, or is taken for the operator's lock")
	}
	if _, _, err := s.LockApp(ctx, "blog"); !errors.Is(err, state.ErrLocked) {
		t.Errorf("got %v", err)
	}
	_, releaseOther, err := s.LockApp(ctx, "other")
	must(t, err)
	releaseOther()
	release()
	if s.AppDeploying("blog") {
		t.Error("still deploying")
	}
	if _, err := os.Stat(s.DeployLockPath("blog")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	_, release, err = s.LockApp(ctx, "blog")
	must(t, err)
	release()
}

// A plugin's script calls dokku while its app is locked: the token travels.
func TestDeployLockIsReentrantByToken(t *testing.T) {
	s := open(t)
	outer, release, err := s.LockApp(context.Background(), "blog")
	must(t, err)
	token := state.LockToken(outer)
	if token == "" {
		t.Fatal("there is no token")
	}
	inner, releaseInner, err := s.LockApp(state.WithLockToken(context.Background(), token), "blog")
	must(t, err)
	if state.LockToken(inner) != token {
		t.Error("the token changed")
	}
	releaseInner()
	if !s.AppDeploying("blog") {
		t.Error("the inner release gave up the outer lock")
	}
	for _, wrong := range []string{"", "guess"} {
		if _, _, err := s.LockApp(state.WithLockToken(context.Background(), wrong), "blog"); !errors.Is(err, state.ErrLocked) {
			t.Errorf("token %q: %v", wrong, err)
		}
	}
	release()
	// A token of the past opens nothing.
	_, release, err = s.LockApp(context.Background(), "blog")
	must(t, err)
	defer release()
	if _, _, err := s.LockApp(outer, "blog"); !errors.Is(err, state.ErrLocked) {
		t.Errorf("an old token: %v", err)
	}
}

// Dokku's own scripts flock the same file.
func TestDeployLockIsDokkusFlock(t *testing.T) {
	s := open(t)
	must(t, s.MkdirAll(s.LibPath("data", "apps", "blog"), 0o755))
	f, err := os.Create(s.DeployLockPath("blog"))
	must(t, err)
	defer f.Close()
	must(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	if _, _, err := s.LockApp(context.Background(), "blog"); !errors.Is(err, state.ErrLocked) {
		t.Errorf("got %v", err)
	}
	must(t, unix.Flock(int(f.Fd()), unix.LOCK_UN))
	// What a killed deploy left behind locks nothing.
	_, release, err := s.LockApp(context.Background(), "blog")
	must(t, err)
	release()
}

func TestOperatorsLock(t *testing.T) {
	s := open(t)
	_, release, err := s.LockApp(context.Background(), "blog")
	must(t, err)
	must(t, s.SetAppLocked("blog", true)) // while a deploy is under way
	release()
	if !s.AppLocked("blog") {
		t.Error("the end of the deploy took the operator's lock away")
	}
	// Restarts and the like go on, and leave it.
	_, release, err = s.LockApp(context.Background(), "blog")
	must(t, err)
	release()
	if !s.AppLocked("blog") {
		t.Error("a restart took the operator's lock away")
	}
	must(t, s.SetAppLocked("blog", false))
	if s.AppLocked("blog") {
		t.Error("still locked")
	}
	if err := s.SetAppLocked("blog", false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("unlocking twice: %v", err)
	}
}
