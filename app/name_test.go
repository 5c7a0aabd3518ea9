package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/app"
)

func FuzzName(f *testing.F) {
	for _, s := range []string{"blog", "blog.example.com", "..", "a..b", "-a", "Blog", "a/b", "a\n", strings.Repeat("a", 64)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var name app.Name
		if name.UnmarshalText([]byte(s)) != nil {
			return
		}
		if again, err := app.ParseName(string(name)); again != name || err != nil || string(name) != s {
			t.Errorf("%q is %q, and that is %q, %v", s, name, again, err)
		}
		if filepath.Base(s) != s || strings.ContainsAny(s, "\x00\n: ") || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-") || len(s) > 63 {
			t.Errorf("%q is accepted", s)
		}
	})
}

func FuzzProcessType(f *testing.F) {
	f.Add("web")
	f.Add("web.1")
	f.Add("web\n")
	f.Add("a/b")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := app.ParseProcessType(s)
		if err == nil && (got != s || filepath.Base(s) != s || strings.ContainsAny(s, "\x00\n,=. ") || len(s) > 63) {
			t.Errorf("%q is accepted as %q", s, got)
		}
	})
}
