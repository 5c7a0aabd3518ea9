package buildkit_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
)

// base is the image that hack/bootstrap provides.
const base = "busybox:stable"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type result struct {
	err      error
	out, log string
}

func build(ctx context.Context, t testing.TB, engine docker.Engine, job buildkit.Job, dockerfile string) result {
	t.Helper()
	var out, log bytes.Buffer
	job.App, job.Log = "blog", &log
	job.Dockerfile = buildkit.Dockerfile{Name: "Dockerfile", Content: []byte(dockerfile)}
	if job.Image == "" {
		job.Image = dockertest.Name(t) + ":latest"
	}
	t.Cleanup(func() { _ = engine.ImageRemove(context.Background(), job.Image, true) })
	err := buildkit.Build(ctx, engine, job, command.NewOutput(&out, &out))
	return result{err, out.String(), log.String()}
}

func parse(t testing.TB, args ...string) buildkit.Options {
	t.Helper()
	o, err := buildkit.ParseFlags(args)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// nonce keeps a step out of the cache.
func nonce() string { return "RUN : " + rand.Text() + "; " }

func TestFlagsReachTheBuild(t *testing.T) {
	engine := dockertest.Connect(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	const secrets = "RUN --mount=type=secret,id=a --mount=type=secret,id=b "
	for _, c := range []struct {
		what, dockerfile string
		args             []string
		env              map[string]string
	}{
		{"add-host", nonce() + "grep -q '10.1.2.3.*db.test' /etc/hosts", []string{"--add-host", "db.test:10.1.2.3"}, nil},
		{"no network", nonce() + "test $(ls /sys/class/net) = lo", []string{"--network=none"}, nil},
		{"host network", nonce() + "test $(ls /sys/class/net | wc -l) -gt 1", []string{"--network=host"}, nil},
		{"target", "FROM scratch\nLABEL x=y\nFROM " + base + " AS last\n" + nonce() + "false", []string{"--target=first"}, nil},
		{
			"secrets", secrets + "test \"$(cat /run/secrets/a)$(cat /run/secrets/b)\" = 'from a filefrom config'",
			[]string{"--secret", "id=a,src=token", "--secret=id=b,env=VAR"},
			map[string]string{"VAR": "from config"},
		},
		{"a config var's build-arg", "ARG VAR\nRUN test $VAR = value", []string{"--build-arg=VAR"}, map[string]string{"VAR": "value"}},
	} {
		job := buildkit.Job{Context: buildkit.Folder(dir), Options: parse(t, c.args...), Env: c.env}
		if r := build(t.Context(), t, engine, job, "FROM "+base+" AS first\n"+c.dockerfile+"\n"); r.err != nil {
			t.Errorf("%s: %v\n%s", c.what, r.err, r.log)
		}
	}
}

func TestNoCacheRunsEverythingAgain(t *testing.T) {
	engine := dockertest.Connect(t)
	dockerfile := "FROM " + base + "\n" + nonce() + "true\n"
	job := buildkit.Job{Context: buildkit.Folder(t.TempDir())}
	for _, c := range []struct {
		args   []string
		cached bool
	}{{nil, false}, {nil, true}, {[]string{"--no-cache"}, false}} {
		job.Options = parse(t, c.args...)
		r := build(t.Context(), t, engine, job, dockerfile)
		if line := strings.Split(r.out, "\n")[1]; r.err != nil || strings.HasSuffix(line, "(cached)") != c.cached {
			t.Errorf("%v: %v\n%s", c.args, r.err, r.out)
		}
	}
}

func TestTagsAreFurtherNames(t *testing.T) {
	engine := dockertest.Connect(t)
	tag := dockertest.Name(t) + ":second"
	t.Cleanup(func() { _ = engine.ImageRemove(context.Background(), tag, true) })
	job := buildkit.Job{Context: buildkit.Folder(t.TempDir()), Options: parse(t, "-t", tag)}
	if r := build(t.Context(), t, engine, job, "FROM "+base+"\n"+nonce()+"true\n"); r.err != nil {
		t.Fatal(r.err)
	}
	if _, err := engine.ImageInspect(t.Context(), tag); err != nil {
		t.Error(err)
	}
}

func TestSecretsThatAreNotThere(t *testing.T) {
	engine := dockertest.Connect(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for option, want := range map[string]string{
		"id=a,env=NONE": "config:set NONE",
		"id=a,src=none": "Cannot read the secret a",
		"id=a,src=link": "Cannot read the secret a", // the source cannot lend it to files outside
	} {
		job := buildkit.Job{Context: buildkit.Folder(dir), Options: parse(t, "--secret", option)}
		r := build(t.Context(), t, engine, job, "FROM "+base+"\n")
		if r.err == nil || !strings.Contains(r.err.Error(), want) {
			t.Errorf("%s: %v", option, r.err)
		}
	}
}

// away is an engine that closes every connection.
type away struct{}

func (away) DialBuildKit(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	theirs.Close()
	return ours, nil
}

func (a away) DialSession(ctx context.Context, _ string, _ map[string][]string) (net.Conn, error) {
	return a.DialBuildKit(ctx)
}

func TestEngineThatGoesAway(t *testing.T) {
	job := buildkit.Job{
		App: "blog", Image: "x", Context: buildkit.Folder(t.TempDir()), Log: io.Discard,
		Dockerfile: buildkit.Dockerfile{Name: "Dockerfile", Content: []byte("FROM scratch\n")},
	}
	err := buildkit.Build(t.Context(), away{}, job, command.Discard())
	if e := (*command.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Message, "engine went away") {
		t.Errorf("%v", err)
	}
}

func TestLiveOutput(t *testing.T) {
	engine := dockertest.Connect(t)
	job := buildkit.Job{Context: buildkit.Folder(t.TempDir())}
	began := time.Now()
	var seen time.Duration
	out := command.Lines(func(line string) {
		if strings.Contains(line, "early word") && !strings.Contains(line, "RUN") && seen == 0 {
			seen = time.Since(began)
		}
	})
	job.App, job.Log, job.Image = "blog", io.Discard, dockertest.Name(t)+":latest"
	t.Cleanup(func() { _ = engine.ImageRemove(context.Background(), job.Image, true) })
	job.Dockerfile = buildkit.Dockerfile{Name: "Dockerfile", Content: []byte("FROM " + base + "\n" + nonce() + "echo early word; sleep 3\n")}
	if err := buildkit.Build(t.Context(), engine, job, command.NewOutput(out, out)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); seen == 0 || took-seen < 300*time.Millisecond {
		t.Errorf("output was seen after %v of %v", seen, took)
	}
}
