package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/*.txtar. Besides testscript's own commands there
// are:
//
//	repo DIR                     makes DIR a git repository with one commit of all files
//	commit DIR [MESSAGE]         commits all changes (an empty commit too)
//	http [!] HOST PATH STATUS [TEXT]  asks until status and text are as given, 10 s at most
//	kill serve|proxy             SIGKILL
//	stop serve|proxy             SIGTERM, waits for its end
//	start serve|proxy            starts it again
//	running APP PROCESS N        waits until N containers run
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			dir, err := os.MkdirTemp("", "sw")
			if err != nil {
				return err
			}
			in, err := install(dir)
			env.Defer(func() {
				if in != nil {
					in.remove()
				}
				os.RemoveAll(dir)
			})
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, in.env()...)
			env.Vars = append(env.Vars, "HOME="+env.WorkDir, "STATE="+dir)
			env.Values["installation"] = in
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"repo":    cmdRepo,
			"commit":  cmdCommit,
			"http":    cmdHTTP,
			"kill":    func(ts *testscript.TestScript, _ bool, args []string) { of(ts).stop(args[0], syscall.SIGKILL) },
			"stop":    func(ts *testscript.TestScript, _ bool, args []string) { of(ts).stop(args[0], syscall.SIGTERM) },
			"start":   func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(of(ts).start(args[0])) },
			"running": cmdRunning,
		},
	})
}

func of(ts *testscript.TestScript) *installation { return ts.Value("installation").(*installation) }

func gitIn(ts *testscript.TestScript, dir string, args ...string) {
	cmd := of(ts).command("git", args...)
	cmd.Dir = ts.MkAbs(dir)
	ts.Check(run(cmd))
}

func cmdRepo(ts *testscript.TestScript, _ bool, args []string) {
	gitIn(ts, args[0], "init", "-q", "-b", "main")
	gitIn(ts, args[0], "add", "-A")
	gitIn(ts, args[0], "commit", "-q", "-m", "first")
}

func cmdCommit(ts *testscript.TestScript, _ bool, args []string) {
	gitIn(ts, args[0], "add", "-A")
	gitIn(ts, args[0], "commit", "-q", "--allow-empty", "-m", "change "+strings.Join(args[1:], " "))
}

func cmdHTTP(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: http HOST PATH STATUS [TEXT]")
	}
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	text := strings.Join(args[3:], " ")
	var got string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		status, body, err := of(ts).get(ctx, args[0], args[1])
		cancel()
		if err == nil && status == want && strings.Contains(body, text) {
			return
		}
		got = fmt.Sprintf("%d %q %v", status, body, err)
	}
	ts.Fatalf("GET http://%s%s: %s, want %d %q", args[0], args[1], got, want, text)
}

func cmdRunning(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	got := 0
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		out, err := exec.Command("docker", "ps", "-q", "--filter", "label=com.slipway.instance="+of(ts).instance,
			"--filter", "label=com.dokku.app-name="+args[0], "--filter", "label=com.dokku.process-type="+args[1]).Output()
		ts.Check(err)
		if got = len(strings.Fields(string(out))); got == want {
			return
		}
	}
	ts.Fatalf("%d containers of %s.%s run, want %d", got, args[0], args[1], want)
}

// logOf is the log of a process of the installation, for failures.
func (in *installation) logOf(name string) string {
	b, _ := os.ReadFile(filepath.Join(in.dir, name+".log"))
	return string(b)
}
