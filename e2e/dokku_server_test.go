package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/plugins/migrate/dokkutree"
)

// dokkuServer is a machine with apps that a Dokku deployed:
//
//	blog   of a Dockerfile, with a web and a worker, a domain, a certificate and a mount
//	shop   of herokuish
//	rest   stopped by ps:stop
//	draft  never deployed, and locked
//
// What answers for them on port 80 stands for nginx. Slipway's programs are there, and none of them runs.
type dokkuServer struct {
	*installation
	t      *testing.T
	tree   dokkutree.Tree
	before map[string]string // container IDs by name, with the time of their start
	nginx  *exec.Cmd
	serial *big.Int // of blog's certificate
}

// herokuishFiles make an image that stands for one of herokuish: /start loads what Dokku has written of the config into the
// image. Source: Dokku plugins/builder-herokuish/builder-release.
var herokuishFiles = map[string]string{
	"Dockerfile": `FROM busybox:stable
COPY testapp version start /
COPY Procfile /app/
COPY 01-app-env.sh /app/.profile.d/
ENV USER=herokuishuser
`,
	"Procfile":      "web: serve\n",
	"01-app-env.sh": "export GREETING='of the old config'\n",
	"start":         "#!/bin/sh\nfor file in /app/.profile.d/*.sh; do [ ! -e \"$file\" ] || . \"$file\"; done\nexec /testapp \"$@\"\n",
}

func newDokkuServer(t *testing.T, version, init string) *dokkuServer {
	t.Helper()
	m := newMachine(t, init)
	s := &dokkuServer{installation: m.installation(t), t: t}
	s.tree = dokkutree.Tree{At: m.root, Root: "/home/dokku", Lib: "/var/lib/dokku", Version: version}
	s.must(s.tree.Lay())
	s.must(s.authorize("admin", "user"))
	s.layApps()
	for path, text := range map[string]string{
		// A plugin of the community, which goes on working with Slipway's functions.
		"/var/lib/dokku/plugins/available/postgres/subcommands/hello": "#!/usr/bin/env bash\nset -eo pipefail\nsource \"$PLUGIN_CORE_AVAILABLE_PATH/common/functions\"\ndokku_log_info1 \"hello $(cat \"$PLUGIN_CORE_AVAILABLE_PATH/config/whose\" 2>/dev/null || echo Slipway)\"\n",
		"/var/lib/dokku/core-plugins/available/config/whose":          "Dokku\n",
		"/var/lib/dokku/core-plugins/available/common/functions":      "dokku_log_info1() { echo \"-----> $*\"; }\n",
		"/var/lib/dokku/core-plugins/config.toml":                     "",
		"/usr/bin/dokku":                 "#!/usr/bin/env bash\necho \"dokku version " + version + "\"\n",
		"/var/spool/cron/crontabs/dokku": "PATH=/usr/local/bin:/usr/bin:/bin\nSHELL=/bin/bash\n0 5 * * * dokku cron:run blog mv9ab1\n",
		"/etc/cron.d/dokku-retire":       "*/5 * * * * dokku /usr/bin/dokku ps:retire >> /var/log/dokku/retire.log 2>&1\n",
		"/etc/nginx/conf.d/dokku.conf":   "include /home/dokku/*/nginx.conf;\n",
	} {
		s.must(errors.Join(os.MkdirAll(filepath.Dir(m.path(path)), 0o755), os.WriteFile(m.path(path), []byte(text), 0o755)))
	}
	s.must(run(m.command("chown", "-R", "dokku:dokku", "/home/dokku", "/var/lib/dokku")))
	s.must(run(exec.Command("cp", filepath.Join(binaries, "testapp"), m.path("/usr/sbin/nginx"))))
	if init == "systemd" {
		s.startUnits()
	} else {
		s.startNginx()
	}
	s.before = s.running()
	return s
}

func (s *dokkuServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// layApps starts what the apps run, and writes what Dokku knows of them.
func (s *dokkuServer) layApps() {
	s.t.Helper()
	r := newRepository(s.t, s.installation, "blog")
	s.must(os.WriteFile(filepath.Join(r.dir, "Procfile"), []byte("web: /testapp\nworker: /testapp idle\n"), 0o644))
	r.commit(s.t, "one")
	s.image("blog", "dockerfile", r.dir)
	bare := filepath.Join(s.dir, "bare")
	s.must(run(s.command("git", "clone", "--bare", "--quiet", r.dir, bare)))
	s.must(s.loadImage("busybox:stable"))
	shop := filepath.Join(s.dir, "shop")
	s.must(writeTestapp(shop, "shop"))
	for name, text := range herokuishFiles {
		s.must(os.WriteFile(filepath.Join(shop, name), []byte(text), 0o755))
	}
	s.image("shop", "herokuish", shop)
	s.image("rest", "dockerfile", r.dir)

	cert, key := s.certificate("blog.example.com")
	env := map[string]string{"GREETING": `it's "fine"`, "GIT_REV": "a1"}
	shopEnv := map[string]string{"GREETING": "of the old config"}
	options := map[string]string{"deploy": "-v /var/lib/dokku/data/storage/blog:/uploads\n"}
	if s.tree.Version < "0.38" {
		env["DOKKU_WAIT_TO_RETIRE"] = "45"
		shopEnv["DOKKU_APP_TYPE"] = "herokuish"
		options["deploy"] += "--restart=on-failure:20\n"
	} else {
		s.property("builder", "shop", "detected", "herokuish")
	}
	for _, app := range []dokkutree.App{
		{
			Name: "blog", Env: env, Domains: []string{"blog.example.com"}, Scale: []string{"web=1", "worker=1"}, Options: options, Cert: cert, Key: key, Repository: bare,
			Containers: []dokkutree.Container{s.container("blog", "web.1", "dockerfile"), s.container("blog", "worker.1", "dockerfile", "/testapp", "idle")},
		},
		{
			Name: "shop", Env: shopEnv, Domains: []string{"shop.example.com"}, Scale: []string{"web=1"}, OldScale: s.tree.Version < "0.38",
			Containers: []dokkutree.Container{s.container("shop", "web.1", "herokuish", "/start", "web")},
		},
		{Name: "rest", Domains: []string{"rest.example.com"}, Scale: []string{"web=1"}, Stopped: true, Containers: []dokkutree.Container{s.container("rest", "web.1", "dockerfile")}},
		{Name: "draft", Domains: []string{"draft.example.com"}, Scale: []string{"web=1"}, Locked: true},
	} {
		s.must(s.tree.App(app))
	}
	s.must(run(s.command("docker", "stop", "rest.web.1")))
	s.must(os.MkdirAll(s.lib("data", "ps", "blog"), 0o755))
	s.must(os.WriteFile(s.lib("data", "ps", "blog", "Procfile"), []byte("web: /testapp\nworker: /testapp idle\n"), 0o644))
	if s.tree.Version >= "0.38" { // what was restored from a backup of an older one
		s.must(os.WriteFile(filepath.Join(s.dir, "home", "blog", "ENV"), []byte("export GREETING='old'\n"), 0o600))
	}
}

// loadImage takes an image over from this machine's engine.
func (s *dokkuServer) loadImage(name string) error {
	load := s.command("docker", "load", "--quiet")
	save := exec.Command("docker", "save", name)
	var err error
	if load.Stdin, err = save.StdoutPipe(); err != nil {
		return err
	}
	if err := save.Start(); err != nil {
		return err
	}
	return errors.Join(run(load), save.Wait())
}

// property writes a property as Dokku does.
func (s *dokkuServer) property(plugin, app, key, value string) {
	s.t.Helper()
	path := s.lib("config", plugin, app, key)
	s.must(errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(value), 0o600)))
}

// image builds dokku/APP:latest with the labels that Dokku gives it.
func (s *dokkuServer) image(app, builder, dir string) {
	s.t.Helper()
	cmd := s.command("docker", "build", "--quiet", "--tag", "dokku/"+app+":latest", "--label", "com.dokku.image-stage=release", "--label", "com.dokku.app-name="+app,
		"--label", "com.dokku.builder-type="+builder, "--label", "org.label-schema.vendor=dokku", "--label", "org.label-schema.schema-version=1.0", dir)
	cmd.Env = append(cmd.Env, "DOCKER_BUILDKIT=0")
	s.must(run(cmd))
}

// container starts a container as Dokku's scheduler-docker-local does.
func (s *dokkuServer) container(app, dyno, builder string, argv ...string) dokkutree.Container {
	s.t.Helper()
	process, _, _ := strings.Cut(dyno, ".")
	args := []string{
		"run", "--detach", "--name", app + "." + dyno, "--init", "--restart=on-failure:10", "--log-opt=max-size=10m", "--env=PORT=5000", "--env=DYNO=" + dyno,
		"--label=dokku", "--label=org.label-schema.schema-version=1.0", "--label=org.label-schema.vendor=dokku", "--label=com.dokku.app-name=" + app,
		"--label=com.dokku.image-stage=release", "--label=com.dokku.builder-type=" + builder, "--label=com.dokku.container-type=deploy",
		"--label=com.dokku.process-type=" + process, "--label=com.dokku.dyno=" + dyno, "dokku/" + app + ":latest",
	}
	id, err := s.command("docker", append(args, argv...)...).Output()
	s.must(err)
	ip, err := s.command("docker", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", strings.TrimSpace(string(id))).Output()
	s.must(err)
	return dokkutree.Container{Dyno: dyno, ID: strings.TrimSpace(string(id)), IP: strings.TrimSpace(string(ip)), Port: 5000}
}

// certificate makes one for a host, signed by itself.
func (s *dokkuServer) certificate(host string) (cert, key string) {
	s.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	s.serial = big.NewInt(time.Now().UnixNano())
	template := &x509.Certificate{SerialNumber: s.serial, Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	s.must(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	s.must(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// startNginx starts what stands for it and waits until it answers.
func (s *dokkuServer) startNginx() {
	s.t.Helper()
	s.nginx = s.command("nginx")
	s.must(s.nginx.Start())
	nginx := s.nginx
	s.t.Cleanup(func() { nginx.Process.Kill() })
	s.must(await(10*time.Second, func() (bool, error) { return s.answers("blog") == "nginx", nil }))
}

// units are what Dokku, and nginx, have on a machine with systemd. Source: Dokku plugins/00_dokku-standard/install,
// plugins/scheduler-docker-local/install.
var units = map[string]string{
	"dokku-redeploy.service": "[Unit]\nDescription=Dokku app redeploy service\n[Service]\nType=simple\nUser=dokku\nExecStart=/usr/bin/dokku ps:restore --parallel -1\n[Install]\nWantedBy=docker.service\n",
	"dokku-retire.service":   "[Unit]\nDescription=Dokku retire service\n[Service]\nType=oneshot\nUser=dokku\nExecStart=/usr/bin/dokku ps:retire\nSuccessExitStatus=137\n[Install]\nWantedBy=docker.service\n",
	"dokku-retire.timer":     "[Unit]\nDescription=Run dokku-retire.service every 5 minutes\n[Timer]\nOnCalendar=*:0/5\n[Install]\nWantedBy=timers.target\n",
	"nginx.service":          "[Service]\nExecStart=/usr/sbin/nginx\nExecStop=/usr/sbin/nginx -s quit\n[Install]\nWantedBy=multi-user.target\n",
}

// startUnits installs the units of Dokku, nginx and Slipway, and starts them as they are on a Dokku machine that Slipway was
// just installed on.
func (s *dokkuServer) startUnits() {
	s.t.Helper()
	for name, text := range units {
		s.must(os.WriteFile(s.machine.path("/etc/systemd/system/"+name), []byte(text), 0o644))
	}
	s.must(run(exec.Command("cp", "../contrib/systemd/slipwayd.service", "../contrib/systemd/slipway-proxy.service", s.machine.path("/etc/systemd/system/"))))
	s.must(run(s.command("systemctl", "daemon-reload")))
	s.must(run(s.command("systemctl", "enable", "--now", "--quiet", "dokku-redeploy.service", "dokku-retire.service", "dokku-retire.timer", "nginx.service", "slipwayd.service", "slipway-proxy.service")))
	s.must(await(10*time.Second, func() (bool, error) { return s.answers("blog") == "nginx", nil }))
}

// quitNginx is what the operator does where there is no systemd.
func (s *dokkuServer) quitNginx() {
	s.t.Helper()
	s.must(run(s.command("nginx", "-s", "quit")))
	s.must(awaitEnd(s.nginx))
}

// answers is the program that answers for an app, "" when the app does not.
func (s *dokkuServer) answers(app string) string {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://127.0.0.1/", nil)
	s.must(err)
	req.Host = app + ".example.com"
	client := &http.Client{Transport: s.transport(true), Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode != http.StatusOK:
		return ""
	case resp.Header.Get("Server") == "nginx":
		return "nginx"
	}
	return "slipway"
}

// served asks over HTTPS which certificate blog has.
func (s *dokkuServer) served(host string) (*big.Int, error) {
	conn, err := s.dial(s.t.Context(), "tcp", "127.0.0.1:443")
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: host, InsecureSkipVerify: true}) //nolint:gosec // it is signed by itself
	defer secure.Close()
	if err := secure.HandshakeContext(s.t.Context()); err != nil {
		return nil, err
	}
	return secure.ConnectionState().PeerCertificates[0].SerialNumber, nil
}

// running are the containers of apps that run, with ID and time of start.
func (s *dokkuServer) running() map[string]string {
	s.t.Helper()
	ids, err := s.command("docker", "ps", "--quiet", "--no-trunc").Output()
	s.must(err)
	all := map[string]string{}
	for id := range strings.FieldsSeq(string(ids)) {
		out, err := s.command("docker", "inspect", "--format", "{{.Name}} {{.Id}} {{.State.StartedAt}}", id).Output()
		if err != nil {
			continue // it was retired meanwhile
		}
		name, rest, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
		all[name] = rest
	}
	return all
}

// untouched makes sure that the containers of the beginning run, and were not restarted.
func (s *dokkuServer) untouched(t *testing.T) {
	t.Helper()
	if now := s.running(); fmt.Sprint(now) != fmt.Sprint(s.before) {
		t.Errorf("the containers that run are\n%v\nwere\n%v", now, s.before)
	}
}

// says runs a command of root that has to succeed, and returns what it says.
func (s *dokkuServer) says(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// refuses runs a command of root that has to fail.
func (s *dokkuServer) refuses(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(args[0], args[1:]...).CombinedOutput()
	if err == nil {
		t.Errorf("%s succeeds:\n%s", strings.Join(args, " "), out)
	}
	return string(out)
}

// ofSlipway are the paths below /var/lib/dokku that no Dokku has.
var ofSlipway = []string{"run", ".slipwayd.lock", "data/slipway", "data/ssh", "data/proxy", "data/deploys", "data/releases", "backups"}

// files are both state folders and the host's files that belong to Dokku, as they are: a line for each path with kind, mode,
// owner, time (of files), and what is in it.
func (s *dokkuServer) files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{"/home/dokku", "/var/lib/dokku", "/usr/bin/dokku", "/var/spool/cron", "/etc/cron.d", "/etc/nginx"} {
		err := filepath.WalkDir(s.machine.path(root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(path, s.machine.root)
			if rel, ours := strings.CutPrefix(name, "/var/lib/dokku/"); ours && slices.Contains(ofSlipway, rel) {
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			owner := info.Sys().(*syscall.Stat_t)
			line := fmt.Sprint(info.Mode(), owner.Uid, owner.Gid)
			switch {
			case info.Mode().IsRegular():
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				line += fmt.Sprintf(" %d %d %x", info.ModTime().UnixNano(), len(text), sha256.Sum256(text))
			case info.Mode()&fs.ModeSymlink != 0:
				target, err := os.Readlink(path)
				if err != nil {
					return err
				}
				line += " " + target
			}
			all[name] = line
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// differences are the paths that two states of the files do not share.
func differences(before, now map[string]string) []string {
	var all []string
	for path, line := range before {
		if now[path] != line {
			all = append(all, fmt.Sprintf("%s: %s, was %s", path, now[path], line))
		}
	}
	for path, line := range now {
		if _, had := before[path]; !had {
			all = append(all, fmt.Sprintf("%s: %s, is new", path, line))
		}
	}
	slices.Sort(all)
	return all
}

func (s *dokkuServer) same(t *testing.T, what string, before map[string]string) {
	t.Helper()
	if diff := differences(before, s.files(t)); len(diff) > 0 {
		t.Errorf("%s, %d files are not as they were:\n%s", what, len(diff), strings.Join(diff[:min(10, len(diff))], "\n"))
	}
}
