package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// containers lists the names of the installation's containers, with all those
// that do not run too; more filters are as of `docker ps`.
func (in *installation) containers(all bool, filters ...string) ([]string, error) {
	args := []string{"ps", "--format", "{{.Names}}", "--filter", "label=com.slipway.instance=" + in.instance}
	if all {
		args = append(args, "-a")
	}
	for _, f := range filters {
		args = append(args, "--filter", f)
	}
	out, err := in.command("docker", args...).Output()
	if err != nil {
		return nil, fmt.Errorf("docker %s: %w", strings.Join(args, " "), err)
	}
	return strings.Fields(string(out)), nil
}

// awaitRunning waits until so many containers of a process type run.
func (in *installation) awaitRunning(app, process string, want int) error {
	var got []string
	err := await(20*time.Second, func() (done bool, err error) {
		got, err = in.containers(false, "label=com.dokku.app-name="+app, "label=com.dokku.process-type="+process)
		return len(got) == want, err
	})
	if err != nil {
		return fmt.Errorf("want %d containers of %s.%s running, there are %v: %w", want, app, process, got, err)
	}
	return nil
}

// tidy waits until nothing is left of a deploy: no journal, no tree of the
// source, no container but the app's live ones and those kept for logs:failed.
func (in *installation) tidy(app string) error {
	var left []string
	err := await(20*time.Second, func() (bool, error) {
		left = nil
		names, err := in.containers(true, "label=com.dokku.app-name="+app)
		if err != nil {
			return false, err
		}
		for _, n := range names {
			rest, ok := strings.CutPrefix(n, in.instance+"-"+app+".")
			if !ok || strings.Count(rest, ".") > 1 && !strings.Contains(rest, ".failed-") {
				left = append(left, n)
			}
		}
		for _, pattern := range []string{in.lib("data", "deploys", app+".json"), in.lib("data", "deploys", "*.env"), filepath.Join(in.tmp(), "slipway-*")} {
			files, err := filepath.Glob(pattern)
			if err != nil {
				return false, err
			}
			left = append(left, files...)
		}
		return len(left) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("left over of %s: %v: %w", app, left, err)
	}
	return nil
}

// await polls until done or an error; it gives up after d.
func await(d time.Duration, done func() (bool, error)) error {
	for deadline := time.Now().Add(d); ; time.Sleep(20 * time.Millisecond) {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s", d)
		}
	}
}

// writeTestapp puts the test app into a folder, with a Dockerfile unless there
// is one.
func writeTestapp(dir, version string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if app := filepath.Join(dir, "testapp"); !fileExists(app) {
		if err := os.Link(filepath.Join(binaries, "testapp"), app); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "version"), []byte(version+"\n"), 0o644); err != nil {
		return err
	}
	if dockerfile := filepath.Join(dir, "Dockerfile"); !fileExists(dockerfile) {
		return os.WriteFile(dockerfile, []byte("FROM scratch\nCOPY testapp version /\nCMD [\"/testapp\"]\n"), 0o644)
	}
	return nil
}
