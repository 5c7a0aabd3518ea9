package docker_test

import (
	"testing"

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
