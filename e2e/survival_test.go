package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childOf finds the process of our program that was started with an argument
// by a process.
func childOf(parent int, argument string) (int, error) {
	var children []byte
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		b, _ := os.ReadFile(stat)
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(parent) {
			children = append(children, filepath.Base(filepath.Dir(stat))+" "...)
		}
	}
	for pid := range strings.FieldsSeq(string(children)) {
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		if slices.Contains(strings.Split(string(line), "\x00"), argument) {
			return strconv.Atoi(pid)
		}
	}
	return 0, fmt.Errorf("process %d has no child %s", parent, argument)
}

// kill -9 of the proxy under `slipwayd up`: it is back within a second with
// the routes that it had, and without the control plane.
func TestProxyIsBackAfterAKill(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	r := newRepository(t, in, "blog")
	r.commit(t, "one")
	if err := run(r.push()); err != nil {
		t.Fatal(err)
	}
	in.stop("serve", syscall.SIGTERM)
	in.stop("proxy", syscall.SIGTERM)
	if err := in.start("up"); err != nil {
		t.Fatal(err)
	}
	defer in.stop("up", syscall.SIGTERM)
	r.body(t, "one")

	up := in.procs["up"].Process.Pid
	for n := range 3 {
		proxy, err := childOf(up, "proxy")
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 { // the control plane is dead while the proxy comes back
			serve, err := childOf(up, "serve")
			if err != nil {
				t.Fatal(err)
			}
			syscall.Kill(serve, syscall.SIGKILL)
		}
		start := time.Now()
		syscall.Kill(proxy, syscall.SIGKILL)
		for {
			if status, body, err := in.get(t.Context(), r.host(), "/"); err == nil && (status != 200 || strings.TrimSpace(body) != "one") {
				t.Fatalf("answer %d %q while the proxy starts", status, body)
			} else if now, childErr := childOf(up, "proxy"); err == nil && childErr == nil && now != proxy {
				break
			}
			if time.Since(start) > 20*time.Second {
				t.Fatal("the proxy does not come back")
			}
			time.Sleep(2 * time.Millisecond)
		}
		took := time.Since(start)
		t.Logf("back after %s", took)
		if n == 0 && took > time.Second {
			t.Errorf("the proxy was away for %s, at most 1 s is allowed", took)
		}
	}
	if err := await(10*time.Second, func() (bool, error) { return in.dokku("version") == nil, nil }); err != nil {
		t.Error("the control plane is not back: ", err)
	}
}

// A reboot: all containers end, both processes too. Everything comes back
// with its scale, and routes lead to the right containers although their
// addresses are others.
func TestReboot(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	var repos []repository
	for _, app := range []string{"one", "two", "three"} {
		r := newRepository(t, in, app)
		r.commit(t, app)
		if err := run(r.push()); err != nil {
			t.Fatal(err)
		}
		repos = append(repos, r)
	}
	if err := errors.Join(in.dokku("ps:scale", "two", "web=3"), in.dokku("ps:stop", "three")); err != nil {
		t.Fatal(err)
	}
	in.stop("serve", syscall.SIGKILL)
	in.stop("proxy", syscall.SIGKILL)
	names, err := in.containers(false)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if err := run(exec.Command("docker", append([]string{"kill"}, names...)...)); err != nil {
		t.Fatal(err)
	}
	// Some are up before us, in another order: addresses are swapped.
	slices.Reverse(names)
	if err := run(exec.Command("docker", append([]string{"start"}, names[:2]...)...)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"proxy", "serve"} {
		if err := in.start(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(in.awaitRunning("one", "web", 1), in.awaitRunning("two", "web", 3), in.awaitRunning("three", "web", 0)); err != nil {
		t.Error(err)
	}
	repos[0].body(t, "one")
	repos[1].body(t, "two")
	if status, _, err := in.get(t.Context(), repos[2].host(), "/"); err != nil || status != 503 {
		t.Errorf("the stopped app answers %d %v", status, err)
	}

	// Under us, one container after the other ends and starts elsewhere: an
	// answer is never that of another app.
	loads := []*load{in.startLoad(repos[0].host(), "/", "one"), in.startLoad(repos[1].host(), "/", "two")}
	for range 2 {
		if err := run(exec.Command("docker", append([]string{"kill"}, names...)...)); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(names)
		for _, n := range names {
			if err := run(exec.Command("docker", "start", n)); err != nil {
				t.Fatal(err)
			}
		}
		repos[0].body(t, "one")
		repos[1].body(t, "two")
	}
	for n, l := range loads {
		l.stop()
		for _, f := range l.failed {
			if strings.Contains(f, `"`+[]string{"two", "one"}[n]) {
				t.Errorf("another app answered: %s", f)
			}
		}
	}
	if err := errors.Join(in.awaitRunning("one", "web", 1), in.awaitRunning("two", "web", 3)); err != nil {
		t.Error(err)
	}
	// A container that is removed is put back.
	if err := run(exec.Command("docker", "rm", "-f", in.instance+"-two.web.2")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(in.awaitRunning("two", "web", 3), in.tidy("two")); err != nil {
		t.Error(err)
	}
	repos[1].body(t, "two")
}

// fullDisk puts the state on a file system of its own that can be filled.
func fullDisk(t *testing.T, in *installation) (fill, free func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	for _, name := range []string{"lib", "home"} {
		dir := filepath.Join(in.dir, name)
		aside := dir + ".before"
		if err := errors.Join(os.Rename(dir, aside), os.Mkdir(dir, 0o755),
			run(exec.Command("mount", "-t", "tmpfs", "-o", "size=64m,mode=0755", "slipway-e2e", dir))); err != nil {
			t.Skip("no file system can be mounted here: ", err)
		}
		t.Cleanup(func() { run(exec.Command("umount", "-l", dir)) })
		if err := run(exec.Command("cp", "-a", aside+"/.", dir)); err != nil {
			t.Fatal(err)
		}
	}
	filler := func(name string) string { return filepath.Join(in.dir, name, "filler") }
	fill = func() {
		for _, name := range []string{"lib", "home"} {
			run(exec.Command("dd", "if=/dev/zero", "of="+filler(name), "bs=1M"))
			run(exec.Command("dd", "if=/dev/zero", "of="+filler(name), "bs=1", "oflag=append", "conv=notrunc", "count=8192"))
		}
	}
	return fill, func() {
		for _, name := range []string{"lib", "home"} {
			os.Remove(filler(name))
		}
	}
}

// stateOf is everything that is known of an app, as text.
func stateOf(t *testing.T, in *installation, app string) string {
	t.Helper()
	var all strings.Builder
	for _, args := range [][]string{{"apps:list"}, {"config:export", app}, {"domains:report", app}, {"ps:scale", app}, {"ports:report", app}, {"releases", app}, {"git:report", app}} {
		out, err := in.command("dokku", args...).CombinedOutput()
		if err != nil {
			t.Errorf("dokku %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		all.Write(out)
	}
	return all.String()
}

// writes are commands that change state, and a push.
func writes(r repository) map[string]*exec.Cmd {
	all := map[string]*exec.Cmd{"push": r.push()}
	for _, line := range []string{
		"apps:create other", "config:set --no-restart blog BIG=" + strings.Repeat("x", 1<<16), "domains:add blog www.example.com", "ps:scale blog web=2",
		"ports:set blog http:80:7000", "git:set blog deploy-branch other", "ps:restart blog", "releases:rollback blog 1",
	} {
		all[strings.Fields(line)[0]] = r.in.command("dokku", strings.Fields(line)...)
	}
	return all
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	in.stop("serve", syscall.SIGTERM)
	in.stop("proxy", syscall.SIGTERM)
	fill, free := fullDisk(t, in)
	for _, name := range []string{"serve", "proxy"} {
		if err := in.start(name); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, in, fill, free, "no space left on device")
}

// refused asserts that commands fail with the reason while nothing can be
// written, that nothing is changed then, and that all is well again after.
func refused(t *testing.T, in *installation, spoil, repair func(), reason string) {
	t.Helper()
	r := newRepository(t, in, "blog")
	for _, version := range []string{"zero", "one"} {
		r.commit(t, version)
		if err := run(r.push()); err != nil {
			t.Fatal(err)
		}
	}
	r.body(t, "one")
	if err := in.tidy("blog"); err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, in, "blog")
	l := in.startLoad(r.host(), "/", "one")
	defer l.stop()
	r.commit(t, "two")
	spoil()
	defer repair()
	for name, cmd := range writes(r) {
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%s succeeded although nothing can be written:\n%s", name, out)
		} else if text := strings.ToLower(string(out)); !strings.Contains(text, reason) && !strings.Contains(text, "unable to create temporary object directory") {
			t.Errorf("%s does not say why it fails:\n%s", name, out)
		}
	}
	if after := stateOf(t, in, "blog"); after != before {
		t.Errorf("the state is another:\n%s\nbefore:\n%s", after, before)
	}
	l.check(t)
	repair()
	if after := stateOf(t, in, "blog"); after != before {
		t.Errorf("the state after the repair is another:\n%s\nbefore:\n%s", after, before)
	}
	// A restart finds all as it was.
	in.stop("serve", syscall.SIGKILL)
	r.restarted(t, 1)
	l.check(t)
	l.want("one", "two")
	if err := run(r.push()); err != nil {
		t.Error(err)
	}
	r.body(t, "two")
	l.check(t)
}

func TestUnwritableState(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	in := newInstallation(t)
	mounted := []string{}
	refused(t, in, func() {
		for _, name := range []string{"lib", "home"} {
			dir := filepath.Join(in.dir, name)
			if err := errors.Join(run(exec.Command("mount", "--bind", dir, dir)), run(exec.Command("mount", "-o", "remount,ro,bind", dir))); err != nil {
				t.Skip("no file system can be mounted here: ", err)
			}
			mounted = append(mounted, dir)
		}
	}, func() {
		for _, dir := range mounted {
			run(exec.Command("umount", "-l", dir))
		}
		mounted = nil
	}, "read-only file system")
}
