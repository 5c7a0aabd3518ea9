package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dockerd is an engine of a test's own, on a bridge of its own, that can be
// restarted without disturbing anybody.
type dockerd struct {
	dir, bridge, host string
	machine           *machine // that it runs on; nil: this one
	cmd               *exec.Cmd
	ended             chan struct{}
}

// newDockerd makes the bridge and starts the engine. Where that is not
// possible the test is skipped.
func newDockerd(t *testing.T) *dockerd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("an engine of its own needs root")
	}
	dir, err := os.MkdirTemp("", "swd")
	if err != nil {
		t.Fatal(err)
	}
	d := &dockerd{dir: dir, bridge: "swe2e" + fmt.Sprint(time.Now().UnixNano()%10000), host: "unix://" + filepath.Join(dir, "docker.sock")}
	t.Cleanup(func() { os.RemoveAll(dir) })
	network := fmt.Sprintf("10.213.%d.1/24", time.Now().UnixNano()%250)
	for _, args := range [][]string{{"link", "add", d.bridge, "type", "bridge"}, {"addr", "add", network, "dev", d.bridge}, {"link", "set", d.bridge, "up"}} {
		if err := run(exec.Command("ip", args...)); err != nil {
			t.Skip("no bridge can be made here: ", err)
		}
	}
	t.Cleanup(func() { run(exec.Command("ip", "link", "del", d.bridge)) })
	if err := d.start(); err != nil {
		t.Skip("no second engine runs here: ", err)
	}
	t.Cleanup(func() { d.stop(syscall.SIGTERM) })
	return d
}

func (d *dockerd) start() error {
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = d.command("dockerd", "--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"),
		"--pidfile", filepath.Join(d.dir, "pid"), "--host", d.host, "--bridge", d.bridge,
		"--iptables=false", "--ip-masq=false", "--ip-forward=false", "--userland-proxy=false")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	d.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) { cmd.Wait(); close(ended) }(d.cmd, d.ended)
	err = await(30*time.Second, func() (bool, error) {
		select {
		case <-d.ended:
			b, _ := os.ReadFile(log.Name())
			return false, fmt.Errorf("dockerd ended: %s", b[max(0, len(b)-500):])
		default:
			return d.command("docker", "--host", d.host, "version").Run() == nil, nil
		}
	})
	if err != nil {
		d.stop(syscall.SIGTERM)
	}
	return err
}

func (d *dockerd) command(name string, args ...string) *exec.Cmd {
	if d.machine != nil {
		return d.machine.command(name, args...)
	}
	return exec.Command(name, args...)
}

func (d *dockerd) stop(sig syscall.Signal) {
	syscall.Kill(d.cmd.Process.Pid, sig)
	select {
	case <-d.ended:
	case <-time.After(30 * time.Second):
		syscall.Kill(d.cmd.Process.Pid, syscall.SIGKILL)
		<-d.ended
	}
}

// The engine restarts: all apps come back with their scale, routed to the
// right containers, without a command. (After a kill -9 an engine with a
// containerd of its own does not start again by itself, so that is not tested.)
func TestEngineRestarts(t *testing.T) {
	t.Parallel()
	d := newDockerd(t)
	in := newInstallationOn(t, d)
	var repos []repository
	for _, app := range []string{"one", "two"} {
		r := newRepository(t, in, app)
		r.commit(t, app)
		if err := run(r.push()); err != nil {
			t.Fatal(err)
		}
		r.body(t, app)
		repos = append(repos, r)
	}
	if err := in.dokku("ps:scale", "two", "web=3"); err != nil {
		t.Fatal(err)
	}
	l := in.startLoad(repos[0].host(), "/", "one")
	defer l.stop()
	for n := range 2 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			d.stop(syscall.SIGTERM)
			if err := in.dokku("ps:restart", "one"); err == nil || !strings.Contains(err.Error(), "cannot reach the Docker engine") {
				t.Errorf("a command without the engine: %v", err)
			}
			if err := d.start(); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := errors.Join(in.awaitRunning("one", "web", 1), in.awaitRunning("two", "web", 3)); err != nil {
				t.Error(err)
			}
			repos[0].body(t, "one")
			repos[1].body(t, "two")
			t.Logf("all is back %s after the engine", time.Since(start))
			if err := errors.Join(in.tidy("one"), in.tidy("two")); err != nil {
				t.Error(err)
			}
		})
	}
	l.mu.Lock()
	for _, f := range l.failed {
		if strings.Contains(f, `"two`) {
			t.Errorf("another app answered: %s", f)
		}
	}
	l.mu.Unlock()
	repos[0].commit(t, "one again")
	l.want("one", "one again")
	if err := run(repos[0].push()); err != nil {
		t.Error(err)
	}
	repos[0].body(t, "one again")
}

// newInstallationOn is newInstallation with an engine of its own.
func newInstallationOn(t *testing.T, d *dockerd) *installation {
	t.Helper()
	dir, err := os.MkdirTemp("", "sw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	in, err := prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	in.engine = d.host
	t.Cleanup(func() {
		in.stop("serve", syscall.SIGTERM)
		in.stop("proxy", syscall.SIGTERM)
		if t.Failed() {
			t.Log(in.logs())
		}
	})
	if err := errors.Join(in.start("serve"), in.start("proxy"), in.dokku("domains:set-global", "e2e.localhost")); err != nil {
		t.Fatal(err)
	}
	return in
}

// joinContainers lets the engine's containers reach each other where the machine's own engine has set the kernel to drop
// what goes over bridges that it does not know.
func (d *dockerd) joinContainers(t *testing.T) {
	t.Helper()
	rule := []string{"FORWARD", "-i", d.bridge, "-o", d.bridge, "-j", "ACCEPT"}
	if exec.Command("iptables", append([]string{"-I"}, rule...)...).Run() != nil {
		return // no iptables, and then no rule of others either
	}
	t.Cleanup(func() { run(exec.Command("iptables", append([]string{"-D"}, rule...)...)) })
}

// The engine restarts: an app that a plugin has linked to a service of its own comes back, and reaches it.
func TestEngineRestartsWithALinkedService(t *testing.T) {
	t.Parallel()
	d := newDockerd(t)
	in := newInstallationOn(t, d)
	d.joinContainers(t)
	image := filepath.Join(d.dir, "busybox.tar")
	if err := errors.Join(run(exec.Command("docker", "save", "--output", image, "busybox:stable")),
		run(exec.Command("docker", "--host", d.host, "load", "--input", image))); err != nil {
		t.Fatal(err)
	}
	shelf, err := filepath.Abs("testdata/plugins/shelf")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(in.dokku("plugin:install", shelf), in.dokku("shelf:create", "books"), in.dokku("apps:create", "reader"),
		in.dokku("shelf:link", "books", "reader")); err != nil {
		t.Fatal(err)
	}
	r := newRepository(t, in, "reader")
	dockerfile := "FROM busybox:stable\nCOPY testapp version /\nCMD [\"/testapp\"]\n"
	if err := os.WriteFile(filepath.Join(r.dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	r.commit(t, "one")
	if err := run(r.push()); err != nil {
		t.Fatal(err)
	}
	reads := func() (string, error) {
		out, err := in.command("dokku", "enter", "reader", "web", "sh", "-c", `wget -qO- "$SHELF_URL"`).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	write := in.command("dokku", "shelf:import", "books")
	write.Stdin = strings.NewReader("Emma")
	if err := run(write); err != nil {
		t.Fatal(err)
	}
	if got, err := reads(); err != nil || !strings.HasSuffix(got, "Emma") {
		t.Fatalf("%q %v", got, err)
	}
	d.stop(syscall.SIGTERM)
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
	r.body(t, "one")
	var got string
	if err := await(30*time.Second, func() (bool, error) {
		got, _ = reads() // fails until the container is back
		return strings.HasSuffix(got, "Emma"), nil
	}); err != nil {
		t.Errorf("%v: the app reads %q", err, got)
	}
	if err := in.dokku("ps:restart", "reader"); err != nil {
		t.Error(err)
	}
	if got, err := reads(); err != nil || !strings.HasSuffix(got, "Emma") {
		t.Errorf("after ps:restart: %q %v", got, err)
	}
}
