package fake_test

import (
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/docker/fake"
)

func TestFakeConforms(t *testing.T) {
	engine := fake.New()
	engine.Behaviour = func(c docker.Container) fake.Behaviour {
		program, known := dockertest.ProgramOf(c)
		if !known {
			t.Errorf("the suite runs %q, and does not say what that does", c.Cmd)
		}
		return fake.Behaviour{
			Stdout: program.Stdout, Stderr: program.Stderr, Exits: program.Exits, ExitCode: program.ExitCode,
			Farewell: program.Farewell, StopCode: program.StopCode, IgnoresStop: program.IgnoresStop, Exec: dockertest.Exec,
		}
	}
	engine.BuildKit = func(conn net.Conn) { (&http2.Server{}).ServeConn(conn, nil) } //nolint:staticcheck // one connection, without a listener
	engine.Session = func(conn net.Conn) {
		defer conn.Close()
		_, _ = io.WriteString(conn, http2.ClientPreface)
	}
	dockertest.Run(t, dockertest.Subject{
		Engine: engine,
		Publish: func(t testing.TB, name string, spec dockertest.Spec) string {
			ref := "127.0.0.1:5000/" + name + ":latest"
			engine.Publish(docker.Image{Tags: []string{ref}, Cmd: spec.Cmd})
			return ref
		},
	})
}
