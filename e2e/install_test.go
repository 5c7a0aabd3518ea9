// Package e2e tests the whole program: real binaries, real Docker, real git
// and ssh. Each script in testdata gets an installation of its own.
package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/internal/authkeys"
)

// What TestMain makes once for all tests.
var (
	binaries string // folder of the built programs
	keys     string // folder of the ssh keys admin, user and stranger
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "slipway-e2e-")
	if err == nil {
		binaries, keys = filepath.Join(dir, "bin"), filepath.Join(dir, "keys")
		err = errors.Join(buildBinaries(), makeKeys())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot prepare the tests:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// buildBinaries builds our programs and the app that the tests deploy. With
// SLIPWAY_E2E_BIN the programs of that folder are tested.
func buildBinaries() error {
	if err := os.Mkdir(binaries, 0o755); err != nil {
		return err
	}
	built := os.Getenv("SLIPWAY_E2E_BIN")
	what := []string{"./testapp"}
	if built == "" {
		what = append(what, "../cmd/slipway", "../cmd/slipwayd")
	}
	cmd := exec.Command("go", append([]string{"build", "-tags", "nobadger,nomysql,nopgx", "-o", binaries + "/"}, what...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	if built != "" {
		for _, name := range []string{"slipway", "slipwayd"} {
			if err := os.Symlink(filepath.Join(built, name), filepath.Join(binaries, name)); err != nil {
				return err
			}
		}
	}
	return os.Symlink("slipway", filepath.Join(binaries, "dokku"))
}

func makeKeys() error {
	if err := os.Mkdir(keys, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"admin", "user", "stranger"} {
		if err := run(exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(keys, name))); err != nil {
			return err
		}
	}
	return nil
}

// installation is one Slipway on ports and folders of its own.
type installation struct {
	dir      string
	instance string
	sshPort  int
	httpPort int
	tlsPort  int
	engine   string   // DOCKER_HOST; "" is the shared engine
	machine  *machine // that it runs on; nil: this one

	mu    sync.Mutex
	procs map[string]*exec.Cmd // "serve", "proxy"
	ended map[string]chan struct{}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// install makes and starts an installation below dir, with one ssh key.
func install(dir string) (*installation, error) {
	in, err := prepare(dir)
	if err != nil {
		return in, err
	}
	for _, name := range []string{"serve", "proxy"} {
		if err := in.start(name); err != nil {
			return in, err
		}
	}
	return in, in.dokku("domains:set-global", "e2e.localhost")
}

// prepare is install without starting anything.
func prepare(dir string) (*installation, error) {
	in := &installation{
		dir: dir, instance: "e2e-" + strings.ToLower(fmt.Sprintf("%06x", time.Now().UnixNano()&0xffffff)),
		procs: map[string]*exec.Cmd{}, ended: map[string]chan struct{}{},
	}
	for _, p := range []*int{&in.sshPort, &in.httpPort, &in.tlsPort} {
		var err error
		if *p, err = freePort(); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{in.tmp(), in.home()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	return in, in.authorize("admin", "user")
}

// authorize writes the keys of these names as ssh-keys:add does.
func (in *installation) authorize(names ...string) error {
	root := filepath.Join(in.dir, "home")
	if err := os.MkdirAll(filepath.Join(root, ".ssh"), 0o700); err != nil {
		return err
	}
	var lines []authkeys.Line
	for _, name := range names {
		public, err := os.ReadFile(filepath.Join(keys, name+".pub"))
		if err != nil {
			return err
		}
		line, err := authkeys.NewLine(name, string(public), root, "no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding")
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	return os.WriteFile(filepath.Join(root, ".ssh", "authorized_keys"), []byte(authkeys.Format(lines)), 0o600)
}

func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// env is the environment of the daemon's processes and of its callers.
func (in *installation) env() []string {
	if in.machine != nil {
		return in.machine.env(in)
	}
	var engine []string
	if in.engine != "" {
		engine = []string{"DOCKER_HOST=" + in.engine}
	}
	return append(engine,
		"DOKKU_ROOT="+filepath.Join(in.dir, "home"), "DOKKU_LIB_ROOT="+filepath.Join(in.dir, "lib"),
		"SLIPWAY_SOCKET="+in.socket(), "SLIPWAY_LISTEN=127.0.0.1", "SLIPWAY_INSTANCE="+in.instance,
		fmt.Sprintf("SLIPWAY_SSH_PORT=%d", in.sshPort), fmt.Sprintf("SLIPWAY_HTTP_PORT=%d", in.httpPort), fmt.Sprintf("SLIPWAY_HTTPS_PORT=%d", in.tlsPort),
		"SLIPWAY_DEBUG=1", "TMPDIR="+in.tmp(), "PATH="+binaries+":"+os.Getenv("PATH"),
		"GIT_SSH_COMMAND="+in.sshCommand("admin"), "SSH="+in.sshCommand("admin"),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		"GIT_AUTHOR_NAME=e2e", "GIT_AUTHOR_EMAIL=e2e@localhost", "GIT_COMMITTER_NAME=e2e", "GIT_COMMITTER_EMAIL=e2e@localhost",
		"KEYS="+keys, "REMOTE="+fmt.Sprintf("ssh://dokku@127.0.0.1:%d", in.sshPort), "BUILDKIT_PROGRESS=plain",
	)
}

func (in *installation) socket() string { return in.lib("run", "slipwayd.sock") }

// lib is a path below DOKKU_LIB_ROOT.
func (in *installation) lib(path ...string) string {
	return filepath.Join(append([]string{in.dir, "lib"}, path...)...)
}

// tmp is the folder for temporary files of the daemon's processes.
func (in *installation) tmp() string { return filepath.Join(in.dir, "tmp") }

// home is the home of whom the daemon runs as: settings of git.
func (in *installation) home() string { return filepath.Join(in.dir, "operator") }

func (in *installation) sshCommand(key string) string {
	return fmt.Sprintf("ssh -p %d -i %s -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
		in.sshPort, filepath.Join(keys, key))
}

func (in *installation) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	if in.machine != nil {
		cmd = in.machine.command(name, args...)
	} else if !strings.Contains(name, "/") {
		if p := filepath.Join(binaries, name); fileExists(p) {
			cmd = exec.Command(p, args...)
		}
	}
	cmd.Env = append(os.Environ(), in.env()...)
	cmd.Dir = in.dir
	return cmd
}

func fileExists(p string) bool { _, err := os.Stat(p); return err == nil }

func (in *installation) dokku(args ...string) error { return run(in.command("dokku", args...)) }

// start starts "serve" or "proxy" with its flags and waits until it answers.
func (in *installation) start(name string, flags ...string) error {
	log, err := os.OpenFile(filepath.Join(in.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := in.command("slipwayd", append([]string{name}, flags...)...)
	cmd.Env = append(cmd.Env, "HOME="+in.home())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	in.mu.Lock()
	in.procs[name], in.ended[name] = cmd, ended
	in.mu.Unlock()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-ended:
			b, _ := os.ReadFile(log.Name())
			return fmt.Errorf("slipwayd %s ended at once:\n%s", name, b)
		default:
		}
		if name != "proxy" && run(in.command("slipway", "version")) == nil {
			return nil
		}
		if name == "proxy" {
			if c, err := in.dial(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", in.httpPort)); err == nil {
				c.Close()
				return nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("slipwayd %s does not answer", name)
}

// alive tells whether "serve" or "proxy" was started and not stopped.
func (in *installation) alive(name string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.procs[name] != nil
}

// stop ends "serve" or "proxy" by a signal and waits for it.
func (in *installation) stop(name string, sig syscall.Signal) {
	in.mu.Lock()
	cmd, ended := in.procs[name], in.ended[name]
	delete(in.procs, name)
	in.mu.Unlock()
	if cmd == nil {
		return
	}
	syscall.Kill(-cmd.Process.Pid, sig)
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	}
}

// remove stops the installation and everything of it on the engine.
func (in *installation) remove() {
	in.stop("serve", syscall.SIGTERM)
	in.stop("proxy", syscall.SIGTERM)
	in.stop("up", syscall.SIGTERM)
	label := "label=com.slipway.instance=" + in.instance
	// What plugins of tests make has the instance in its name alone.
	ofPlugins := `name=^/?dokku\.[a-z]+\.` + in.instance
	for _, list := range [][]string{{"ps", "-aq", "--filter", label}, {"ps", "-aq", "--filter", ofPlugins}, {"images", "-q", "--filter", label}} {
		out, _ := exec.Command("docker", list...).Output()
		ids := strings.Fields(string(out))
		if len(ids) == 0 {
			continue
		}
		rm := []string{"rm", "-fv"}
		if list[0] == "images" {
			rm = []string{"rmi", "-f"}
		}
		exec.Command("docker", append(rm, ids...)...).Run()
	}
}

// dial connects to an address as it is called where the installation runs.
func (in *installation) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if in.machine != nil {
		return in.machine.dial(ctx, network, address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// transport connects by dial, and trusts certificates that apps have signed themselves.
func (in *installation) transport(newConnections bool) *http.Transport {
	return &http.Transport{DialContext: in.dial, DisableKeepAlives: newConnections, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a test's
}

// get asks the proxy for a page of a host and gives status and body.
func (in *installation) get(ctx context.Context, host, path string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", in.httpPort, path), nil)
	if err != nil {
		return 0, "", err
	}
	req.Host = host
	client := &http.Client{Transport: in.transport(true)}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// newInstallation is install for a plain Go test.
func newInstallation(t *testing.T) *installation {
	t.Helper()
	dir, err := os.MkdirTemp("", "sw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	in, err := install(dir)
	if in != nil {
		t.Cleanup(in.remove)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(in.logs())
		}
	})
	return in
}

// logs is what the installation's processes have said.
func (in *installation) logs() string {
	var all strings.Builder
	for _, name := range []string{"serve", "proxy", "up"} {
		b, _ := os.ReadFile(filepath.Join(in.dir, name+".log"))
		fmt.Fprintf(&all, "log of %s:\n%s", name, b)
	}
	return all.String()
}
