package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// hiddenRefs are our own refs, which nobody fetches or pushes.
const hiddenRefs = "refs/slipway"

type transportArgs struct {
	Repository string `arg:"repository"`
}

// transportCommands are what git's client calls over ssh, and what our hook
// calls.
func (s *service) transportCommands() []*command.Command {
	return []*command.Command{
		command.New("git-receive-pack", "Receive what git push sends", s.receivePack, command.Hidden),
		command.New("git-upload-pack", "Send what git fetch asks for", s.uploadPack, command.Hidden),
		command.New("git-upload-archive", "Send an archive to git archive --remote", s.uploadArchive, command.Hidden),
		command.New("git-hook", "Deploy what was pushed", s.hook, command.Hidden),
	}
}

// receivePack is the server's side of a push. Its hook calls git-hook.
func (s *service) receivePack(ctx context.Context, c *command.Call, in transportArgs) error {
	name, err := s.appNamed(in.Repository)
	if err != nil {
		return err
	}
	if !s.host.Store.AppExists(name) {
		// Standard output belongs to git's protocol.
		quiet := trigger.WithStreams(ctx, nil, io.Discard, c.Out.Stderr())
		if err := s.host.Bus.Event(quiet, "app-maybe-create", name); err != nil {
			return err
		}
		if !s.host.Store.AppExists(name) {
			return command.NoSuchApp(name)
		}
	}
	if !s.host.AppVisible(ctx, name) {
		return command.NoSuchApp(name)
	}
	if !s.repository(name).exists() {
		if err := s.createRepository(ctx, name); err != nil {
			return err
		}
	}
	defer s.pushes.begin(s.repository(name))()
	return s.serve(ctx, c, name, "receive-pack")
}

// uploadPack is the server's side of a fetch or clone.
func (s *service) uploadPack(ctx context.Context, c *command.Call, in transportArgs) error {
	name, err := s.existingRepository(ctx, in.Repository)
	if err != nil {
		return err
	}
	quiet := trigger.WithStreams(ctx, nil, io.Discard, c.Out.Stderr())
	if err := s.host.Bus.Event(quiet, "git-pre-pull", name); err != nil {
		return err
	}
	if err := s.serve(ctx, c, name, "upload-pack"); err != nil {
		return err
	}
	return s.host.Bus.Event(quiet, "git-post-pull", name)
}

// uploadArchive is the server's side of `git archive --remote`.
func (s *service) uploadArchive(ctx context.Context, c *command.Call, in transportArgs) error {
	name, err := s.existingRepository(ctx, in.Repository)
	if err != nil {
		return err
	}
	return s.serve(ctx, c, name, "upload-archive")
}

// appNamed is the app that a repository's name in a git URL means: app,
// app.git, /app or ~/app.
func (s *service) appNamed(repository string) (string, error) {
	name := strings.TrimPrefix(repository, "~")
	name = strings.Trim(name, "/")
	if bare := strings.TrimSuffix(name, ".git"); bare != name && !s.host.Store.AppExists(name) {
		name = bare
	}
	if s.host.Store.AppExists(name) {
		return name, nil
	}
	if _, err := app.ParseName(name); err != nil {
		return "", command.BadInput("%w", err)
	}
	return name, nil
}

// existingRepository is the app that a repository's name means. An app without
// a repository, which another tool may have made, gets an empty one.
func (s *service) existingRepository(ctx context.Context, repository string) (string, error) {
	name, err := s.appNamed(repository)
	if err != nil {
		return "", err
	}
	if !s.host.AppVisible(ctx, name) {
		return "", command.NoSuchApp(name)
	}
	if s.repository(name).exists() {
		return name, nil
	}
	return name, s.createRepository(ctx, name)
}

// serve runs one of git's server programs on the session's streams.
func (s *service) serve(ctx context.Context, c *command.Call, app, program string) error {
	r := s.repository(app)
	// A pack holds history too, and is compressed: the bound only keeps a push
	// from filling the disk before its tree can be measured.
	limit, err := s.count(pushMaxSize, app)
	if err != nil {
		return err
	}
	cmd := r.command(ctx, r.dir, sessionEnv(c), "git", "-c", "transfer.hideRefs="+hiddenRefs,
		"-c", fmt.Sprintf("receive.maxInputSize=%d", max(packsPerTree*limit, minPack)), program, r.dir)
	cmd.Stdout, cmd.Stderr = c.Out.Stdout(), c.Out.Stderr()
	// Not cmd.Stdin: waiting for the end of the program would then wait for a
	// client that keeps its side open. The copying ends with the session, which
	// closes c.In.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("cannot run git %s: %w", program, err)
	}
	go func() {
		_, _ = io.Copy(stdin, c.In) // the program tells the client what went wrong
		stdin.Close()
	}()
	err = run(ctx, cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return command.Exit{Code: max(exit.ExitCode(), 1)} // git said why
	}
	return err
}

// sessionEnv tells git's programs, and so hooks, who is at the other end.
// Dokku: the variables of dokku's forced command.
func sessionEnv(c *command.Call) []string {
	env := []string{"SSH_USER=" + c.Actor.User}
	if c.Actor.KeyName != "" {
		env = append(env, "SSH_NAME="+c.Actor.KeyName, "NAME="+c.Actor.KeyName, "FINGERPRINT="+c.Actor.Fingerprint)
	}
	// The version of the protocol that the client would like to speak.
	if p := c.Env["GIT_PROTOCOL"]; p != "" && len(p) < 100 && !strings.ContainsFunc(p, notProtocol) {
		env = append(env, "GIT_PROTOCOL="+p)
	}
	return env
}

func notProtocol(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789=:-", r)
}

// A pushed pack may have packsPerTree times push-max-size, and always minPack
// bytes: a tree that is too large is told so by its own message, not by git's.
const (
	packsPerTree = 4
	minPack      = 4 << 30
)

// pushTable counts the pushes under way per repository. Whatever receives a push
// counts it here: only then does git-hook answer.
type pushTable struct {
	mu     sync.Mutex
	active map[string]int
}

// begin counts a push to r until end is called. With no push under way it
// removes what interrupted ones left: git does not tidy up when it is ended by
// a signal (since 2.38, tmp-objdir.c).
func (t *pushTable) begin(r repository) (end func()) {
	count := func(n int) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.active[r.dir] == 0 || t.active[r.dir]+n == 0 {
			r.removeLeftovers()
		}
		if t.active[r.dir] += n; t.active[r.dir] == 0 {
			delete(t.active, r.dir)
		}
	}
	count(1)
	return func() { count(-1) }
}

// underWay tells whether somebody pushes to r.
func (t *pushTable) underWay(r repository) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.active[r.dir] > 0
}

func (r repository) removeLeftovers() {
	objects := filepath.Join(r.dir, "objects")
	entries, _ := os.ReadDir(objects) // what cannot be read is left to git gc
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "tmp_objdir-incoming-") {
			os.RemoveAll(filepath.Join(objects, e.Name()))
		}
	}
}
