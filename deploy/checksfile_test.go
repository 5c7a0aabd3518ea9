package deploy_test

import (
	"os"
	"strings"
	"testing"
)

// Dokku still reads the file that health checks were in before app.json.
func TestChecksFileIsReadAndKept(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("checks:enable", "blog")
	w.must("config:set", "--no-restart", "blog", "WORD=s3cret")
	checks := "ATTEMPTS=1\nTIMEOUT=1\n/health {{ var \"WORD\" }}\n"
	out, err := w.deploy("blog", map[string]string{"Procfile": "web: serve\n", "CHECKS": checks})
	if err == nil || !strings.Contains(out, "Running healthcheck name='check-1' delay=0 path='/health' retries=0 timeout=1 type='path'") {
		t.Fatalf("%v\n%s", err, out)
	}
	w.must("checks:skip", "blog")
	out, err = w.deploy("blog", map[string]string{"Procfile": "web: serve\n", "CHECKS": checks})
	if err != nil || !strings.Contains(out, "Deprecated: Usage of the CHECKS file is deprecated in favor of healthchecks in app.json") {
		t.Fatalf("%v\n%s", err, out)
	}
	path := w.host.Store.LibPath("data", "scheduler-docker-local", "blog", "CHECKS")
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "/health s3cret\n") {
		t.Errorf("kept: %q, %v", text, err)
	}
	// Security: config vars are in it.
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	w.mustDeploy("blog", procfile)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a deploy without the file leaves it: %v", err)
	}
	out, err = w.deploy("blog", map[string]string{"Procfile": "web: serve\n", "CHECKS": "WAIT=soon\n"})
	if err == nil || err.Error() != `Invalid CHECKS: line 1: WAIT must be a whole number, not "soon"` {
		t.Errorf("%v\n%s", err, out)
	}
}
