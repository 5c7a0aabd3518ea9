package e2e

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/deploy"
)

// slowBuild makes the next push of the repository build for a minute.
func (r repository) slowBuild(t testing.TB, mark string) {
	t.Helper()
	dockerfile := "FROM busybox:stable\nCOPY version /\nRUN echo " + mark + " && sleep 60\n"
	if err := os.WriteFile(filepath.Join(r.dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	r.commit(t, mark)
}

// fastBuild takes slowBuild back.
func (r repository) fastBuild(t testing.TB, version string) {
	t.Helper()
	if err := os.Remove(filepath.Join(r.dir, "Dockerfile")); err != nil {
		t.Fatal(err)
	}
	r.commit(t, version)
}

// startPush starts a push of a slow build and waits until it builds; the
// caller waits for ended.
func (r repository) startPush(t testing.TB) (signal func(syscall.Signal), ended <-chan error, out *bytes.Buffer) {
	t.Helper()
	cmd := r.push()
	out = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	if err := await(20*time.Second, func() (bool, error) { return r.in.journalStep(r.app) == deploy.StepBuild, nil }); err != nil {
		t.Fatalf("the push does not build: %v", err)
	}
	return func(sig syscall.Signal) { syscall.Kill(-cmd.Process.Pid, sig) }, done, out
}

func TestTwoPushesAtOnce(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "blog")
	r.commit(t, "one")
	if err := run(r.push()); err != nil {
		t.Fatal(err)
	}
	r.slowBuild(t, "two")
	signal, ended, _ := r.startPush(t)
	second := newRepository(t, in, "other")
	second.app = "blog"
	second.commit(t, "three")
	err := run(second.push("--force"))
	if err == nil || !strings.Contains(err.Error(), "blog currently has a deploy lock in place. Exiting...") {
		t.Errorf("the second push: %v", err)
	}
	r.body(t, "one")
	if err := in.dokku("builds:cancel", "blog"); err != nil {
		t.Error(err)
		signal(syscall.SIGINT)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a cancelled push succeeded")
		}
	case <-time.After(20 * time.Second):
		t.Error("the cancelled push goes on")
		signal(syscall.SIGKILL)
	}
	if err := in.tidy("blog"); err != nil {
		t.Error(err)
	}
	r.body(t, "one")
	r.fastBuild(t, "four")
	if err := run(r.push()); err != nil {
		t.Error(err)
	}
	r.body(t, "four")
}

// The pusher's Ctrl-C, and a pusher whose machine is gone: the build is
// cancelled, the old release serves, nothing is left.
func TestPusherGoesAway(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "blog")
	r.commit(t, "one")
	if err := run(r.push()); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			r.slowBuild(t, "slow-"+sig.String()[:4])
			signal, ended, out := r.startPush(t)
			l := in.startLoad(r.host(), "/", "one")
			defer l.stop()
			start := time.Now()
			signal(sig)
			if err := <-ended; err == nil {
				t.Error("the push succeeded")
			}
			if err := in.tidy("blog"); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("undone %s after the signal", time.Since(start))
			r.body(t, "one")
			l.check(t)
			if err := await(10*time.Second, func() (bool, error) {
				b, err := in.command("dokku", "builds:list", "blog").Output()
				return !strings.Contains(string(b), "running"), err
			}); err != nil {
				t.Errorf("a build is still said to run: %v", err)
			}
			r.fastBuild(t, "one")
			if err := run(r.push()); err != nil {
				t.Error(err)
			}
			r.body(t, "one")
		})
	}
}

// Ctrl-C in a terminal reaches a command over ssh: the remote container goes.
func TestCtrlCOfARun(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "blog")
	if err := os.WriteFile(filepath.Join(r.dir, "Dockerfile"), []byte("FROM busybox:stable\nCOPY testapp version /\nCMD [\"/testapp\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.commit(t, "one")
	if err := run(r.push()); err != nil {
		t.Fatal(err)
	}
	term := in.openTerminal(t, "dokku", "run", "blog", "sh", "-c", "echo ready; tty; sleep 1000")
	term.expect(t, "ready")
	term.expect(t, "/dev/pts/")
	term.send(t, "\x03")
	if code := term.wait(t); code == 0 {
		t.Error("an interrupted command succeeded")
	}
	if err := await(15*time.Second, func() (bool, error) {
		names, err := in.containers(false, "label=com.dokku.container-type=run")
		return len(names) == 0, err
	}); err != nil {
		t.Error("the container still runs: ", err)
	}

	shell := in.openTerminal(t, "dokku", "enter", "blog", "web.1", "/bin/sh")
	// Docker gives a terminal its size just after it has started the process: until then it is 0 by 0.
	shell.send(t, "hostname; until stty size 2>/dev/null | grep ' '; do sleep 0.1; done\n")
	shell.expect(t, "40 100")
	shell.send(t, "exit 5\n")
	if code := shell.wait(t); code != 5 {
		t.Errorf("exit code %d of enter, want 5", code)
	}

	over := in.openTerminal(t, "ssh", append(strings.Fields(in.sshCommand("admin"))[1:], "-t", "dokku@127.0.0.1", "run", "blog", "sh")...)
	over.send(t, "echo $((6*7)); exit 3\n")
	over.expect(t, "42")
	if code := over.wait(t); code != 3 {
		t.Errorf("exit code %d over ssh, want 3", code)
	}
	if err := errors.Join(in.dokku("logs", "blog"), in.dokku("run", "blog", "true")); err != nil {
		t.Error(err)
	}
}
