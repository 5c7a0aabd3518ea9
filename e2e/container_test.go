package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inContainers is Slipway as two containers of one image, started and replaced
// by contrib/containers.sh.
type inContainers struct {
	*installation
	name   string // of the control plane's container
	images []string
}

func (c *inContainers) script(args ...string) error {
	cmd := c.command("../contrib/containers.sh", args...)
	cmd.Dir = ""
	cmd.Env = append(cmd.Env, "SLIPWAY_NAME="+c.name, "SLIPWAY_DEFAULTS=/dev/null")
	return run(cmd)
}

func (c *inContainers) container(of string) string {
	if of == "proxy" {
		return c.name + "-proxy"
	}
	return c.name
}

func (c *inContainers) dokku(args ...string) *exec.Cmd {
	return exec.Command("docker", append([]string{"exec", "--interactive", c.name, "dokku"}, args...)...)
}

func (c *inContainers) restart(name string) error {
	if err := run(exec.Command("docker", "restart", c.container(name))); err != nil {
		return err
	}
	return c.healthy(name)
}

// kill ends the process as a crash does: the engine has to start it again.
func (c *inContainers) kill(name string) error {
	pid, err := exec.Command("docker", "inspect", "--format", "{{.State.Pid}} {{.State.StartedAt}}", c.container(name)).Output()
	if err != nil {
		return err
	}
	if err := run(exec.Command("kill", "-KILL", strings.Fields(string(pid))[0])); err != nil {
		return err
	}
	if err := await(10*time.Second, func() (bool, error) {
		now, err := exec.Command("docker", "inspect", "--format", "{{.State.Pid}} {{.State.StartedAt}}", c.container(name)).Output()
		return string(now) != string(pid), err
	}); err != nil {
		return fmt.Errorf("%s was not started again: %w", name, err)
	}
	return c.healthy(name)
}

func (c *inContainers) healthy(name string) error {
	var last error
	err := await(20*time.Second, func() (bool, error) {
		last = run(exec.Command("docker", "exec", c.container(name), "slipwayd", "health"))
		return last == nil, nil
	})
	return errors.Join(err, last)
}

// replace upgrades both, as operators do: once for each of the two.
func (c *inContainers) replace(string) error {
	before := c.image("proxy")
	next := c.images[0]
	if before == next {
		next = c.images[1]
	}
	if err := c.script("upgrade", next); err != nil {
		return err
	}
	for _, name := range []string{"serve", "proxy"} {
		if got := c.image(name); got != next {
			return fmt.Errorf("after the upgrade %s is of %s, want %s", name, got, next)
		}
	}
	return nil
}

func (c *inContainers) image(of string) string {
	out, err := exec.Command("docker", "inspect", "--format", "{{.Config.Image}}", c.container(of)).Output()
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}

// buildImage makes an image of the programs under test for each version.
func buildImage(t *testing.T, name string, versions ...string) (images []string) {
	t.Helper()
	bin, err := filepath.EvalSymlinks(filepath.Join(binaries, "slipwayd"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, image := range append(images, name+":latest") {
			exec.Command("docker", "rmi", image).Run()
		}
	})
	for _, version := range versions {
		cmd := exec.Command("../hack/image")
		cmd.Env = append(os.Environ(), "SLIPWAY_BIN="+filepath.Dir(bin), "SLIPWAY_IMAGE="+name, "VERSION="+version)
		if err := run(cmd); err != nil {
			t.Fatal(err)
		}
		images = append(images, name+":"+version)
	}
	return images
}

// newContainers is newInstallation in containers.
func newContainers(t *testing.T, images []string) *inContainers {
	t.Helper()
	dir, err := os.MkdirTemp("", "sw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	in, err := prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := &inContainers{installation: in, name: in.instance + "-slipway", images: images}
	t.Cleanup(func() {
		if t.Failed() {
			for _, name := range []string{"serve", "proxy"} {
				out, _ := exec.Command("docker", "logs", c.container(name)).CombinedOutput()
				t.Logf("log of %s:\n%s", name, out)
			}
		}
		if err := c.script("stop"); err != nil {
			t.Error(err)
		}
		in.remove()
	})
	start := time.Now()
	if err := c.script("start", c.images[0]); err != nil {
		t.Fatal(err)
	}
	t.Logf("both containers answer after %s", time.Since(start).Round(time.Millisecond))
	if err := in.dokku("domains:set-global", "e2e.localhost"); err != nil { // the host's client, by the shared socket
		t.Fatal(err)
	}
	return c
}

// TestInContainers runs everything with one image.
func TestInContainers(t *testing.T) {
	images := buildImage(t, fmt.Sprintf("slipway-e2e-%d", os.Getpid()), "1", "2")
	t.Run("smoke", func(t *testing.T) {
		c := newContainers(t, images)
		smoke(t, c.installation, c)
	})
	t.Run("upgrade", func(t *testing.T) {
		c := newContainers(t, images)
		t.Run("to an image that does not work is taken back", c.testBrokenImage)
		t.Run("newer state is refused", c.testNewerState)
	})
	t.Run("without its folders it does not start", func(t *testing.T) { testFolders(t, images[0]) })
}

func (c *inContainers) testBrokenImage(t *testing.T) {
	broken := "slipway-" + c.instance + ":broken"
	cmd := exec.Command("docker", "build", "--quiet", "--tag", broken, "-")
	cmd.Stdin = strings.NewReader("FROM " + c.images[0] + "\nENTRYPOINT [\"false\"]\n")
	if err := run(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { exec.Command("docker", "rmi", broken).Run() })
	if err := c.script("upgrade", broken); err == nil || !strings.Contains(err.Error(), "The old control plane runs again") {
		t.Errorf("upgrade to a broken image: %v", err)
	}
	for _, name := range []string{"serve", "proxy"} {
		if got := c.image(name); got != c.images[0] {
			t.Errorf("%s is of %s, want %s", name, got, c.images[0])
		}
		if err := c.healthy(name); err != nil {
			t.Error(err)
		}
	}
}

// testNewerState goes back to a version that does not know the state.
func (c *inContainers) testNewerState(t *testing.T) {
	if err := c.script("stop"); err != nil {
		t.Fatal(err)
	}
	version := c.lib("data", "slipway", "state-version")
	if err := os.WriteFile(version, []byte("999\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.script("start", c.images[0]); err == nil || !strings.Contains(err.Error(), "was written by a newer Slipway (state version 999") {
		t.Errorf("start with a newer state: %v", err)
	}
	if left, err := exec.Command("docker", "ps", "-aq", "--filter", "name="+c.name).Output(); err != nil || len(left) > 0 {
		t.Errorf("containers are left over: %s %v", left, err)
	}
}

// testFolders starts containers without what they need.
func testFolders(t *testing.T, image string) {
	for want, args := range map[string][]string{
		"the state folder /home/dokku is not mounted":       {image, "serve"},
		"the state folder /home/dokku is a Docker volume":   {"--volume", "/home/dokku", image, "serve"},
		"neither the control plane nor the proxy runs here": {image, "health"},
	} {
		args = append([]string{"run", "--rm", "--network", "none"}, args...)
		out, err := exec.Command("docker", args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("docker %s: %v\n%s\nwant %q", strings.Join(args, " "), err, out, want)
		}
	}
}
