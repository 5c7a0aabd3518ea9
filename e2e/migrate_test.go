package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Dokku is looked at, taken over, used and given back, with its apps under load all the time.
func TestMigrate(t *testing.T) {
	for _, version := range []string{"0.30.11", "0.38.27"} {
		t.Run(version, func(t *testing.T) {
			s := newDokkuServer(t, version, "")
			blog, shop := s.startLoad("blog.example.com", "/", "one"), s.startLoad("shop.example.com", "/", "shop")
			defer blog.stop()
			defer shop.stop()
			check := func() {
				t.Helper()
				blog.check(t)
				shop.check(t)
			}
			before := s.files(t)
			online := version >= "0.38"
			if online { // beside Dokku it touches nothing
				s.must(s.start("up"))
			}
			t.Run("check", func(t *testing.T) { s.testCheck(t, before) })
			t.Run("a deploy is under way", func(t *testing.T) { s.testDeployUnderWay(t, before) })
			check()

			s.takeOver(t)
			blog.forgiveConnections()
			shop.forgiveConnections()
			check()
			if out := s.says(t, "slipway", "migrate"); !strings.Contains(out, "There is nothing to do") {
				t.Errorf("the second time: %s", out)
			}
			s.untouched(t)
			t.Run("undo", func(t *testing.T) {
				s.giveBack(t)
				s.same(t, "after the undo", before)
				s.startNginx()
			})
			s.untouched(t)
			blog.forgiveConnections()
			shop.forgiveConnections()
			check()

			s.takeOver(t)
			blog.forgiveConnections()
			shop.forgiveConnections()
			t.Run("reports", s.testReports)
			check()
			t.Run("use", func(t *testing.T) { s.testUse(t, blog) })
			check()
			t.Run("undo after use", func(t *testing.T) { s.testUndoAfterUse(t, before) })
		})
	}
}

// testCheck looks, which changes nothing.
func (s *dokkuServer) testCheck(t *testing.T, before map[string]string) {
	out := s.says(t, "slipway", "migrate", "--check")
	wants := []string{
		"Dokku " + s.tree.Version + " in /home/dokku and /var/lib/dokku", "blog: web.1, worker.1", "draft: not deployed", "rest: web.1 (stopped)", "shop: web.1",
		"blog: What it runs becomes release v1, and is not restarted: web.1", "/usr/bin/dokku", "Take the crontab of user dokku out of cron (1 task in", "Take the retirement of containers out of cron (1 task in /etc/cron.d/dokku-retire)", "nginx -s quit",
		"It can go: slipway migrate", "Plugins of the community, which go on working: postgres\n", "Dokku's own plugins in /var/lib/dokku/core-plugins make way for Slipway's",
	}
	if s.tree.Version < "0.38" {
		wants = append(wants, "/home/dokku/blog/ENV moves to", "shop: DOKKU_SCALE becomes its scale: web=1", "DOKKU_WAIT_TO_RETIRE becomes the property wait-to-retire of checks: 45", "DOCKER_OPTIONS_DEPLOY becomes 1 docker options")
	}
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("--check does not say %q", want)
		}
	}
	var plan struct {
		Ready, Done bool
		Apps        []struct{ Name string }
	}
	text := s.says(t, "slipway", "migrate", "--check", "--format", "json")
	if err := json.Unmarshal([]byte(text), &plan); err != nil || !plan.Ready || plan.Done || len(plan.Apps) != 4 {
		t.Errorf("--check --format json: %v\n%s", err, text)
	}
	s.same(t, "after --check", before)
	if t.Failed() {
		t.Log(out)
	}
}

// testDeployUnderWay holds a lock as Dokku does.
func (s *dokkuServer) testDeployUnderWay(t *testing.T, before map[string]string) {
	path := s.machine.path("/home/dokku/blog/.deploy.lock")
	if s.tree.Version >= "0.34" {
		path = s.lib("data", "apps", "blog", ".deploy.lock")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	s.must(err)
	s.must(unix.Flock(int(f.Fd()), unix.LOCK_EX))
	for _, args := range [][]string{{"slipway", "migrate"}, {"slipway", "migrate", "--check"}} {
		if out := s.refuses(t, args...); !strings.Contains(out, "blog: A deploy is under way.") {
			t.Errorf("%v: %s", args, out)
		}
	}
	s.must(f.Close())
	s.must(os.Remove(path))
	s.same(t, "after it was refused", before)
	s.untouched(t)
}

// takeOver migrates, and does by hand what it says.
func (s *dokkuServer) takeOver(t *testing.T) {
	t.Helper()
	out := s.says(t, "slipway", "migrate")
	for _, want := range []string{"To do by hand now", "nginx -s quit", "This machine is Slipway's now"} {
		if !strings.Contains(out, want) {
			t.Errorf("migrate does not say %q:\n%s", want, out)
		}
	}
	s.untouched(t)
	if s.alive("up") == strings.Contains(out, "slipwayd does not run") {
		t.Errorf("slipwayd runs: %v\n%s", s.alive("up"), out)
	}
	s.quitNginx()
	start := time.Now()
	if !s.alive("up") {
		s.must(s.start("up"))
	}
	for _, app := range []string{"blog", "shop"} {
		if err := await(20*time.Second, func() (bool, error) { return s.answers(app) == "slipway", nil }); err != nil {
			t.Errorf("%s is not served: %v", app, err)
		}
	}
	t.Logf("Slipway answers %s after nginx has ended", time.Since(start).Round(time.Millisecond))
	s.untouched(t)
}

// giveBack undoes, and does by hand what it says.
func (s *dokkuServer) giveBack(t *testing.T, flags ...string) string {
	t.Helper()
	out := s.says(t, append([]string{"slipway", "migrate", "--undo"}, flags...)...)
	if !strings.Contains(out, "This machine is Dokku's again") {
		t.Errorf("undo: %s", out)
	}
	s.stop("up", syscall.SIGTERM)
	return out
}

func (s *dokkuServer) testReports(t *testing.T) {
	for command, wants := range map[string][]string{
		"ps:report blog":                   {"Running: true", "Status web 1: running", "Status worker 1: running"},
		"ps:report rest":                   {"Running: false", "Status web 1: exited"},
		"ps:scale shop":                    {"web: 1"},
		"apps:list":                        {"blog", "draft", "rest", "shop"},
		"apps:report draft":                {"App locked: true"},
		"logs blog":                        {"testapp listens on"},
		"domains:report blog":              {"blog.example.com"},
		"certs:report blog":                {"Ssl enabled: true", "Ssl hostnames: blog.example.com"},
		"config:get blog GREETING":         {`it's "fine"`},
		"storage:list blog":                {"/var/lib/dokku/data/storage/blog:/uploads"},
		"builder:report shop":              {"herokuish"},
		"releases blog":                    {"Taken over from Dokku"},
		"plugin:list":                      {"postgres"},
		"postgres:hello":                   {"-----> hello Slipway"},
		"git:report blog":                  {"main"},
		"config:get --global CURL_TIMEOUT": {"600"},
		"domains:report --global":          {"example.com"},
	} {
		out := oneSpace(s.says(t, append([]string{"dokku"}, strings.Fields(command)...)...))
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("dokku %s does not say %q:\n%s", command, want, out)
			}
		}
	}
	for link, want := range map[string]string{
		"plugins/enabled/config": "/var/lib/dokku/plugins/available/config", "plugins/available/config": "/var/lib/dokku/core-plugins/available/config",
		"plugins/enabled/postgres": "/var/lib/dokku/plugins/available/postgres", "core-plugins/available/config/config_sub": "/usr/local/bin/slipway",
	} {
		if target, err := os.Readlink(s.lib(link)); err != nil || target != want {
			t.Errorf("%s leads to %q (%v), want %s", link, target, err, want)
		}
	}
	if serial, err := s.served("blog.example.com"); err != nil || serial.Cmp(s.serial) != 0 {
		t.Errorf("the certificate served is %v, want %v: %v", serial, s.serial, err)
	}
	// The forced command of Dokku's authorized_keys, which the host's own sshd runs.
	out := s.says(t, "setpriv", "--reuid=dokku", "--regid=dokku", "--clear-groups", "env", "NAME=admin", "FINGERPRINT=SHA256:x", "SSH_ORIGINAL_COMMAND=apps:list",
		"bash", "-c", "$(cat /home/dokku/.sshcommand) $SSH_ORIGINAL_COMMAND")
	if !strings.Contains(out, "blog") {
		t.Errorf("the forced command: %s", out)
	}
}

// testUse deploys, configures and restarts what was taken over.
func (s *dokkuServer) testUse(t *testing.T, blog *load) {
	old := s.running()
	s.says(t, "dokku", "config:set", "blog", "ADDED=yes")
	now := s.running()
	for _, name := range []string{"/blog.web.1", "/blog.worker.1"} {
		if now[name] == old[name] || now[name] == "" {
			t.Errorf("config:set did not restart %s: %q, was %q", name, now[name], old[name])
		}
	}
	if now["/shop.web.1"] != old["/shop.web.1"] {
		t.Error("config:set of blog restarted shop")
	}
	if _, body, err := s.get(t.Context(), "shop.example.com", "/env/GREETING"); err != nil || body != "of the old config" {
		t.Errorf("shop answers %q %v", body, err)
	}
	s.says(t, "dokku", "config:set", "shop", "ADDED=yes", "GREETING=new")
	for path, want := range map[string]string{"blog /env/ADDED": "yes", "shop /env/ADDED": "yes", "shop /env/GREETING": "new", "blog /env/GREETING": `it's "fine"`} {
		app, path, _ := strings.Cut(path, " ")
		if status, body, err := s.get(t.Context(), app+".example.com", path); err != nil || status != 200 || body != want {
			t.Errorf("%s%s answers %d %q %v", app, path, status, body, err)
		}
	}
	r := repository{s.installation, "blog", s.dir + "/src-blog"}
	r.commit(t, "two")
	blog.want("one", "two")
	if out, err := r.push().CombinedOutput(); err != nil || !strings.Contains(string(out), "Application deployed") {
		t.Errorf("push: %v\n%s", err, out)
	}
	if err := await(10*time.Second, func() (bool, error) {
		_, body, err := s.get(t.Context(), "blog.example.com", "/")
		return strings.TrimSpace(body) == "two", err
	}); err != nil {
		t.Errorf("two is not served: %v", err)
	}
	blog.check(t)
	blog.want("one", "two")
	s.says(t, "dokku", "releases:rollback", "blog", "1")
	blog.check(t)
	s.says(t, "dokku", "ps:start", "rest")
	if status, body, err := s.get(t.Context(), "rest.example.com", "/"); err != nil || status != 200 {
		t.Errorf("rest answers %d %q %v", status, body, err)
	}
	s.says(t, "dokku", "ps:stop", "rest")
}

// testUndoAfterUse goes back although apps were deployed.
func (s *dokkuServer) testUndoAfterUse(t *testing.T, before map[string]string) {
	running := s.running()
	used := s.files(t)
	out := s.refuses(t, "slipway", "migrate", "--undo")
	for _, want := range []string{"blog: It was deployed and runs release v4", "shop: It was deployed and runs release v2", "blog: Changed:", "slipway migrate --undo --force"} {
		if !strings.Contains(out, want) {
			t.Errorf("undo does not say %q:\n%s", want, out)
		}
	}
	s.same(t, "after an undo that was refused", used)
	if out := s.giveBack(t, "--force"); !strings.Contains(out, "Other containers, or other addresses, than at the time of the backup: blog, rest, shop.") || !strings.Contains(out, "dokku proxy:build-config --all") {
		t.Errorf("undo does not say what to do with Dokku:\n%s", out)
	}
	var other []string
	for _, diff := range differences(before, s.files(t)) {
		path, _, _ := strings.Cut(diff, ": ")
		if !slices.ContainsFunc([]string{"CONTAINER.", "IP.", "PORT."}, func(kind string) bool { return strings.Contains(path, "/"+kind) }) {
			other = append(other, diff)
		}
	}
	if len(other) > 0 {
		t.Errorf("after the undo %d files differ:\n%s", len(other), strings.Join(other[:min(10, len(other))], "\n"))
	}
	if now := s.running(); fmt.Sprint(now) != fmt.Sprint(running) {
		t.Errorf("the undo changed what runs: %v, was %v", now, running)
	}
	id, err := os.ReadFile(s.machine.path("/home/dokku/blog/CONTAINER.web.1"))
	if err != nil || len(id) < 64 || !strings.Contains(running["/blog.web.1"], strings.TrimSpace(string(id))) {
		t.Errorf("Dokku's file names the container %q (%v), want %s", id, err, running["/blog.web.1"])
	}
}

// oneSpace is a text with one space wherever there are more.
func oneSpace(text string) string { return strings.Join(strings.Fields(text), " ") }
