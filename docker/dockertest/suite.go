package dockertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// Subject is an engine to put to the test.
type Subject struct {
	Engine docker.Engine
	// Files are those of the images that the suite loads: BusyBoxFiles where containers run for real.
	Files []File
	// Publish makes an image available to ImagePull, and returns its reference.
	Publish func(t testing.TB, name string, spec Spec) (ref string)
}

// Run runs the whole suite. An engine passes when the test does.
func Run(t *testing.T, subject Subject) {
	s := &suite{Subject: subject}
	s.image = Load(t, s.Engine, Spec{Ref: Name(t) + ":latest", Cmd: []string{"sh"}, Files: s.Files})
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"version", s.version},
		{"log driver", s.logDriver},
		{"arguments that are not IDs", s.badIDs},
		{"create: options mean what they mean to docker", s.createOptions},
		{"create: environment arrives unharmed", s.createEnv},
		{"create: environment keeps its order", s.createEnvInOrder},
		{"create: failures", s.createFailures},
		{"start, stop, remove", s.lifecycle},
		{"stop: kills what ignores the signal", s.stopStubborn},
		{"kill", s.kill},
		{"wait", s.wait},
		{"rename", s.rename},
		{"restart policy", s.restartPolicy},
		{"restart on failure", s.restartOnFailure},
		{"inspect raw", s.inspectRaw},
		{"list", s.list},
		{"logs: two streams", s.logs},
		{"logs: parts", s.logParts},
		{"logs: follow", s.logsFollow},
		{"logs: of a terminal", s.logsTTY},
		{"exec", s.exec},
		{"copy", s.copyFiles},
		{"commit", s.commit},
		{"events", s.events},
		{"events: end with the context", s.eventsEnd},
		{"volumes", s.volumes},
		{"networks", s.networks},
		{"networks: attached containers", s.networkConnect},
		{"image: inspect", s.imageInspect},
		{"image: list", s.imageList},
		{"image: tag and remove", s.imageTag},
		{"image: in use", s.imageInUse},
		{"image: load nonsense", s.imageLoadNonsense},
		{"image: prune", s.imagePrune},
		{"image: pull", s.imagePull},
		{"build service", s.buildKit},
		{"build session", s.session},
		{"an ended context", s.endedContext},
	} {
		t.Run(test.name, test.run)
	}
}

type suite struct {
	Subject
	image string
}

// start creates and starts a container that runs program.
func (s *suite) start(t *testing.T, program Program, options ...string) (id string) {
	t.Helper()
	id = CreateWith(t, s.Engine, options, s.image, program.Cmd...)
	check(t, s.Engine.Start(t.Context(), id))
	return id
}

// ended runs program in a container to its end.
func (s *suite) ended(t *testing.T, program Program, options ...string) (id string) {
	t.Helper()
	id = s.start(t, program, options...)
	code, err := s.Engine.Wait(t.Context(), id)
	check(t, err)
	equal(t, "exit code", code, program.ExitCode)
	return id
}

// logged waits until a container has written want to stdout.
func (s *suite) logged(t *testing.T, id, want string) {
	t.Helper()
	Eventually(t, "log "+want, func() bool {
		stdout, _ := s.logsOf(t, id, docker.LogOptions{Tail: -1})
		return stdout == want
	})
}

func (s *suite) logsOf(t *testing.T, id string, options docker.LogOptions) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	check(t, s.Engine.Logs(t.Context(), id, options, &out, &errs))
	return out.String(), errs.String()
}

func (s *suite) inspect(t *testing.T, id string) docker.Container {
	t.Helper()
	c, err := s.Engine.Inspect(t.Context(), id)
	check(t, err)
	return c
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func equalSlices(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}

func isKind(t testing.TB, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error is %v, want kind %q", err, kind)
	}
}

func (s *suite) version(t *testing.T) {
	v, err := s.Engine.Version(t.Context())
	check(t, err)
	if v.Engine == "" || v.API == "" || v.OS == "" || v.Arch == "" {
		t.Errorf("version is incomplete: %+v", v)
	}
}

func (s *suite) logDriver(t *testing.T) {
	driver, err := s.Engine.LogDriver(t.Context())
	check(t, err)
	if driver == "" {
		t.Error("no log driver")
	}
	_, err = s.Engine.RemapsUsers(t.Context())
	check(t, err)
}

// badIDs: what is put in request paths cannot lead to another path.
func (s *suite) badIDs(t *testing.T) {
	e, ctx := s.Engine, t.Context()
	for _, id := range []string{"", "../images/json", "a/b", "-rf", "a b", "x?force=1", "ü", "a\nb"} {
		_, err := e.Inspect(ctx, id)
		isKind(t, err, docker.ErrInvalid)
		isKind(t, e.Start(ctx, id), docker.ErrInvalid)
		isKind(t, e.Stop(ctx, id, 0), docker.ErrInvalid)
		isKind(t, e.Kill(ctx, id, "KILL"), docker.ErrInvalid)
		isKind(t, e.Remove(ctx, id), docker.ErrInvalid)
		isKind(t, e.Rename(ctx, id, "x"), docker.ErrInvalid)
		isKind(t, e.SetRestartPolicy(ctx, id, "no"), docker.ErrInvalid)
		isKind(t, e.Logs(ctx, id, docker.LogOptions{}, nil, nil), docker.ErrInvalid)
		isKind(t, e.CopyTo(ctx, id, "/", bytes.NewReader(nil)), docker.ErrInvalid)
	}
	for _, ref := range []string{"", "../containers/x", "-rf", "a b", "UPPER/case", "x?force=1", "a:b:c"} {
		_, err := e.ImageInspect(ctx, ref)
		isKind(t, err, docker.ErrInvalid)
		isKind(t, e.ImageRemove(ctx, ref, true), docker.ErrInvalid)
		isKind(t, e.ImageTag(ctx, s.image, ref), docker.ErrInvalid)
		isKind(t, e.ImagePull(ctx, ref, "", nil), docker.ErrInvalid)
	}
}

// endedContext: no call hangs or works once its context has ended.
func (s *suite) endedContext(t *testing.T) {
	id := CreateWith(t, s.Engine, nil, s.image, polite.Cmd...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, call := range map[string]func() error{
		"Version": func() error { _, err := s.Engine.Version(ctx); return err },
		"Create":  func() error { _, err := s.Engine.Create(ctx, []string{s.image}); return err },
		"Start":   func() error { return s.Engine.Start(ctx, id) },
		"Inspect": func() error { _, err := s.Engine.Inspect(ctx, id); return err },
		"List":    func() error { _, err := s.Engine.List(ctx, docker.Filter{}); return err },
		"Logs":    func() error { return s.Engine.Logs(ctx, id, docker.LogOptions{}, nil, nil) },
		"Load":    func() error { _, err := s.Engine.ImageLoad(ctx, bytes.NewReader(nil)); return err },
		"Dial":    func() error { _, err := s.Engine.DialBuildKit(ctx); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with an ended context: %v", what, err)
		}
	}
}

// brokenReader fails with err, like a source whose other end went away.
type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

// within runs call and fails the test when it takes longer than Patience.
func within(t testing.TB, what string, call func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-time.After(Patience):
		t.Fatalf("not within %v: %s", Patience, what)
		return nil
	}
}

var _ io.Reader = brokenReader{}
