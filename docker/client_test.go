package docker_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
)

func TestClientConforms(t *testing.T) {
	dockertest.Run(t, dockertest.Subject{
		Engine: dockertest.Connect(t),
		Files:  dockertest.BusyBoxFiles(t),
		Publish: func(t testing.TB, name string, spec dockertest.Spec) string {
			return dockertest.Registry(t, name, spec, "", "")
		},
	})
}

func TestPullUsesTheLoginOfDockersConfiguration(t *testing.T) {
	ref := dockertest.Registry(t, dockertest.Name(t), dockertest.Spec{Cmd: []string{"serve"}}, "ann", "secret")
	engine := dockertest.Connect(t)
	if err := engine.ImagePull(t.Context(), ref, "", nil); err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatalf("pulled without a login: %v", err)
	}
	dir := t.TempDir()
	registry, _, _ := strings.Cut(ref, "/")
	login := base64.StdEncoding.EncodeToString([]byte("ann:secret"))
	config := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, registry, login)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_CONFIG", dir)
	engine = dockertest.Connect(t)
	if err := engine.ImagePull(t.Context(), ref, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := engine.ImageRemove(t.Context(), ref, true); err != nil {
		t.Fatal(err)
	}
}

// TestInteractiveCommandGetsItsTerminal is what `enter` and `run` do.
func TestInteractiveCommandGetsItsTerminal(t *testing.T) {
	engine := dockertest.Connect(t)
	id := dockertest.Create(t, engine, dockertest.BusyBox(t, engine), "sleep", "1000")
	if err := engine.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	// Docker's command sets the size after the start; until then stty has nothing to say.
	cmd := engine.CLI().Command(t.Context(), "exec", "-it", id, "sh", "-c", `until [ -n "$(stty size 2>/dev/null)" ]; do sleep 0.02; done; stty size; exit 5`)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 12, Cols: 34})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	output, _ := io.ReadAll(terminal) // on Linux a terminal ends with an error
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("ended with %v", err)
	}
	if string(output) != "12 34\r\n" {
		t.Errorf("output is %q", output)
	}
}

func TestConnectSaysWhatToDoWhenNoEngineAnswers(t *testing.T) {
	host := "unix://" + filepath.Join(t.TempDir(), "docker.sock")
	want := "cannot reach the Docker engine at " + host + ": is it running? (systemctl start docker)"
	_, err := docker.Connect(t.Context(), host)
	if !errors.Is(err, docker.ErrUnreachable) || err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if _, err := docker.Connect(t.Context(), "nonsense"); !errors.Is(err, docker.ErrInvalid) {
		t.Errorf("an address that is none gives %v", err)
	}
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	if _, err := docker.Connect(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "tcp://127.0.0.1:1: is it running?") {
		t.Errorf("DOCKER_HOST is not used: %v", err)
	}
}

// serveEngine answers like an engine of API 1.41 on a socket until the returned function is called.
func serveEngine(t *testing.T, socket string) (stop func()) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		switch r.URL.Path {
		case "/_ping":
		case "/v1.41/version":
			fmt.Fprint(w, `{"Version":"20.10.24","ApiVersion":"1.41","Os":"linux","Arch":"amd64"}`)
		case "/v1.41/events":
			w.(http.Flusher).Flush() // and then nothing happens, until the server ends
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	stop = func() {
		server.CloseClientConnections()
		server.Close()
	}
	t.Cleanup(stop)
	return stop
}

func TestClientOutlivesARestartOfTheEngine(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "docker.sock")
	stop := serveEngine(t, socket)
	engine, err := docker.Connect(t.Context(), "unix://"+socket)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	version, err := engine.Version(t.Context())
	if want := (docker.Version{Engine: "20.10.24", API: "1.41", OS: "linux", Arch: "amd64"}); err != nil || version != want {
		t.Errorf("version is %+v, %v", version, err)
	}
	events, failed := engine.Events(t.Context())
	stop()
	if _, open := <-events; open {
		t.Error("an event out of nothing")
	}
	if err := <-failed; !errors.Is(err, docker.ErrUnreachable) {
		t.Errorf("the events ended with %v", err)
	}
	for what, call := range map[string]func(context.Context) error{
		"Version": func(ctx context.Context) error { _, err := engine.Version(ctx); return err },
		"Inspect": func(ctx context.Context) error { _, err := engine.Inspect(ctx, "x"); return err },
		"List":    func(ctx context.Context) error { _, err := engine.List(ctx, docker.Filter{}); return err },
		"Create":  func(ctx context.Context) error { _, err := engine.Create(ctx, []string{"x"}); return err },
		"Dial":    func(ctx context.Context) error { _, err := engine.DialBuildKit(ctx); return err },
		"Events": func(ctx context.Context) error {
			_, failed := engine.Events(ctx)
			return <-failed
		},
	} {
		if err := call(t.Context()); !errors.Is(err, docker.ErrUnreachable) {
			t.Errorf("%s without an engine: %v", what, err)
		}
	}
	serveEngine(t, socket)
	if _, err := engine.Version(t.Context()); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}
