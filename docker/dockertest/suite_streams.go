package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

func (s *suite) logs(t *testing.T) {
	id := s.ended(t, talks)
	stdout, stderr := s.logsOf(t, id, docker.LogOptions{Tail: -1})
	equal(t, "stdout", stdout, "out\n")
	equal(t, "stderr", stderr, "err\n")
	check(t, s.Engine.Logs(t.Context(), id, docker.LogOptions{Tail: -1}, nil, nil)) // nil writers discard
}

func (s *suite) logParts(t *testing.T) {
	id := s.ended(t, counts)
	stdout, _ := s.logsOf(t, id, docker.LogOptions{Tail: 2})
	equal(t, "tail 2", stdout, "two\nthree\n")
	stdout, _ = s.logsOf(t, id, docker.LogOptions{Tail: 0})
	equal(t, "tail 0", stdout, "")
	stdout, _ = s.logsOf(t, id, docker.LogOptions{Tail: -1, Since: time.Now().Add(time.Hour)})
	equal(t, "since later", stdout, "")
	stdout, _ = s.logsOf(t, id, docker.LogOptions{Tail: -1, Since: s.inspect(t, id).Created})
	equal(t, "since creation", stdout, counts.Stdout)
	stdout, _ = s.logsOf(t, id, docker.LogOptions{Tail: 1, Timestamps: true})
	stamp, rest, _ := strings.Cut(stdout, " ")
	equal(t, "text after the time", rest, "three\n")
	if _, err := time.Parse(time.RFC3339Nano, stamp); err != nil {
		t.Error(err)
	}
}

func (s *suite) logsFollow(t *testing.T) {
	id := s.start(t, polite)
	var stdout Buffer
	done := make(chan error, 1)
	go func() {
		done <- s.Engine.Logs(t.Context(), id, docker.LogOptions{Follow: true, Tail: -1}, &stdout, io.Discard)
	}()
	Eventually(t, "the first line", func() bool { return stdout.String() == "ready\n" })
	check(t, s.Engine.Stop(t.Context(), id, Patience))
	check(t, within(t, "the end of the log", func() error { return <-done }))
	equal(t, "log", stdout.String(), "ready\nbye\n")

	check(t, s.Engine.Start(t.Context(), id))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := within(t, "the end of the context", func() error {
		return s.Engine.Logs(ctx, id, docker.LogOptions{Follow: true, Tail: -1}, nil, nil)
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("following past the deadline: %v", err)
	}
}

func (s *suite) logsTTY(t *testing.T) {
	id := s.ended(t, talks, "--tty")
	equal(t, "terminal", s.inspect(t, id).TTY, true)
	stdout, stderr := s.logsOf(t, id, docker.LogOptions{Tail: -1})
	equal(t, "stdout", stdout, "out\r\nerr\r\n")
	equal(t, "stderr", stderr, "")
}

func (s *suite) exec(t *testing.T) {
	ctx := t.Context()
	id := s.start(t, polite)
	run := func(options docker.ExecOptions, stdin io.Reader) (stdout, stderr string, code int) {
		var out, errs bytes.Buffer
		err := within(t, "the command", func() (err error) {
			code, err = s.Engine.Exec(ctx, id, options, stdin, &out, &errs)
			return err
		})
		check(t, err)
		return out.String(), errs.String(), code
	}
	stdout, stderr, code := run(docker.ExecOptions{Cmd: execGreets, Env: []string{"GREETING=hello  you"}}, nil)
	equal(t, "stdout", stdout, "hello  you\n")
	equal(t, "stderr", stderr, "problem\n")
	equal(t, "exit code", code, 4)

	long := strings.Repeat("0123456789abcdef", 1<<14)
	stdout, _, code = run(docker.ExecOptions{Cmd: execCopies}, strings.NewReader(long))
	equal(t, "bytes through cat", len(stdout), len(long))
	equal(t, "exit code", code, 0)
	stdout, _, _ = run(docker.ExecOptions{Cmd: execTellsID, User: "1000"}, nil)
	equal(t, "user", stdout, "1000\n")
	stdout, _, _ = run(docker.ExecOptions{Cmd: execTellsDir, Dir: "/etc"}, nil)
	equal(t, "folder", stdout, "/etc\n")

	stdin, ends := io.Pipe() // a stdin that stays open does not hold up the end
	defer ends.Close()
	_, _, code = run(docker.ExecOptions{Cmd: execGreets}, stdin)
	equal(t, "exit code", code, 4)

	_, _, code = run(docker.ExecOptions{Cmd: execMissing}, nil)
	if code != 126 && code != 127 {
		t.Errorf("exit code of a missing command is %d", code)
	}
	_, err := s.Engine.Exec(ctx, id, docker.ExecOptions{}, nil, nil, nil)
	isKind(t, err, docker.ErrInvalid)

	open, closeIt := io.Pipe()
	defer closeIt.Close()
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	err = within(t, "the end of the context", func() error {
		_, err := s.Engine.Exec(short, id, docker.ExecOptions{Cmd: execCopies}, open, nil, nil)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("running past the deadline: %v", err)
	}

	check(t, s.Engine.Stop(ctx, id, Patience))
	_, err = s.Engine.Exec(ctx, id, docker.ExecOptions{Cmd: execGreets}, nil, nil, nil)
	isKind(t, err, docker.ErrConflict)
}

func (s *suite) copyFiles(t *testing.T) {
	ctx := t.Context()
	id := CreateWith(t, s.Engine, nil, s.image) // files can be copied before the start
	archive := Tar(t, []File{
		{Path: "site/", Mode: 0o755},
		{Path: "site/index.html", Mode: 0o640, Data: []byte("<h1>hello</h1>")},
		{Path: "site/link", Link: "index.html"},
	})
	check(t, s.Engine.CopyTo(ctx, id, "/", bytes.NewReader(archive)))
	check(t, s.Engine.CopyTo(ctx, id, "/site", bytes.NewReader(Tar(t, []File{{Path: "more", Mode: 0o600, Data: []byte("x")}}))))

	names, contents := s.copied(t, id, "/site/index.html")
	equalSlices(t, "a file's entries", names, []string{"index.html"})
	equal(t, "the file", contents["index.html"], "<h1>hello</h1>")
	names, contents = s.copied(t, id, "/site")
	equalSlices(t, "a folder's entries", names, []string{"site/", "site/index.html", "site/link", "site/more"})
	equal(t, "the file", contents["site/index.html"], "<h1>hello</h1>")

	_, err := s.Engine.CopyFrom(ctx, id, "/nowhere")
	isKind(t, err, docker.ErrNotFound)
	isKind(t, s.Engine.CopyTo(ctx, id, "/nowhere", bytes.NewReader(archive)), docker.ErrNotFound)
	broken := errors.New("the other end went away")
	if err := s.Engine.CopyTo(ctx, id, "/", brokenReader{broken}); !errors.Is(err, broken) {
		t.Errorf("the reader's error is lost: %v", err)
	}
}

// copied returns the sorted names of the entries of CopyFrom, and the contents of the files.
func (s *suite) copied(t *testing.T, id, path string) (names []string, contents map[string]string) {
	t.Helper()
	stream, err := s.Engine.CopyFrom(t.Context(), id, path)
	check(t, err)
	defer stream.Close()
	contents = map[string]string{}
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		data, err := io.ReadAll(archive)
		check(t, err)
		names = append(names, header.Name)
		contents[header.Name] = string(data)
	}
	slices.Sort(names)
	return names, contents
}

func (s *suite) commit(t *testing.T) {
	ctx := t.Context()
	ref := Name(t) + ":latest"
	base := Load(t, s.Engine, Spec{
		Ref: Name(t) + ":latest", Files: s.Files, Cmd: []string{"serve", "--all"}, Env: []string{"LEVEL=1"},
		WorkingDir: "/tmp", User: "nobody", Labels: map[string]string{"kept": "yes"},
	})
	id := CreateWith(t, s.Engine, []string{"--entrypoint=sh"}, base, "-c", "migrate")
	check(t, s.Engine.CopyTo(ctx, id, "/", bytes.NewReader(Tar(t, []File{{Path: "made", Mode: 0o644, Data: []byte("by commit")}}))))
	imageID, err := s.Engine.Commit(ctx, id, ref, map[string]string{"stage": `with "quotes" and spaces`})
	check(t, err)
	t.Cleanup(func() { _ = s.Engine.ImageRemove(context.Background(), ref, true) })
	image, err := s.Engine.ImageInspect(ctx, ref)
	check(t, err)
	equal(t, "ID", image.ID, imageID)
	equal(t, "new label", image.Labels["stage"], `with "quotes" and spaces`)
	equal(t, "old label", image.Labels["kept"], "yes")
	equal(t, "user", image.User, "nobody")
	equal(t, "folder", image.WorkingDir, "/tmp")
	equalSlices(t, "command", image.Cmd, []string{"serve", "--all"})
	equalSlices(t, "entrypoint", image.Entrypoint, nil)
	if !slices.Contains(image.Env, "LEVEL=1") {
		t.Errorf("environment %q lacks LEVEL=1", image.Env)
	}
	_, contents := s.copied(t, CreateWith(t, s.Engine, nil, ref), "/made")
	equal(t, "the file", contents["made"], "by commit")

	untagged, err := s.Engine.Commit(ctx, id, "", nil)
	check(t, err)
	check(t, s.Engine.ImageRemove(ctx, untagged, false))
	_, err = s.Engine.Commit(ctx, Name(t), ref, nil)
	isKind(t, err, docker.ErrNotFound)
}
