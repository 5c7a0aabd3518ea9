package e2e

import (
	"archive/zip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
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
//	crash serve|proxy            SIGKILL (kill and stop are testscript's own, and stop ends a script early)
//	halt serve|proxy             SIGTERM, waits for its end
//	start serve|proxy            starts it again
//	running APP PROCESS N        waits until N containers run
//	testapp DIR VERSION          puts the test app (testapp/) with a Dockerfile into DIR; / answers VERSION
//	[!] admin|user|stranger ARGS…  runs a command by ssh with that key (stranger's is not known)
//	ref APP BRANCH DIR REV       the app's branch is this revision of the repository DIR; REV "none": there is none
//	gone TYPE                    waits until there is no container of a type (run, cron)
//	truncate FILE BYTES          makes a file of so many bytes that are not on the disk
//	zip DIR FILE                 makes a zip archive of a folder
//	fileserver DIR               serves a folder over HTTP at $FILES
//	gitserver DIR ADDRESS        serves a folder as a git repository at https://ADDRESS, for the daemon alone
//	tidy APP                     waits until nothing is left of a deploy: journal, upcoming or retired containers
func TestScripts(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
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
					if t, ok := env.T().(interface{ Failed() bool }); ok && t.Failed() {
						env.T().Log(in.logs())
					}
				}
				os.RemoveAll(dir)
			})
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, in.env()...)
			env.Vars = append(env.Vars, "SSH_USER="+in.sshCommand("user"), fmt.Sprintf("SSH_PORT=%d", in.sshPort), fmt.Sprintf("HTTP_PORT=%d", in.httpPort), "INSTANCE="+in.instance,
				"LONG="+strings.Repeat("x", 300), "NEWLINE=a\nb",
				"HOME="+env.WorkDir, "STATE="+dir, "TESTDATA="+testdata)
			env.Values["installation"] = in
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"repo":    cmdRepo,
			"commit":  cmdCommit,
			"http":    cmdHTTP,
			"crash":   func(ts *testscript.TestScript, _ bool, args []string) { of(ts).stop(args[0], syscall.SIGKILL) },
			"halt":    func(ts *testscript.TestScript, _ bool, args []string) { of(ts).stop(args[0], syscall.SIGTERM) },
			"start":   func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(of(ts).start(args[0])) },
			"running": cmdRunning,
			"gone": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(await(15*time.Second, func() (bool, error) {
					names, err := of(ts).containers(true, "label=com.dokku.container-type="+args[0])
					return len(names) == 0, err
				}))
			},
			"testapp":    cmdTestapp,
			"ref":        cmdRef,
			"truncate":   cmdTruncate,
			"zip":        cmdZip,
			"fileserver": cmdFileserver,
			"gitserver":  cmdGitserver,
			"tidy": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(of(ts).tidy(args[0]))
			},
			"admin":    persona("admin"),
			"user":     persona("user"),
			"stranger": persona("stranger"),
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
	ts.Check(of(ts).awaitRunning(args[0], args[1], want))
}

func cmdTestapp(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(writeTestapp(ts.MkAbs(args[0]), strings.Join(args[1:], " ")))
}

func cmdRef(ts *testscript.TestScript, _ bool, args []string) {
	cmd := of(ts).command("git", "rev-parse", args[3])
	cmd.Dir = ts.MkAbs(args[2])
	want, err := cmd.Output()
	if args[3] == "none" {
		want, err = nil, nil
	}
	ts.Check(err)
	got, err := of(ts).command("git", "--git-dir="+filepath.Join(of(ts).dir, "home", args[0]), "for-each-ref", "--format=%(objectname)", "refs/heads/"+args[1]).Output()
	ts.Check(err)
	if string(got) != string(want) {
		ts.Fatalf("branch %s of %s is %q, want %q", args[1], args[0], got, want)
	}
}

// persona runs commands by ssh with one key.
func persona(key string) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		words := strings.Fields(of(ts).sshCommand(key))
		err := ts.Exec(words[0], append(append(words[1:], "dokku@127.0.0.1"), args...)...)
		if neg && err == nil {
			ts.Fatalf("unexpected success of %s %s", key, strings.Join(args, " "))
		}
		if !neg {
			ts.Check(err)
		}
	}
}

func cmdZip(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer f.Close()
	w := zip.NewWriter(f)
	ts.Check(w.AddFS(os.DirFS(ts.MkAbs(args[0]))))
	ts.Check(w.Close())
}

func cmdFileserver(ts *testscript.TestScript, _ bool, args []string) {
	srv := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[0]))))
	ts.Defer(srv.Close)
	ts.Setenv("FILES", srv.URL)
}

func cmdTruncate(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	ts.Check(f.Truncate(size))
}
