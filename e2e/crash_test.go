package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/deploy"
)

// errMissed says that a step was over before it could be killed.
var errMissed = errors.New("the step was over before the kill")

// killAt runs a command and kills the control plane with SIGKILL as soon as
// the journal of the app names the step. It returns when both have ended.
func (in *installation) killAt(app string, step deploy.Step, cmd *exec.Cmd) (output string, err error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var last deploy.Step
	for {
		select {
		case <-ended:
			return out.String(), fmt.Errorf("%w: the command ended, the last step seen was %q", errMissed, last)
		default:
		}
		now := in.journalStep(app)
		if now != "" {
			last = now
		}
		if now == step {
			in.stop("serve", syscall.SIGKILL)
			<-ended
			if at := in.journalStep(app); at != step {
				return out.String(), fmt.Errorf("%w: it was killed at %q", errMissed, at)
			}
			return out.String(), nil
		}
	}
}

// journalStep is the step that the journal of an app names, "" without one.
func (in *installation) journalStep(app string) deploy.Step {
	b, err := os.ReadFile(in.lib("data", "deploys", app+".json"))
	if err != nil {
		return ""
	}
	var e struct{ Step deploy.Step }
	if json.Unmarshal(b, &e) != nil {
		return ""
	}
	return e.Step
}

// repository is a local clone that pushes the test app.
type repository struct {
	in  *installation
	app string
	dir string
}

func newRepository(t testing.TB, in *installation, app string) repository {
	t.Helper()
	r := repository{in, app, filepath.Join(in.dir, "src-"+app)}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git(t, "init", "-q", "-b", "main")
	return r
}

func (r repository) git(t testing.TB, args ...string) {
	t.Helper()
	if err := run(r.in.command("git", append([]string{"-C", r.dir}, args...)...)); err != nil {
		t.Fatal(err)
	}
}

// commit commits the test app with a version.
func (r repository) commit(t testing.TB, version string) {
	t.Helper()
	if err := writeTestapp(r.dir, version); err != nil {
		t.Fatal(err)
	}
	r.git(t, "add", "-A")
	r.git(t, "commit", "-q", "--allow-empty", "-m", version)
}

func (r repository) push(options ...string) *exec.Cmd {
	args := append([]string{"-C", r.dir, "push"}, options...)
	return r.in.command("git", append(args, fmt.Sprintf("ssh://dokku@127.0.0.1:%d/%s", r.in.sshPort, r.app), "main")...)
}

func (r repository) host() string { return r.app + ".e2e.localhost" }

// body waits until the app answers with one of the bodies and returns it.
func (r repository) body(t testing.TB, wanted ...string) string {
	t.Helper()
	var got string
	err := await(10*time.Second, func() (bool, error) {
		status, body, err := r.in.get(t.Context(), r.host(), "/")
		got = strings.TrimSpace(body)
		for _, w := range wanted {
			if err == nil && status == 200 && got == w {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		t.Errorf("%s answers %q, want one of %q: %v", r.app, got, wanted, err)
	}
	return got
}

// restarted starts the control plane again and asserts that a crash of the
// app's deploy has left nothing.
func (r repository) restarted(t testing.TB, web int) {
	t.Helper()
	if err := r.in.start("serve"); err != nil {
		t.Fatal(err)
	}
	if err := r.in.awaitRunning(r.app, "web", web); err != nil {
		t.Error(err)
	}
	if err := r.in.tidy(r.app); err != nil {
		t.Error(err)
	}
}

func stepsOf(first deploy.Step) []deploy.Step {
	for n, s := range deploy.Steps {
		if s == first {
			return append([]deploy.Step{deploy.StepReceive}, deploy.Steps[n:]...)
		}
	}
	return deploy.Steps
}

// isLive tells whether a deploy that was killed at the step is to be finished.
func isLive(step deploy.Step) bool {
	return step == deploy.StepPromote || step == deploy.StepRetire || step == deploy.StepAnnounce
}

// attempts is how often a step that was over too soon is tried again.
const attempts = 5

func TestKilledAtEveryStepOfAFirstDeploy(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	for _, step := range deploy.Steps {
		t.Run(string(step), func(t *testing.T) {
			for n := range attempts {
				r := newRepository(t, in, fmt.Sprintf("first-%s-%d", step, n))
				r.commit(t, "one")
				out, err := in.killAt(r.app, step, r.push())
				if errors.Is(err, errMissed) && n < attempts-1 {
					t.Log(err)
					if !in.alive("serve") {
						if err := in.start("serve"); err != nil {
							t.Fatal(err)
						}
					}
					continue
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if isLive(step) {
					r.restarted(t, 1)
					r.body(t, "one")
				} else {
					r.restarted(t, 0)
					if status, body, err := in.get(t.Context(), r.host(), "/"); err != nil || status == 200 {
						t.Errorf("an app that is not deployed answers %d %q %v", status, body, err)
					}
				}
				r.commit(t, "two")
				if err := run(r.push()); err != nil {
					t.Error("the next push: ", err)
				}
				r.body(t, "two")
				if err := in.dokku("--force", "apps:destroy", r.app); err != nil {
					t.Error(err)
				}
				return
			}
		})
	}
}

func TestKilledAtEveryStepUnderLoad(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "app")
	r.commit(t, "0")
	if err := errors.Join(run(r.push()), in.dokku("ps:scale", "app", "web=2")); err != nil {
		t.Fatal(err)
	}
	current := r.body(t, "0")
	l := in.startLoad(r.host(), "/", current)
	defer l.stop()
	number := 0
	for _, op := range []struct {
		name  string
		steps []deploy.Step
		// command makes the command, and what the app answers when it is done.
		command func() (*exec.Cmd, string)
	}{
		{"push", deploy.Steps, func() (*exec.Cmd, string) {
			number++
			r.commit(t, fmt.Sprint(number))
			return r.push(), fmt.Sprint(number)
		}},
		{"ps:restart", stepsOf(deploy.StepSchedule), func() (*exec.Cmd, string) { return in.command("dokku", "ps:restart", "app"), current }},
		{"releases:rollback", stepsOf(deploy.StepSchedule), func() (*exec.Cmd, string) {
			before := current
			number++
			r.commit(t, fmt.Sprint(number))
			l.want(current, fmt.Sprint(number))
			if err := errors.Join(in.dokku("config:set", "--no-restart", "app", "MARK="+fmt.Sprint(number)), run(r.push())); err != nil {
				t.Fatal(err)
			}
			current = r.body(t, fmt.Sprint(number))
			return in.command("dokku", "releases:rollback", "app"), before
		}},
	} {
		for _, step := range op.steps {
			t.Run(op.name+"/"+string(step), func(t *testing.T) {
				for n := range attempts {
					cmd, next := op.command()
					l.want(current, next)
					out, err := in.killAt("app", step, cmd)
					if !in.alive("serve") {
						r.restarted(t, 2)
					}
					if errors.Is(err, errMissed) && n < attempts-1 {
						t.Log(err)
						current = r.body(t, current, next)
						l.check(t)
						continue
					}
					if err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
					if isLive(step) {
						current = r.body(t, next)
					} else {
						current = r.body(t, current)
					}
					l.want(current)
					r.body(t, current)
					if op.name == "releases:rollback" {
						mark, err := in.command("dokku", "config:get", "app", "MARK").Output()
						undone := strings.TrimSpace(string(mark)) == fmt.Sprint(number)
						if err != nil && !isLive(step) || undone == isLive(step) {
							t.Errorf("the config of %q after a rollback that was killed at %s: %v", mark, step, err)
						}
					}
					l.check(t)
					return
				}
			})
		}
	}
	number++
	r.commit(t, fmt.Sprint(number))
	l.want(current, fmt.Sprint(number))
	if err := run(r.push()); err != nil {
		t.Error("the next push: ", err)
	}
	r.body(t, fmt.Sprint(number))
	l.check(t)
}

// A deploy that is killed while a task of app.json runs leaves no container.
func TestKilledDuringAPredeployTask(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "blog")
	files := map[string]string{
		"Dockerfile": "FROM busybox:stable\nCOPY testapp version /\nCMD [\"/testapp\"]\n",
		"app.json":   `{"scripts": {"dokku": {"predeploy": "echo it runs; sleep 1000"}}, "formation": {"web": {"quantity": 3}}}`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.commit(t, "one")
	cmd := r.push()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := await(30*time.Second, func() (bool, error) {
		names, err := in.containers(false, "label=dokku_phase_script=predeploy")
		return len(names) == 1, err
	}); err != nil {
		t.Fatal("the task does not run: ", err)
	}
	in.stop("serve", syscall.SIGKILL)
	cmd.Wait()
	r.restarted(t, 0)
	names, err := in.containers(true)
	if err != nil || len(names) > 0 {
		t.Errorf("left over: %v %v", names, err)
	}
	scale, err := in.command("dokku", "ps:scale", "blog").Output()
	if err != nil || strings.Contains(string(scale), "3") {
		t.Errorf("the scale of a deploy that was undone: %s %v", scale, err)
	}
}
