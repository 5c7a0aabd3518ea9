package supervise

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// journalEnv names the file in which the processes of a test write what
// happens to them; a test binary that is started with it is one of them.
const journalEnv = "SUPERVISE_TEST_JOURNAL"

func TestMain(m *testing.M) {
	if journal := os.Getenv(journalEnv); journal != "" {
		os.Exit(process(journal, os.Args[1:]))
	}
	os.Exit(m.Run())
}

func process(journal string, args []string) int {
	note := func(what string) {
		f, err := os.OpenFile(journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		defer f.Close()
		fmt.Fprintf(f, "%s %s %d\n", args[0], what, os.Getpid())
	}
	switch {
	case slices.Contains(args, "supervisor"):
		if err := Up(context.Background(), os.Args[0]); err != nil {
			return 1
		}
	case slices.Contains(args, "hopeless") && args[0] == "serve":
		note("start")
		return 3
	case slices.Contains(args, "stubborn"):
		signal.Ignore(syscall.SIGTERM)
		note("start")
		select {}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	note("start")
	<-stop
	note("stop")
	return 0
}

// journal is what the processes wrote: "serve start" and so on, and their pids.
type journal struct {
	t    *testing.T
	path string
}

func newJournal(t *testing.T) journal {
	t.Helper()
	j := journal{t, filepath.Join(t.TempDir(), "journal")}
	t.Setenv(journalEnv, j.path)
	return j
}

func (j journal) pids(entry string) (pids []int) {
	b, _ := os.ReadFile(j.path)
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), entry+" "); ok {
			if pid, err := strconv.Atoi(rest); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// wait returns the pid of the n-th such entry.
func (j journal) wait(entry string, n int) int {
	j.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if pids := j.pids(entry); len(pids) >= n {
			return pids[n-1]
		}
	}
	b, _ := os.ReadFile(j.path)
	j.t.Fatalf("no %d. %q in %s", n, entry, b)
	return 0
}

// up runs Up until the test stops it.
func up(t *testing.T, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Up(ctx, os.Args[0], args...) }()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	return stop
}

func TestEachIsRestartedAlone(t *testing.T) {
	j := newJournal(t)
	up(t)
	serve, proxy := j.wait("serve start", 1), j.wait("proxy start", 1)
	for i, kill := range []struct {
		name string
		pid  int
	}{{"serve", serve}, {"proxy", proxy}} {
		start := time.Now()
		if err := syscall.Kill(kill.pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if again := j.wait(kill.name+" start", 2); again == kill.pid {
			t.Errorf("%s has the same pid", kill.name)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s came back after %v", kill.name, took)
		}
		if i == 0 && len(j.pids("proxy start")) != 1 {
			t.Error("the proxy was restarted with the control plane")
		}
	}
}

func TestStopEndsTheControlPlaneFirst(t *testing.T) {
	j := newJournal(t)
	stop := up(t)
	serve, proxy := j.wait("serve start", 1), j.wait("proxy start", 1)
	stop()
	b, err := os.ReadFile(j.path)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("serve stop %d\nproxy stop %d\n", serve, proxy); !strings.HasSuffix(string(b), want) {
		t.Errorf("got %s", b)
	}
}

func TestWhoDiesAtOnceIsGivenMoreAndMoreTime(t *testing.T) {
	j := newJournal(t)
	stop := up(t, "hopeless")
	start := time.Now()
	j.wait("serve start", 4) // after 0.1, 0.2 and 0.4 seconds
	if took := time.Since(start); took < 600*time.Millisecond {
		t.Errorf("four starts in %v", took)
	}
	stop()
	if n := len(j.pids("proxy start")); n != 1 {
		t.Errorf("the proxy started %d times", n)
	}
}

func TestWhoDoesNotEndIsKilled(t *testing.T) {
	j := newJournal(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		child{log: slog.New(slog.DiscardHandler), self: os.Args[0], args: []string{"serve", "stubborn"}, stopTime: 50 * time.Millisecond}.keep(ctx)
	}()
	pid := j.wait("serve start", 1)
	cancel()
	<-done
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("still there: %v", err)
	}
}

func TestBothEndWithAKilledSupervisor(t *testing.T) {
	j := newJournal(t)
	cmd := exec.Command(os.Args[0], "supervisor")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serve, proxy := j.wait("serve start", 1), j.wait("proxy start", 1)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if j.wait("serve stop", 1) != serve || j.wait("proxy stop", 1) != proxy {
		t.Error("others stopped")
	}
}

func TestAMissingBinaryIsTriedAgain(t *testing.T) {
	newJournal(t)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := Up(ctx, filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}
