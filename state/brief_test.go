package state

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A command was refused when the reconciler happened to hold the app's lock.
func TestLockOfABriefHolderIsWaitedFor(t *testing.T) {
	s, err := Open(Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, release, err := s.LockAppBriefly(context.Background(), "blog")
	if err != nil {
		t.Fatal(err)
	}
	if _, again, err := s.LockApp(ctx, "blog"); err != nil {
		t.Errorf("re-entry: %v", err)
	} else {
		again()
	}
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, _, err := s.LockApp(short, "blog"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it is held: %v", err)
	}
	got := make(chan error)
	go func() {
		_, release, err := s.LockApp(context.Background(), "blog")
		if err == nil {
			defer release()
			if _, _, refused := s.LockAppBriefly(context.Background(), "blog"); !errors.Is(refused, ErrLocked) {
				err = errors.New("a lock that is not brief was waited for")
			}
		}
		got <- err
	}()
	release()
	if err := <-got; err != nil {
		t.Error(err)
	}
}
