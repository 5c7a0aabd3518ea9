package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/internal/authkeys"
)

// installation is one Slipway with folders, ports and containers of its own.
type installation struct {
	dir      string // below which everything is
	bin      string // of the programs
	instance string
	ssh      int
	http     int
	https    int
	procs    map[string]*exec.Cmd // "serve", "proxy"
}

const startWithin = 30 * time.Second

// install makes an installation below dir and starts it.
func install(ctx context.Context, dir, bin string) (*installation, error) {
	in := &installation{dir: dir, bin: bin, instance: "bench-" + strconv.Itoa(os.Getpid()), procs: map[string]*exec.Cmd{}}
	for _, p := range []*int{&in.ssh, &in.http, &in.https} {
		var err error
		if *p, err = freePort(); err != nil {
			return nil, err
		}
	}
	if err := in.makeKey(ctx); err != nil {
		return nil, err
	}
	for _, name := range []string{"proxy", "serve"} {
		if _, err := in.start(ctx, name); err != nil {
			return in, err
		}
	}
	return in, in.dokku(ctx, "domains:set-global", "bench.localhost")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (in *installation) home() string   { return filepath.Join(in.dir, "home") }
func (in *installation) lib() string    { return filepath.Join(in.dir, "lib") }
func (in *installation) key() string    { return filepath.Join(in.dir, "key") }
func (in *installation) socket() string { return filepath.Join(in.dir, "slipwayd.sock") }

// makeKey makes a key and puts it into authorized_keys.
func (in *installation) makeKey(ctx context.Context) error {
	if err := run(exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", in.key())); err != nil {
		return err
	}
	public, err := os.ReadFile(in.key() + ".pub")
	if err != nil {
		return err
	}
	line, err := authkeys.NewLine("admin", string(public), in.home(), "")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(in.home(), ".ssh"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(in.home(), ".ssh", "authorized_keys"), []byte(authkeys.Format([]authkeys.Line{line})), 0o600)
}

func (in *installation) env() []string {
	return append(os.Environ(),
		"DOKKU_ROOT="+in.home(), "DOKKU_LIB_ROOT="+in.lib(), "SLIPWAY_SOCKET="+in.socket(),
		"SLIPWAY_LISTEN=127.0.0.1", "SLIPWAY_INSTANCE="+in.instance,
		"SLIPWAY_SSH_PORT="+strconv.Itoa(in.ssh), "SLIPWAY_HTTP_PORT="+strconv.Itoa(in.http), "SLIPWAY_HTTPS_PORT="+strconv.Itoa(in.https),
		"GIT_SSH_COMMAND="+strings.Join(in.sshArgv(in.ssh), " "),
		"GIT_AUTHOR_NAME=bench", "GIT_AUTHOR_EMAIL=bench@localhost", "GIT_COMMITTER_NAME=bench", "GIT_COMMITTER_EMAIL=bench@localhost",
	)
}

// sshArgv is the stock ssh client with nothing but our key.
func (in *installation) sshArgv(port int) []string {
	return []string{
		"ssh", "-F", "none", "-p", strconv.Itoa(port), "-i", in.key(), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
	}
}

func (in *installation) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = in.env()
	cmd.Dir = in.dir
	return cmd
}

// dokku runs a command through the local client.
func (in *installation) dokku(ctx context.Context, args ...string) error {
	return run(in.command(ctx, filepath.Join(in.bin, "slipway"), args...))
}

func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// start starts "serve" or "proxy" and returns how long it took to answer.
func (in *installation) start(ctx context.Context, name string) (time.Duration, error) {
	log, err := os.OpenFile(filepath.Join(in.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	cmd := in.command(context.WithoutCancel(ctx), filepath.Join(in.bin, "slipwayd"), name)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	in.procs[name] = cmd
	for time.Since(begin) < startWithin {
		var err error
		if name == "serve" {
			err = dial("unix", in.socket())
		} else {
			err = dial("tcp", in.address())
		}
		if err == nil {
			return time.Since(begin), nil
		}
		time.Sleep(time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	return 0, fmt.Errorf("slipwayd %s does not answer:\n%s", name, text)
}

func dial(network, addr string) error {
	c, err := net.Dial(network, addr)
	if err != nil {
		return err
	}
	return c.Close()
}

// address is the data plane's, for HTTP.
func (in *installation) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(in.http)) }

// stop ends "serve" or "proxy".
func (in *installation) stop(name string) error {
	cmd := in.procs[name]
	if cmd == nil {
		return nil
	}
	delete(in.procs, name)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.AfterFunc(startWithin, func() { _ = cmd.Process.Kill() }) // fails when it has ended
	defer timer.Stop()
	return cmd.Wait()
}

// remove stops everything and takes it away, images and containers too.
func (in *installation) remove() error {
	errs := []error{in.stop("serve"), in.stop("proxy")}
	label := "label=com.slipway.instance=" + in.instance
	for _, kind := range []struct{ list, remove []string }{
		{[]string{"ps", "-aq"}, []string{"rm", "-fv"}},
		{[]string{"images", "-q"}, []string{"rmi", "-f"}},
	} {
		out, err := exec.Command("docker", append(kind.list, "--filter", label)...).Output()
		errs = append(errs, err)
		if ids := strings.Fields(string(out)); len(ids) > 0 {
			errs = append(errs, run(exec.Command("docker", append(kind.remove, unique(ids)...)...)))
		}
	}
	return errors.Join(errs...)
}

func unique(ids []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
