package config_test

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/config"
)

func TestStories(t *testing.T) { plugintest.Run(t, config.Plugin) }

func TestBundleHasOneFilePerVariable(t *testing.T) {
	w := plugintest.Make(t, config.Plugin)
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("blog"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A": "1", "EMPTY": "", "LINES": "a\nb\n"}
	if err := w.Host.Store.SetEnv("blog", want); err != nil {
		t.Fatal(err)
	}
	r := w.Dokku("config:bundle", "blog")
	if r.Code != 0 {
		t.Fatal(r)
	}
	got := map[string]string{}
	archive := tar.NewReader(strings.NewReader(r.Stdout))
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(archive)
		if err != nil || h.Mode != 0o600 {
			t.Fatal(h, err)
		}
		got[h.Name] = string(b)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Any value comes back as it was set, through the file and through exports.
func FuzzRoundTrip(f *testing.F) {
	for _, v := range []string{"", "a", "a b", "it's \"q\"", "$HOME `x` !", "a\nb\r\n", `\`, `ends in \\`, "007", "1e3", "#", " x ", "\t", "é☃", "'", `"`, "a=b"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		w := plugintest.Make(t, config.Plugin)
		if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir("blog"), 0o755); err != nil {
			t.Fatal(err)
		}
		r := w.Dokku("config:set", "blog", "KEY="+value, "OTHER=1")
		if strings.ContainsRune(value, 0) {
			if r.Code != 1 {
				t.Fatalf("a NUL byte was taken: %+v", r)
			}
			return
		}
		if r.Code != 0 {
			t.Fatalf("%q: %+v", value, r)
		}
		env, err := w.Host.Store.Env("blog")
		if err != nil || env["KEY"] != value || env["OTHER"] != "1" {
			t.Fatalf("%q became %q: %v", value, env, err)
		}
		envfile := w.Dokku("config:export", "--format", "envfile", "blog")
		if again := w.Run(plugintest.Root, envfile.Stdout, "config:import", "--replace", "blog", "-"); again.Code != 0 {
			t.Fatalf("%q: %+v", value, again)
		}
		if env, err = w.Host.Store.Env("blog"); err != nil || env["KEY"] != value {
			t.Fatalf("%q became %q by export and import: %v", value, env, err)
		}
	})
}
