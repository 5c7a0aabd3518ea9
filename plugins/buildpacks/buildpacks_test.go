package buildpacks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/state"
)

// others declares the properties that this feature reads.
func others(*plugin.Host) plugin.Plugin {
	return plugin.Plugin{Name: "others", Properties: []state.Property{
		{Plugin: "app-json", Name: "appjson-path", Default: "app.json"}, {Plugin: "git", Name: "deploy-branch", Default: "master"},
	}}
}

func withGit(h *plugin.Host) plugin.Plugin {
	h.Exec = plugin.Exec{Env: []string{"PATH=" + os.Getenv("PATH")}}
	return Plugin(h)
}

func TestStories(t *testing.T) { plugintest.Run(t, others, withGit) }

func TestTheListIsWrittenIntoTheSource(t *testing.T) {
	const node, ruby = "https://github.com/heroku/heroku-buildpack-nodejs.git", "https://github.com/heroku/heroku-buildpack-ruby.git"
	for _, c := range []struct {
		what  string
		set   string
		files map[string]string
		want  string
	}{
		{"nothing", "", nil, ""},
		{"what was set", "heroku/nodejs", map[string]string{".buildpacks": "heroku/ruby\n", "app.json": `{"buildpacks":[{"url":"heroku/php"}]}`}, node + "\n"},
		{"app.json", "", map[string]string{"app.json": `{"buildpacks":[{"url":"heroku/nodejs"},{"url":"` + ruby + `"}]}`}, node + "\n" + ruby + "\n"},
		{"app.json before the source's own", "", map[string]string{".buildpacks": "heroku/ruby\n", "app.json": `{"buildpacks":[{"url":"heroku/nodejs"}]}`}, node + "\n"},
		{"the source's own", "", map[string]string{".buildpacks": "# why\n\nheroku/ruby\n"}, "# why\n\n" + ruby + "\n"},
		{"one with a revision", "", map[string]string{".buildpacks": ruby + "#v1.2\n"}, ruby + "#v1.2\n"},
	} {
		w := plugintest.Make(t, others, Plugin)
		if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("blog"), 0o755); err != nil {
			t.Fatal(err)
		}
		if c.set != "" {
			w.Dokku("buildpacks:set", "blog", c.set)
		}
		dir := t.TempDir()
		for name, text := range c.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if r := w.Fire("post-extract", "blog", dir, "rev"); r.Code != 0 {
			t.Errorf("%s: %+v", c.what, r)
		}
		got, err := os.ReadFile(filepath.Join(dir, ".buildpacks"))
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
	}
}

// Security: a link in the source must not make a deploy write or read elsewhere.
func TestALinkIsNotWrittenThrough(t *testing.T) {
	w := plugintest.Make(t, others, Plugin)
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("blog"), 0o755); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("heroku/secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, ".buildpacks")); err != nil {
		t.Fatal(err)
	}
	if r := w.Fire("post-extract", "blog", dir, ""); r.Code == 0 || strings.Contains(r.Stderr, "secret") && !strings.Contains(r.Stderr, ".buildpacks") {
		t.Errorf("%+v", r)
	}
	w.Dokku("buildpacks:set", "blog", "heroku/nodejs")
	if r := w.Fire("post-extract", "blog", dir, ""); r.Code != 0 {
		t.Errorf("%+v", r)
	}
	if text, err := os.ReadFile(outside); string(text) != "heroku/secret\n" || err != nil {
		t.Errorf("the file outside has %q, %v", text, err)
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"heroku/nodejs", "nodejs", "/nodejs", "http://nodejs", "https://github.com/a/b.git#v1", "git@github.com:a/b.git", "https://x/y/z\nrm", "a b/c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		url, err := ParseURL(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(string(url), " \t\r\n\x00") || strings.HasPrefix(string(url), "-") || strings.HasPrefix(string(url), "#") {
			t.Errorf("%q became %q", s, url)
		}
		if again, err := ParseURL(string(url)); err != nil || again != url {
			t.Errorf("%q is not stable: %q, %v", url, again, err)
		}
	})
}
