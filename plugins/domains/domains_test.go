package domains_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/config"
	"github.com/slipwayhq/slipway/plugins/domains"
	"github.com/slipwayhq/slipway/proxy"
)

func TestStories(t *testing.T) { plugintest.Run(t, domains.Plugin, config.Plugin) }

// In a demo the proxy is not at port 80.
func TestURLsShowThePublicPort(t *testing.T) {
	w := plugintest.Make(t, domains.Plugin, config.Plugin)
	w.Host.PublicPort = func(port int) int { return map[int]int{80: 8080, 443: 8443, 9000: 9000}[port] }
	w.Answers["ports-get"] = "http:80:5000\nhttps:443:5000\nhttp:9000:9000"
	if err := w.Host.Store.WriteLines(w.Host.Store.RootPath("blog", "VHOST"), []string{"blog.localhost"}, 0o644); err != nil {
		t.Fatal(err)
	}
	want := "http://blog.localhost:8080\nhttp://blog.localhost:9000\nhttps://blog.localhost:8443\n"
	if r := w.Dokku("urls", "blog"); r.Stdout != want {
		t.Errorf("got %+v", r)
	}
}

// Without any name the machine's own is shown.
func TestURLOfAMachineWithoutNames(t *testing.T) {
	w := plugintest.Make(t, domains.Plugin, config.Plugin)
	w.Answers["ports-get"] = "http:31234:5000"
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("blog"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := w.Dokku("url", "blog"); r.Code != 0 || !strings.HasPrefix(r.Stdout, "http://") || !strings.HasSuffix(r.Stdout, ":31234\n") {
		t.Errorf("got %+v", r)
	}
}

func TestOnlyOneOfManyAppsGetsADomain(t *testing.T) {
	w := plugintest.Make(t, domains.Plugin, config.Plugin)
	const apps = 8
	for i := range apps {
		if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("app"+strconv.Itoa(i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := 0
	for i := range apps {
		wg.Go(func() {
			if w.Dokku("domains:add", "app"+strconv.Itoa(i), "example.com").Code == 0 {
				mu.Lock()
				got++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got != 1 {
		t.Errorf("%d apps got the domain", got)
	}
}

func TestHost(t *testing.T) {
	for in, want := range map[string]string{
		"example.com": "example.com", "WWW.Example.COM": "www.example.com", "*.example.com": "*.example.com",
		"192.0.2.1": "192.0.2.1", "localhost": "localhost", "a_b.example.com": "a_b.example.com", "xn--bcher-kva.example": "xn--bcher-kva.example",
		".Example.com": ".example.com", "_": "_",
	} {
		if got, err := domains.ParseHost(in); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", ".", "..a", ".*.a", ".192.0.2.1", "a..b", "-a.com", "a-.com", "a b", "a/b", "http://a.com", "a.com:80", "*", "*a.com", "a.*.com", "**.com", "bücher.example",
		"a\n.com", "a.com.", "$(x).com", "../x", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 130) + "com",
	} {
		if got, err := domains.ParseHost(in); err == nil || err.Error() != in+" is invalid. exiting..." {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

// ".example.com" stands for example.com and all below it, as nginx has it, and
// nobody else may have one of these.
func TestDomainForItselfAndAllBelow(t *testing.T) {
	w := plugintest.Make(t, domains.Plugin, config.Plugin)
	for _, app := range []string{"alpha", "beta"} {
		if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir(app), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.Dokku("domains:add", "alpha", ".example.com"); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	for _, taken := range []string{"example.com", "*.example.com", ".example.com"} {
		if r := w.Dokku("domains:add", "beta", taken); r.Code == 0 || !strings.Contains(r.Stderr, taken+" already belongs to the app alpha") {
			t.Errorf("%s: %+v", taken, r)
		}
	}
	if r := w.Dokku("domains:add", "beta", "www.example.com"); r.Code != 0 {
		t.Errorf("%+v", r)
	}
	w.Answers["ports-get"] = "http:80:5000"
	if r := w.Dokku("urls", "alpha"); r.Stdout != "http://example.com\n" {
		t.Errorf("%+v", r)
	}
}

func FuzzHost(f *testing.F) {
	for _, s := range []string{"example.com", "*.a", "A.b", "-", "a..b", "192.0.2.1", "[::1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, err := domains.ParseHost(s)
		if err != nil {
			return
		}
		if !proxy.ValidHost(string(host)) || strings.ContainsAny(string(host), " \n\t/:\\\"'$`;|&<>(){}[]") {
			t.Fatalf("%q is not a host", host)
		}
		if again, err := domains.ParseHost(string(host)); err != nil || again != host {
			t.Fatalf("%q became %q: %v", host, again, err)
		}
	})
}
