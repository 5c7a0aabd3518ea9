package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// machine is a machine of a test's own, for what changes /usr/bin, crontabs and who has port 80: a copy of this one's files
// (copy-on-write, gone with the test) with a network and a Docker engine of its own. Its processes are processes of this one.
type machine struct {
	dir    string // of files that it shares with this one, at the same path
	init   string // systemd, or "" for none
	root   string // where its files are seen from here
	holder *exec.Cmd
	engine *dockerd
}

// makeMachine lays the files and keeps the namespaces open. It is given what the machine's init is, its folder and those that
// both share. What a Dokku or a Slipway of this machine has is not in the copy.
const makeMachine = `set -e
mount --make-rprivate /
init=$1 dir=$2; shift 2
mount -t tmpfs -o mode=755 machine "$dir/cow"
mkdir "$dir/cow/upper" "$dir/cow/work" "$dir/cow/root"
mount -t overlay -o "lowerdir=/,upperdir=$dir/cow/upper,workdir=$dir/cow/work" machine "$dir/cow/root"
cd "$dir/cow/root"
rm -rf home/dokku var/lib/dokku var/log/dokku var/spool/cron etc/default/slipway etc/default/dokku etc/cron.d
rm -f usr/bin/dokku usr/local/bin/dokku usr/local/bin/slipway usr/local/bin/slipwayd
mkdir -p var/lib/docker etc/cron.d var/spool/cron/crontabs
mount -t proc proc proc
mount -t sysfs sysfs sys
if [ "$init" != systemd ]; then
	mount --rbind /sys/fs/cgroup sys/fs/cgroup
elif [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	mount -t cgroup2 cgroup2 sys/fs/cgroup
else
	mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
	for old in /sys/fs/cgroup/*; do
		if [ -L "$old" ] || [ ! -e "$old/cgroup.procs" ]; then continue; fi
		name=${old##*/}
		mkdir "sys/fs/cgroup/$name"
		case $name in
		unified) mount -t cgroup2 cgroup2 sys/fs/cgroup/unified ;;
		systemd) mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd ;;
		*) mount -t cgroup -o "$name" cgroup "sys/fs/cgroup/$name" ;;
		esac
	done
fi
mount --rbind /dev dev
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount --bind "$dir/docker" var/lib/docker
for shared; do mkdir -p "./$shared"; mount --bind "$shared" "./$shared"; done
sed -i '/^dokku:/d' etc/passwd etc/group
echo 'dokku:x:` + dokkuID + `:` + dokkuID + `:Dokku:/home/dokku:/bin/bash' >>etc/passwd
echo 'dokku:x:` + dokkuID + `:' >>etc/group
ip link set lo up
mkdir .before
pivot_root . .before
umount -l .before
if [ "$init" = systemd ]; then
	rm -rf lib/systemd/system/*.wants lib/systemd/system-generators lib/systemd/system/docker.* etc/systemd/system/* etc/fstab
	echo ready
	container=e2e exec lib/systemd/systemd --system --unit=multi-user.target --default-standard-output=null --show-status=no
fi
echo ready
exec sleep infinity
`

// inOwnCgroup runs a command in cgroups of its own, of the name that it is given, as the root of all that the command sees:
// systemd takes what it finds there. Source of the format: cgroups(7), /proc/self/cgroup.
const inOwnCgroup = `set -e
name=$1; shift
while IFS=: read -r _ controllers path; do
	case $controllers in
	'') dir=/sys/fs/cgroup/unified; [ -d "$dir" ] || dir=/sys/fs/cgroup ;;
	*) dir=/sys/fs/cgroup/${controllers#name=} ;;
	esac
	if [ ! -e "$dir/cgroup.procs" ]; then continue; fi
	dir=$dir$path/$name
	mkdir "$dir"
	for file in cpuset.cpus cpuset.mems; do
		if [ -e "$dir/$file" ]; then cat "$dir/../$file" >"$dir/$file"; fi
	done
	echo 0 >"$dir/cgroup.procs"
done </proc/self/cgroup
exec unshare --cgroup "$@"
`

// dokkuID is the user and the group dokku of a machine.
const dokkuID = "20200"

// newMachine makes a machine with our programs installed and none of them running. Where that is not possible the test is
// skipped.
func newMachine(t *testing.T, init string) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a machine of its own needs root")
	}
	dir, err := os.MkdirTemp("", "swm")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{dir: filepath.Join(dir, "shared"), init: init}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"cow", "docker", "shared", "shared/keys"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	argv := []string{"sh", "-c", makeMachine, "machine", init, dir, m.dir, keys}
	flags := uintptr(syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC)
	if init == "systemd" {
		argv, flags = append([]string{"sh", "-c", inOwnCgroup, "cgroup", m.cgroup(t)}, argv...), flags|syscall.CLONE_NEWPID|syscall.CLONE_NEWUTS
	}
	m.holder = exec.Command(argv[0], argv[1:]...)
	m.holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Setpgid: true}
	var complaint strings.Builder
	m.holder.Stderr = &complaint
	ready, err := m.holder.StdoutPipe()
	if err == nil {
		err = m.holder.Start()
	}
	if err != nil {
		t.Skip("no namespaces can be made here: ", err)
	}
	t.Cleanup(func() {
		m.holder.Process.Kill()
		m.holder.Wait()
	})
	if n, err := ready.Read(make([]byte, 6)); n < 5 {
		m.holder.Wait()
		t.Skipf("no machine can be made here: %v %s", err, complaint.String())
	}
	m.root = "/proc/" + strconv.Itoa(m.holder.Process.Pid) + "/root"
	if init == "systemd" {
		if err := await(20*time.Second, func() (bool, error) {
			return m.command("systemctl", "is-active", "--quiet", "multi-user.target").Run() == nil, nil
		}); err != nil {
			t.Skip("systemd does not run on a machine of its own: ", err)
		}
	}
	for _, name := range []string{"slipway", "slipwayd"} {
		if err := run(exec.Command("cp", "-L", filepath.Join(binaries, name), m.path("/usr/local/bin/"))); err != nil {
			t.Fatal(err)
		}
	}
	m.startEngine(t)
	return m
}

// cgroup is the name of the cgroups of a machine with systemd, which go with the test.
func (m *machine) cgroup(t *testing.T) string {
	t.Helper()
	name := "slipway-" + filepath.Base(filepath.Dir(m.dir))
	t.Cleanup(func() {
		exec.Command("find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", "*/"+name+"*", "-exec", "rmdir", "{}", ";").Run()
	})
	return name
}

func (m *machine) startEngine(t *testing.T) {
	t.Helper()
	for _, args := range []string{"link add docker0 type bridge", "addr add 10.214.0.1/24 dev docker0", "link set docker0 up"} {
		if err := run(m.command("ip", strings.Fields(args)...)); err != nil {
			t.Skip("no bridge can be made here: ", err)
		}
	}
	engine := filepath.Join(m.dir, "engine")
	if err := os.Mkdir(engine, 0o755); err != nil {
		t.Fatal(err)
	}
	m.engine = &dockerd{dir: engine, bridge: "docker0", host: "unix:///run/docker.sock", machine: m}
	if err := m.engine.start(); err != nil {
		t.Skip("no engine runs on a machine of its own: ", err)
	}
	t.Cleanup(func() { m.engine.stop(syscall.SIGTERM) })
}

// path is where a file of the machine is seen from here.
func (m *machine) path(path string) string { return m.root + path }

// command is a command on the machine, in its root folder. Without systemd its process has the same id here.
func (m *machine) command(name string, args ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(m.holder.Process.Pid), "--mount", "--net", "--ipc", "--root"}
	if m.init == "systemd" {
		enter = append(enter, "--pid", "--cgroup", "--uts")
	}
	return exec.Command("nsenter", append(append(enter, "--", name), args...)...)
}

// dial connects to the machine from itself, whatever host names the address has.
func (m *machine) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	there, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", m.holder.Process.Pid))
	if err != nil {
		return nil, err
	}
	defer there.Close()
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer here.Close()
	runtime.LockOSThread()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, errors.Join(err, errors.New("the thread is left locked"))
	}
	var d net.Dialer
	conn, err = d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if back := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); back != nil {
		return nil, errors.Join(err, back) // the thread stays locked, and ends with its goroutine
	}
	runtime.UnlockOSThread()
	return conn, err
}

// installation is the Slipway of the machine, with no settings but the port of its SSH server. Nothing of it runs.
func (m *machine) installation(t *testing.T) *installation {
	t.Helper()
	in := &installation{dir: m.dir, machine: m, sshPort: 22, httpPort: 80, tlsPort: 443, procs: map[string]*exec.Cmd{}, ended: map[string]chan struct{}{}}
	if err := errors.Join(os.Symlink(m.path("/home/dokku"), filepath.Join(in.dir, "home")), os.Symlink(m.path("/var/lib/dokku"), filepath.Join(in.dir, "lib"))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.stop("up", syscall.SIGTERM)
		if t.Failed() {
			t.Log(in.logs())
		}
	})
	return in
}

// env is the environment of the installation's processes, and of those who call it.
func (m *machine) env(in *installation) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "SLIPWAY_SSH_PORT=22", "SLIPWAY_DEBUG=1",
		"GIT_SSH_COMMAND=" + in.sshCommand("admin"), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		"GIT_AUTHOR_NAME=e2e", "GIT_AUTHOR_EMAIL=e2e@localhost", "GIT_COMMITTER_NAME=e2e", "GIT_COMMITTER_EMAIL=e2e@localhost",
	}
}

// awaitEnd waits for a process that has been told to end.
func awaitEnd(cmd *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(20 * time.Second):
		return errors.New("it does not end")
	}
}
