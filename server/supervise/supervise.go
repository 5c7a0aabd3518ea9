// Package supervise runs control plane and data plane where no init system
// does: `slipwayd up`.
//
//	err := supervise.Up(ctx, "/usr/local/bin/slipwayd")
//
// Each of the two is started again, alone, when it dies. They share environment
// and output with the supervisor, and end with it even when it is killed, so
// that the next one finds sockets and ports free.
package supervise

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	firstDelay = 100 * time.Millisecond // before a restart, doubled …
	maxDelay   = 10 * time.Second       // … up to this
	steady     = 10 * time.Second       // who lived so long did not die at once
)

// Up starts `self serve` and `self proxy`, each followed by args, and keeps
// them running until ctx ends. Then it stops the control plane, so that no
// deploy meets a proxy that is gone, and after it the data plane. It always
// returns nil; the error is there for the callers' sake.
func Up(ctx context.Context, self string, args ...string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	var (
		keepers sync.WaitGroup
		served  = make(chan struct{})
	)
	proxyCtx, stopProxy := context.WithCancel(context.WithoutCancel(ctx))
	keepers.Go(func() {
		defer close(served)
		serve := child{log: log, self: self, args: append([]string{"serve"}, args...), stopTime: 60 * time.Second}
		serve.keep(ctx)
	})
	keepers.Go(func() {
		proxy := child{log: log, self: self, args: append([]string{"proxy"}, args...), stopTime: 90 * time.Second}
		proxy.keep(proxyCtx)
	})
	<-served
	stopProxy()
	keepers.Wait()
	return nil
}

// child is one of the two processes. stopTime is how long it may take to end
// after SIGTERM; the systemd units have the same limits.
type child struct {
	log      *slog.Logger
	self     string
	args     []string
	stopTime time.Duration
}

// keep runs the process again and again until ctx ends and it has ended.
func (c child) keep(ctx context.Context) {
	// The kernel signals the child when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	delay := firstDelay
	for {
		start := time.Now()
		err := c.run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(start) >= steady {
			delay = firstDelay
		}
		c.log.Warn("a process died and is started again", "process", c.args[0], "reason", reason(err), "in", delay)
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return
		}
		delay = min(2*delay, maxDelay)
	}
}

// run starts the process and returns when it has ended: by itself, or because
// ctx did.
func (c child) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.self, c.args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() { c.killLate(ctx, cmd.Process.Pid, ended) })
	err := cmd.Wait()
	close(ended)
	killer.Wait()
	return err
}

// killLate kills the whole process group when its leader does not end in time.
func (c child) killLate(ctx context.Context, pid int, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(c.stopTime):
		c.log.Error("a process does not end and is killed", "process", c.args[0])
		_ = syscall.Kill(-pid, syscall.SIGKILL) // fails when it ended this instant
	}
}

func reason(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}
