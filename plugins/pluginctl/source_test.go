package pluginctl

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestNameOf(t *testing.T) {
	for url, want := range map[string]string{
		"https://github.com/dokku/dokku-postgres.git": "postgres", "git@example.com:me/dokku-x": "x", "git@example.com:dokku-x.git": "x",
		"file:///root/plugin/": "plugin", "https://h/a/dokku-b.tar.gz?x=1": "b", "https://h/c.tgz": "c",
	} {
		if got, err := nameOf(url); string(got) != want || err != nil {
			t.Errorf("%s: %s %v", url, got, err)
		}
	}
	for _, url := range []string{"", "file:///", "https://h/..", "https://h/.git", "https://h/-x", "https://h/dokku-"} {
		if got, err := nameOf(url); err == nil {
			t.Errorf("%s: %s", url, got)
		}
	}
}

func TestParseSourceTakesWhatItNamesOnly(t *testing.T) {
	for _, s := range []string{
		"https://github.com/dokku/dokku-postgres.git", "ssh://git@h/x", "git://h/x", "git@h:x/y.git", "http://h/x.tar.gz", "https://h/x.tgz",
	} {
		if _, err := parseSource(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "x", "YABBA_DABBA_DOO", "http://h/x.git", "ext::sh -c id", "ext::id", "--upload-pack=id", "-x", "file://relative",
		"/path/to/nonexistent/dir", "file:///path/to/nonexistent.tar.gz", "https://", "https://-x/y", "ssh://-oProxyCommand=id/x",
		"git@-h:-x", "git@h:-x", "ftp://h/x.tar.gz", "https://h/a b", "x.tar.gz",
	} {
		if got, err := parseSource(s); err == nil {
			t.Errorf("%q: %+v", s, got)
		}
	}
}

func FuzzParseSource(f *testing.F) {
	f.Add("https://github.com/dokku/dokku-postgres.git")
	f.Add("git@h:x")
	f.Add("ext::id")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseSource(s)
		if err != nil {
			return
		}
		if strings.HasPrefix(got.at, "-") || strings.Contains(got.at, "::") && got.kind == repository && !strings.Contains(got.at, "://") && !strings.HasPrefix(got.at, "git@") {
			t.Errorf("%q is taken as %+v", s, got)
		}
		if name, err := nameOf(s); err == nil && (strings.ContainsAny(string(name), "/\\") || strings.HasPrefix(string(name), ".")) {
			t.Errorf("%q has the name %q", s, name)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"postgres", "20_events", "..", "-x", "a/b", "a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := ParseName(s)
		if err == nil && (string(name) != s || filepath.Base(s) != s || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-") || strings.ContainsAny(s, "\x00\n ")) {
			t.Errorf("%q is accepted as %q", s, name)
		}
	})
}
