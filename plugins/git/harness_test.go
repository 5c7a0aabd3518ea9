package git

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// TestMain makes the test's binary the two programs that git starts: `ssh` on
// the pusher's side and `dokku` in the hook. Both talk to the server of a
// harness.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "ssh":
		words := strings.Fields(os.Args[len(os.Args)-1])
		for i := range words {
			words[i] = strings.Trim(words[i], "'")
		}
		os.Exit(talk(hello{Argv: words, Remote: true}))
	case "dokku":
		env := map[string]string{}
		for _, name := range []string{"GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "NAME"} {
			env[name] = os.Getenv(name)
		}
		os.Exit(talk(hello{Argv: os.Args[1:], Env: env}))
	}
	os.Exit(m.Run())
}

// harness is a Slipway of nothing but the git plugin.
type harness struct {
	t        *testing.T
	dir      string
	host     *plugin.Host
	table    *command.Table
	deployer *fakeDeployer
	inside   *service
	env      []string // for git on the pusher's side
	sessions sync.WaitGroup
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "home"), Lib: filepath.Join(dir, "lib")})
	must(t, err)
	bin := filepath.Join(dir, "bin")
	must(t, os.Mkdir(bin, 0o755))
	self, err := os.Executable()
	must(t, err)
	for _, name := range []string{"ssh", "dokku"} {
		must(t, os.Symlink(self, filepath.Join(bin, name)))
	}
	socket := filepath.Join(dir, "socket")
	h := &harness{t: t, dir: dir, deployer: &fakeDeployer{store: store}}
	base := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "GIT_TEST_SOCKET=" + socket}
	h.env = append(slices.Clone(base), "GIT_SSH="+filepath.Join(bin, "ssh"), "GIT_SSH_VARIANT=simple", "HOME="+dir,
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=init.defaultBranch", "GIT_CONFIG_VALUE_0=master")
	h.host = &plugin.Host{
		Store: store, Bus: trigger.NewBus(nil), Names: docker.Names{}, Log: slog.New(slog.DiscardHandler),
		Exec: plugin.Exec{Env: append(slices.Clone(base), "DOKKU_ROOT="+store.Root())},
	}
	h.inside = newService(h.host, h.deployer)
	p := h.inside.plugin()
	must(t, h.host.Register(p, appsPlugin(h.host)))
	h.table, err = command.NewTable([]command.Feature{{Name: p.Name, Help: p.Help}}, p.Commands)
	must(t, err)
	h.table.AppExists = store.AppExists
	h.listen(socket)
	return h
}

// appsPlugin stands for the apps plugin: it creates apps on push, and keeps the
// deploy source.
func appsPlugin(h *plugin.Host) plugin.Plugin {
	disabled := state.Property{Plugin: "apps", Name: "disable-autocreation", Scope: state.GlobalOnly}
	return plugin.Plugin{Name: "apps", Triggers: plugin.Triggers{
		"app-maybe-create": func(ctx context.Context, c *trigger.Call) error {
			if off, _ := h.Store.Get(disabled, state.Global); off == "true" {
				return command.Fail("App auto-creation disabled")
			}
			if err := h.Store.MkdirAll(h.Store.AppDir(c.Arg(0)), 0o755); err != nil {
				return err
			}
			return h.Bus.Event(ctx, "post-create", c.Arg(0))
		},
		"deploy-source-set": func(_ context.Context, c *trigger.Call) error {
			return h.Store.WriteLines(h.Store.LibPath("source-"+c.Arg(0)), c.Args[1:], 0o600)
		},
	}}
}

// result is what a command or program did.
type result struct {
	stdout, stderr string
	code           int
}

// dokku runs a command as root on the host.
func (h *harness) dokku(argv ...string) result {
	return h.dokkuWith(command.Call{In: strings.NewReader(""), Actor: command.Actor{User: "root", Root: true}}, argv...)
}

func (h *harness) dokkuWith(c command.Call, argv ...string) result {
	var stdout, stderr bytes.Buffer
	c.Out = command.NewOutput(&stdout, &stderr)
	code := h.table.Run(h.t.Context(), &c, argv)
	return result{stdout.String(), stderr.String(), code}
}

// must be nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes an app with an empty repository.
func (h *harness) create(app string) {
	h.t.Helper()
	must(h.t, h.host.Bus.Event(h.t.Context(), "app-maybe-create", app))
}

// clone is a working copy on the pusher's side.
type clone struct {
	h   *harness
	dir string
}

// newClone makes a repository on branch master with one commit of files.
func (h *harness) newClone(files map[string]string) clone {
	h.t.Helper()
	dir, err := os.MkdirTemp(h.dir, "clone-")
	must(h.t, err)
	c := clone{h, dir}
	c.ok("init", "-q")
	c.commit("first", files)
	return c
}

// commit adds files and returns the new revision.
func (c clone) commit(message string, files map[string]string) string {
	c.h.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(c.dir, name)
		must(c.h.t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(c.h.t, os.WriteFile(path, []byte(files[name]), 0o644))
	}
	c.ok("add", "--all")
	c.ok("commit", "-q", "--allow-empty", "-m", message)
	return c.ok("rev-parse", "HEAD")
}

// git runs git on the pusher's side.
func (c clone) git(args ...string) result {
	c.h.t.Helper()
	cmd := exec.CommandContext(c.h.t.Context(), "git", args...)
	cmd.Dir, cmd.Env = c.dir, c.h.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.h.t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// ok is git that must succeed; it returns what was printed, trimmed.
func (c clone) ok(args ...string) string {
	c.h.t.Helper()
	r := c.git(args...)
	if r.code != 0 {
		c.h.t.Fatalf("git %v: %s", args, r.stderr)
	}
	return strings.TrimSpace(r.stdout)
}

// push pushes to an app by ssh.
func (c clone) push(app string, refs ...string) result {
	c.h.t.Helper()
	return c.git(append([]string{"push", "dokku@slipway.test:" + app}, refs...)...)
}

// fakeDeployer records deploys, and extracts what is deployed.
type fakeDeployer struct {
	store *state.Store
	mu    sync.Mutex
	done  []deployed
	// act is called with each tree; nil succeeds.
	act func(ctx context.Context, out *command.Output, dir string) error
}

type deployed struct {
	deploy.Request
	files map[string]string // path to content, or "-> target" of a link
}

func (f *fakeDeployer) Deploy(ctx context.Context, out *command.Output, req deploy.Request) error {
	ctx, unlock, err := f.store.LockApp(ctx, req.App)
	if err != nil {
		return command.Fail("%s currently has a deploy lock in place. Exiting...", req.App)
	}
	defer unlock()
	work, err := os.MkdirTemp("", "slipway-git-test-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	out.Step("Deploying %s", req.App)
	if err := req.Tree(ctx, work); err != nil {
		return err
	}
	files, err := readTree(work)
	if err != nil {
		return err
	}
	if f.act != nil {
		if err := f.act(ctx, out, work); err != nil {
			return err
		}
	}
	out.Title("Application deployed:")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, deployed{req, files})
	return nil
}

// deploys is what has been deployed so far.
func (f *fakeDeployer) deploys() []deployed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.done)
}

func readTree(dir string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if e.Type() == os.ModeSymlink {
			target, err := os.Readlink(path)
			files[name] = "-> " + target
			return err
		}
		b, err := os.ReadFile(path)
		files[name] = string(b)
		return err
	})
	return files, err
}

// eventually polls until ok, or fails the test.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("%s: not after 10 seconds", what)
		case <-tick.C:
		}
	}
}

// contains fails the test unless all texts are in s, in this order.
func contains(t *testing.T, s string, texts ...string) {
	t.Helper()
	rest := bufio.NewReader(strings.NewReader(s))
	all, _ := io.ReadAll(rest)
	at := 0
	for _, text := range texts {
		i := strings.Index(string(all[at:]), text)
		if i < 0 {
			t.Fatalf("no %q (after byte %d) in:\n%s", text, at, s)
		}
		at += i + len(text)
	}
}

// keepCopy copies each deployed tree to dir, which must not exist.
func keepCopy(dir string) func(context.Context, *command.Output, string) error {
	return func(_ context.Context, _ *command.Output, tree string) error {
		return os.CopyFS(dir, os.DirFS(tree))
	}
}

func unhex(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(s)
	must(t, err)
	return string(b)
}
