package migrate

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// commandTime is how long a command of the host, such as systemctl, may take.
const commandTime = 2 * time.Minute

// machine is the host: the places where Dokku's own parts are, and the commands that stop and start them.
type machine struct {
	root   string // "/", or a folder that stands for it in tests
	binDir string // where our own programs are
	// exec runs a command and gives what it prints.
	exec func(ctx context.Context, argv ...string) (string, error)
}

// thisMachine is the one that we run on.
func thisMachine(binDir string) machine {
	return machine{root: "/", binDir: binDir, exec: func(ctx context.Context, argv ...string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, commandTime)
		defer cancel()
		out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput() //nolint:gosec // names of units come from the constants below
		text := strings.TrimSpace(string(out))
		if err != nil {
			return text, fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, text)
		}
		return text, nil
	}}
}

func (m machine) run(ctx context.Context, argv ...string) error {
	_, err := m.exec(ctx, argv...)
	return err
}

func (m machine) path(elem ...string) string {
	return filepath.Join(append([]string{m.root}, elem...)...)
}

// systemd tells whether systemd runs here; sd_booted(3).
func (m machine) systemd() bool {
	_, err := os.Stat(m.path("run", "systemd", "system"))
	return err == nil
}

// unitDirs are where systemd finds units, the ones of the operator first.
var unitDirs = []string{"etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"}

func (m machine) hasUnit(name string) bool {
	for _, dir := range unitDirs {
		if _, err := os.Stat(m.path(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// enabled tells whether a unit starts with the machine by itself. One without [Install] is static: there is nothing to disable
// about it. Source: systemctl(1), is-enabled.
func (m machine) enabled(ctx context.Context, unit string) bool {
	state, err := m.exec(ctx, "systemctl", "is-enabled", unit)
	return err == nil && strings.HasPrefix(state, "enabled")
}

func (m machine) active(ctx context.Context, unit string) bool {
	return m.run(ctx, "systemctl", "is-active", "--quiet", unit) == nil
}

// listener is a process that listens on a TCP port.
type listener struct {
	port int
	pid  int    // 0 when it cannot be seen
	name string // of its program, such as nginx
}

// listenState is TCP_LISTEN in /proc/net/tcp.
const listenState = "0A"

// listeners lists who listens on the ports. Source of the format: proc(5), /proc/net/tcp.
func (m machine) listeners(ports ...int) ([]listener, error) {
	inodes := map[string]int{} // of sockets, to their port
	for _, file := range []string{"tcp", "tcp6"} {
		f, err := os.Open(m.path("proc", "net", file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if port, inode, ok := parseSocket(lines.Text()); ok {
				for _, p := range ports {
					if p == port {
						inodes[inode] = port
					}
				}
			}
		}
		f.Close()
	}
	if len(inodes) == 0 {
		return nil, nil
	}
	found := map[int]listener{}
	for _, port := range inodes {
		found[port] = listener{port: port, name: "a process that cannot be seen"}
	}
	processes, err := filepath.Glob(m.path("proc", "[0-9]*", "fd", "*"))
	if err != nil {
		return nil, err
	}
	for _, fd := range processes {
		target, err := os.Readlink(fd)
		if err != nil {
			continue // it ended meanwhile
		}
		inode, isSocket := strings.CutPrefix(target, "socket:[")
		port, wanted := inodes[strings.TrimSuffix(inode, "]")]
		if !isSocket || !wanted || found[port].pid != 0 {
			continue
		}
		process := filepath.Dir(filepath.Dir(fd))
		pid, _ := strconv.Atoi(filepath.Base(process))
		name, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			continue
		}
		found[port] = listener{port: port, pid: pid, name: strings.TrimSpace(string(name))}
	}
	var all []listener
	for _, port := range ports {
		if l, ok := found[port]; ok {
			all = append(all, l)
		}
	}
	return all, nil
}

// parseSocket reads a line of /proc/net/tcp; ok is false for one that does not listen.
func parseSocket(line string) (port int, inode string, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 10 || fields[3] != listenState {
		return 0, "", false
	}
	_, hexPort, found := strings.Cut(fields[1], ":")
	b, err := hex.DecodeString(hexPort)
	if !found || err != nil || len(b) != 2 {
		return 0, "", false
	}
	return int(b[0])<<8 | int(b[1]), fields[9], true
}
