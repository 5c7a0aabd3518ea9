// Package dockertest is the conformance suite that every [docker.Engine] passes, and what tests need that run containers
// for real: an engine, a tiny image made of nothing but a static BusyBox, and a registry on loopback.
//
//	engine := dockertest.Connect(t)                            // skips the test where no engine runs
//	image := dockertest.BusyBox(t, engine)                     // removed after the test
//	id := dockertest.Create(t, engine, image, "sleep", "1000") // removed after the test
//
// The suite is Run; a fake shows that it behaves like the real engine by passing it:
//
//	dockertest.Run(t, dockertest.Subject{Engine: fake, …})
package dockertest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// Patience is how long tests wait for what should happen at once.
const Patience = 20 * time.Second

// Connect reaches the engine of DOCKER_HOST or the default socket, and skips the test where there is none.
func Connect(t testing.TB) *docker.Client {
	t.Helper()
	engine, err := docker.Connect(t.Context(), "")
	if errors.Is(err, docker.ErrUnreachable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

// Name is a name for a container or image that nothing else on the engine has.
func Name(t testing.TB) string {
	t.Helper()
	return "slipway-test-" + strings.ToLower(rand.Text()[:10])
}

// BusyBox loads an image with a static BusyBox and all its applets, and removes it after the test. Its command is
// `sh`. It needs Debian's package busybox-static, or SLIPWAY_BUSYBOX, the path of such a binary.
func BusyBox(t testing.TB, engine docker.Engine) (ref string) {
	t.Helper()
	return Load(t, engine, Spec{Ref: Name(t) + ":latest", Cmd: []string{"sh"}, Files: BusyBoxFiles(t)})
}

// BusyBoxFiles are the files of BusyBox's image, to add one's own to.
func BusyBoxFiles(t testing.TB) []File {
	t.Helper()
	path := os.Getenv("SLIPWAY_BUSYBOX")
	if path == "" {
		path = "/bin/busybox"
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no static BusyBox for test images (apt-get install busybox-static): %v", err)
	}
	applets, err := exec.CommandContext(t.Context(), path, "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := []File{
		{Path: "bin/busybox", Mode: 0o755, Data: binary},
		{Path: "etc/passwd", Mode: 0o644, Data: []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")},
		{Path: "etc/group", Mode: 0o644, Data: []byte("root:x:0:\nnogroup:x:65534:\n")},
		{Path: "root/", Mode: 0o700},
		{Path: "tmp/", Mode: 0o1777},
	}
	for _, applet := range strings.Fields(string(applets)) {
		if applet != "busybox" {
			files = append(files, File{Path: "bin/" + applet, Link: "/bin/busybox"})
		}
	}
	return files
}

// Load makes an image of spec on the engine, and removes it after the test.
func Load(t testing.TB, engine docker.Engine, spec Spec) (ref string) {
	t.Helper()
	if _, err := engine.ImageLoad(t.Context(), Archive(t, spec)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.ImageRemove(context.Background(), spec.Ref, true) })
	return spec.Ref
}

// Create creates a container with a name of its own and removes it after the test. args are what follows the image.
func Create(t testing.TB, engine docker.Engine, image string, args ...string) (id string) {
	t.Helper()
	return CreateWith(t, engine, nil, image, args...)
}

// CreateWith is Create with options, which stand before the image.
func CreateWith(t testing.TB, engine docker.Engine, options []string, image string, args ...string) (id string) {
	t.Helper()
	argv := append([]string{"--name=" + Name(t), "--pull=never"}, options...)
	id, err := engine.Create(t.Context(), append(append(argv, image), args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Remove(context.Background(), id) })
	return id
}

// Eventually waits until check is true, and fails the test with what when it is not within Patience.
func Eventually(t testing.TB, what string, check func() bool) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for !check() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
		<-time.After(5 * time.Millisecond)
	}
}
