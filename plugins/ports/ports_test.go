package ports_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/ports"
)

func TestStories(t *testing.T) { plugintest.Run(t, ports.Plugin) }

func TestAppWithoutDomainsGetsAPortOfItsOwn(t *testing.T) {
	w := plugintest.Make(t, ports.Plugin)
	w.Answers["domains-vhost-enabled"] = "!no domains"
	r := w.Fire("ports-configure", "blog")
	port, err := strconv.Atoi(strings.TrimSpace(w.Ask("ports-get-property", "blog", "proxy-port").Stdout))
	if err != nil || port <= 1024 {
		t.Fatalf("the port is %d: %v", port, err)
	}
	want := "-----> No port set, setting to random open high port\n-----> Random port " + strconv.Itoa(port) + "\n"
	if r.Stdout != want || r.Code != 0 {
		t.Errorf("got %+v", r)
	}
	if got := w.Ask("ports-get", "blog").Stdout; got != "http:"+strconv.Itoa(port)+":5000\n" {
		t.Errorf("it listens at %s", got)
	}
	w.Fire("ports-set-detected", "blog", "http:80:5000")
	if got := w.Ask("ports-get", "blog").Stdout; got != "http:"+strconv.Itoa(port)+":5000\n" {
		t.Errorf("after a build it listens at %s", got)
	}
	if r := w.Fire("ports-configure", "blog"); r.Stdout != "" {
		t.Errorf("a second time it gets another port: %+v", r)
	}

	// A clone must not listen at the same port.
	if err := w.Host.Store.CopyProperties("blog", "clone"); err != nil {
		t.Fatal(err)
	}
	w.Fire("post-app-clone-setup", "blog", "clone")
	if got := w.Ask("ports-get-property", "clone", "proxy-port").Stdout; got != "0\n" {
		t.Errorf("the clone has port %s", got)
	}
}

// Security: with its domains off an app must not answer to unknown hosts on the
// port that all apps share.
func TestAppWithoutDomainsLeavesTheSharedPort(t *testing.T) {
	w := plugintest.Make(t, ports.Plugin)
	w.Fire("ports-configure", "blog")
	if got := w.Ask("ports-get", "blog").Stdout; got != "http:80:5000\n" {
		t.Fatalf("it listens at %s", got)
	}
	w.Answers["domains-vhost-enabled"] = "!no domains"
	if r := w.Fire("post-domains-update", "blog", "disable"); r.Code != 0 || !strings.Contains(r.Stdout, "-----> Random port ") {
		t.Errorf("got %+v", r)
	}
	if got := w.Ask("ports-get", "blog").Stdout; strings.HasPrefix(got, "http:80:") {
		t.Errorf("it still listens at %s", got)
	}
	if r := w.Fire("post-domains-update", "fresh", "disable"); r.Stdout != "" {
		t.Errorf("an app without a port got one: %+v", r)
	}
}

func TestFreePortIsAbove1024(t *testing.T) {
	w := plugintest.Make(t, ports.Plugin)
	n, err := strconv.Atoi(strings.TrimSpace(w.Ask("ports-get-available").Stdout))
	if err != nil || n <= 1024 {
		t.Errorf("got %d, %v", n, err)
	}
}

func FuzzMapping(f *testing.F) {
	for _, s := range []string{"http:80:5000", "80", "udp:53:53", "http:+80:1", "a:b:c:d", "http:080:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ports.ParseMapping(s)
		if err != nil {
			return
		}
		if m.HostPort < 1 || m.HostPort > 65535 || m.ContainerPort < 1 || m.ContainerPort > 65535 {
			t.Fatalf("%q is %+v", s, m)
		}
		if again, err := ports.ParseMapping(m.String()); err != nil || again != m {
			t.Fatalf("%q became %v: %v", s, again, err)
		}
	})
}

// A port that the proxy cannot have stayed with the app, so that each later
// command of the app failed, ports:remove of another port included.
func TestRefusedMappingsAreTakenBack(t *testing.T) {
	w := plugintest.Make(t, ports.Plugin)
	if err := w.Host.Store.MakeAppDir("blog"); err != nil {
		t.Fatal(err)
	}
	w.Dokku("ports:set", "blog", "http:80:5000")
	w.Answers["proxy-build-config"] = "!port 8080 is taken"
	for _, line := range []string{"ports:add blog http:8080:5000", "ports:set blog tcp:22:22"} {
		if r := w.Dokku(strings.Fields(line)...); r.Code == 0 || !strings.Contains(r.Stderr, "port 8080 is taken") {
			t.Errorf("%s: %+v", line, r)
		}
		if got := w.Ask("ports-get", "blog").Stdout; got != "http:80:5000\n" {
			t.Errorf("%s left %s", line, got)
		}
	}
	w.Dokku("ports:remove", "blog", "80")
	if got := w.Dokku("ports:report", "blog", "--ports-map").Stdout; got != "\n" {
		t.Errorf("ports:remove was taken back: %q", got)
	}
}
