package buildkit

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/slipwayhq/slipway/command"
)

// screen is a progress whose clock stands, and what it wrote.
type screen struct {
	*progress
	out, log bytes.Buffer
	clock    time.Time
}

func newScreen(dockerfile string) *screen {
	s := &screen{clock: time.Unix(1000, 0)}
	s.progress = newProgress(command.NewOutput(&s.out, &s.out), &s.log, Job{Dockerfile: Dockerfile{Content: []byte(dockerfile)}})
	s.now = func() time.Time { return s.clock }
	return s
}

func (s *screen) begin(name string) {
	at := s.clock
	s.update(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: digest.FromString(name), Name: name, Started: &at}}})
}

func (s *screen) write(name, text string) {
	s.update(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: digest.FromString(name), Data: []byte(text)}}})
}

func (s *screen) end(name string, cached bool, failure string) {
	began, at := s.steps[digest.FromString(name)].began, s.clock
	s.update(&client.SolveStatus{Vertexes: []*client.Vertex{{
		Digest: digest.FromString(name), Name: name, Started: &began, Completed: &at, Cached: cached, Error: failure,
	}}})
	s.settle()
}

func (s *screen) pass(d time.Duration) {
	s.clock = s.clock.Add(d)
	s.openSlow()
}

const dockerfile = "FROM node:20\nARG TOKEN\nRUN login $TOKEN\nRUN npm ci\n"

func TestProgress(t *testing.T) {
	s := newScreen(dockerfile)
	const from, login, install = "[1/3] FROM docker.io/library/node:20", "[2/3] RUN login hunter2", "[3/3] RUN npm ci"
	s.begin("[internal] load build context")
	s.end("[internal] load build context", false, "")
	s.begin(from)
	s.end(from, true, "")
	s.begin(login)
	s.write(login, "quick\n")
	s.pass(time.Second)
	s.end(login, false, "")
	s.begin(install)
	s.write(install, "before\npart")
	s.pass(3 * time.Second)
	s.write(install, "ial\n10%\r20%\r30%\nlast")
	s.pass(time.Second)
	s.end(install, false, "")
	s.begin("exporting to image")
	s.end("exporting to image", false, "")
	want := `       Step 1/3: FROM node:20 (cached)
       Step 2/3: RUN login $TOKEN
         quick
       Step 2/3 (1.0s)
       Step 3/3: RUN npm ci
         before
         partial
         30%
         last
       Step 3/3 (4.0s)
`
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Error(diff)
	}
	want = `#1 [internal] load build context
#1 DONE 0.0s
#2 [1/3] FROM node:20
#2 CACHED
#3 [2/3] RUN login $TOKEN
#3 DONE 1.0s
#4 [3/3] RUN npm ci
#4 DONE 4.0s
#5 exporting to image
#5 DONE 0.0s
`
	if diff := cmp.Diff(want, s.log.String()); diff != "" {
		t.Error(diff)
	}
}

func TestBuildArgumentsThatWereAskedForAreShown(t *testing.T) {
	s := newScreen("")
	s.progress = newProgress(command.NewOutput(&s.out, &s.out), &s.log, Job{
		Dockerfile: Dockerfile{Content: []byte("FROM x\nRUN login $TOKEN ${USER_NAME} $TOKENS $SECRET\n")},
		Options:    Options{BuildArgs: []BuildArg{{Name: "TOKEN"}, {Name: "USER_NAME", Value: "ann", HasValue: true}, {Name: "GONE"}}},
		Env:        map[string]string{"TOKEN": "abc", "SECRET": "hunter2"},
	})
	s.now = func() time.Time { return s.clock }
	s.begin("[2/2] RUN login abc ann $TOKENS hunter2")
	s.end("[2/2] RUN login abc ann $TOKENS hunter2", false, "")
	if got, want := s.out.String(), "       Step 2/2: RUN login abc ann $TOKENS $SECRET (0.0s)\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestProgressOfStepsSideBySide(t *testing.T) {
	s := newScreen("FROM a AS one\nRUN x\nFROM b AS two\nRUN y\n")
	const x, y = "[one 2/2] RUN x", "[two 2/2] RUN y"
	s.begin(x)
	s.begin(y)
	s.pass(3 * time.Second)
	s.write(x, "1\n2\n")
	s.write(y, "3\n")
	s.write(x, "4\n")
	s.end(x, false, "")
	s.end(y, false, "")
	want := `       Step one 2/2: RUN x
       Step two 2/2: RUN y
       Step one 2/2: RUN x
         1
         2
       Step two 2/2: RUN y
         3
       Step one 2/2: RUN x
         4
       Step one 2/2 (3.0s)
       Step two 2/2 (3.0s)
`
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Error(diff)
	}
}

// BuildKit first looks for the base image in its cache, and then pulls it.
func TestProgressOfAPull(t *testing.T) {
	s := newScreen("FROM node:20\nRUN a\n")
	const from = "[1/2] FROM docker.io/library/node:20"
	at := s.clock
	id := digest.FromString(from)
	s.update(&client.SolveStatus{Vertexes: []*client.Vertex{
		{Digest: id, Name: from, Started: &at}, {Digest: id, Name: from, Started: &at, Completed: &at}, {Digest: id, Name: from, Started: &at},
	}})
	s.settle()
	for i := range 3 {
		s.update(&client.SolveStatus{Statuses: []*client.VertexStatus{
			{ID: "a", Vertex: id, Current: int64(i) * 50e6, Total: 100e6}, {ID: "b", Vertex: id, Current: 1, Total: 1}, {ID: "resolve", Vertex: id},
		}})
		s.pass(3 * time.Second)
		s.pass(3 * time.Second)
	}
	s.end(from, false, "")
	want := `       Step 1/2: FROM node:20
         50.0 of 100.0 MB
       Step 1/2 (18.0s)
`
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestFailureShowsWhatTheStepSaid(t *testing.T) {
	s := newScreen(dockerfile)
	const install = "[3/3] RUN npm ci"
	s.begin(install)
	s.write(install, strings.Repeat("early\n", 30)+strings.Repeat("late\n", 19)+"the end")
	s.end(install, false, "exit code: 1")
	err := s.failure(Job{App: "blog", Dockerfile: Dockerfile{Name: "Dockerfile", Content: []byte(dockerfile)}},
		errors.New("failed to solve: executor failed running [/bin/sh -c npm ci]: exit code: 1"))
	if got := err.Error(); got != "The build failed at Dockerfile:4: RUN npm ci ended with exit code 1" {
		t.Error(got)
	}
	want := "       Step 3/3: RUN npm ci\n" + strings.Repeat("         early\n", 30) + strings.Repeat("         late\n", 19) + "         the end\n       Dockerfile:4  RUN npm ci\n"
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestSentences(t *testing.T) {
	const run, meta = "[3/3] RUN npm ci", "[internal] load metadata for docker.io/library/node:20"
	for _, c := range []struct{ vertex, err, want string }{
		// Docker 28.
		{run, `process "/bin/sh -c npm ci" did not complete successfully: exit code: 127`, "The build failed at Dockerfile:4: RUN npm ci ended with exit code 127"},
		{run, "executor failed running [/bin/sh -c npm ci]: exit code: 137", "The build failed at Dockerfile:4: RUN npm ci ended with exit code 137; it was killed, as happens when the memory runs out"},
		{run, "secret TOKEN: not found", "The build needs the secret TOKEN (Dockerfile:4), which is not set\nSet it: dokku config:set --no-restart blog TOKEN=…"},
		{meta, "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed", "Cannot pull the image docker.io/library/node:20 (Dockerfile:1): it does not exist, or needs a login\nCheck its name and the server's network; for a private image log in first: dokku registry:login"},
		{"", "dockerfile parse error on line 2: unknown instruction: ARGH", "Dockerfile:2: unknown instruction: ARGH"},
		{"", "failed to reach build target web in Dockerfile", "The build of blog failed: failed to reach build target web in Dockerfile"},
		{"[2/3] RUN login hunter2", "no space left on device", "The build failed at Dockerfile:3: no space left on device"},
	} {
		s := newScreen(dockerfile)
		if c.vertex != "" {
			s.begin("[1/3] FROM docker.io/library/node:20")
			s.end("[1/3] FROM docker.io/library/node:20", false, "context canceled")
			s.begin(c.vertex)
			s.end(c.vertex, false, c.err)
		}
		err := s.failure(Job{App: "blog", Dockerfile: Dockerfile{Name: "Dockerfile", Content: []byte(dockerfile)}},
			errors.New("failed to solve: failed to solve with frontend dockerfile.v0: "+c.err))
		if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
	err := newScreen("").failure(Job{}, status.Error(codes.Unavailable, "error reading from server: EOF"))
	if !strings.Contains(err.Error(), "The Docker engine went away") {
		t.Error(err)
	}
}

func TestStepNamesAreShort(t *testing.T) {
	for vertex, want := range map[string]string{
		"[ 2/13] RUN a":                         "Step 2/13: RUN a",
		"[build  2/13] RUN a &&     b":          "Step build 2/13: RUN a && b",
		"[internal] load build context":         "Load build context",
		"exporting to image":                    "Exporting to image",
		"":                                      "",
		"[":                                     "[",
		"[internal] ":                           "[internal]",
		"[1/1] RUN " + strings.Repeat("ä", 200): "Step 1/1: RUN " + strings.Repeat("ä", shownName-15) + "…",
	} {
		if got := stepName(vertex); got != want {
			t.Errorf("%q: %q", vertex, got)
		}
	}
}
