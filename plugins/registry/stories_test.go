package registry_test

import (
	"os"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/storytest"
)

func TestStories(t *testing.T) { storytest.Run(t) }

// Security: logins are readable by their owner alone, and not printed.
func TestLoginsAreKeptFromOthers(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
	r := w.Dokku("registry:login", storytest.App, "registry.example.com", "ann", "s3cret")
	if r.Code != 0 || strings.Contains(r.Stdout+r.Stderr, "s3cret") {
		t.Fatalf("%+v", r)
	}
	path := w.Host.Store.LibPath("config", "registry", storytest.App, "config.json")
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st, err)
	}
	for _, argv := range [][]string{{"registry:report", storytest.App}, {"registry:report", storytest.App, "--format", "json"}} {
		if r := w.Dokku(argv...); strings.Contains(r.Stdout+r.Stderr, "YW5u") { // ann… in base64
			t.Errorf("%q shows the login: %+v", argv, r)
		}
	}
}

// Tags that only others use do not fill this host.
func TestExtraTagsAreNotKeptHere(t *testing.T) {
	w := plugintest.MakeAll(t, storytest.Features)
	engine := w.Host.Docker.(*fake.Engine)
	for _, argv := range [][]string{
		{"registry:login", storytest.App, "registry.example.com", "ann", "s3cret"},
		{"registry:set", storytest.App, "server", "registry.example.com"},
		{"registry:set", storytest.App, "push-on-release", "true"},
		{"registry:set", storytest.App, "push-extra-tags", "prod"},
	} {
		if r := w.Dokku(argv...); r.Code != 0 {
			t.Fatalf("%q: %+v", argv, r)
		}
	}
	if r := w.Fire("post-release-builder", "dockerfile", storytest.App, "dokku/"+storytest.App+":latest"); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	name := "registry.example.com/dokku/" + storytest.App
	if _, err := engine.ImageInspect(t.Context(), name+":1"); err != nil {
		t.Error(err)
	}
	if _, err := engine.ImageInspect(t.Context(), name+":prod"); err == nil {
		t.Error("the extra tag is here")
	}
	var pushed []string
	for _, call := range engine.Calls() {
		if ref, ok := strings.CutPrefix(call, "ImagePush "); ok {
			pushed = append(pushed, ref)
		}
	}
	if got, want := strings.Join(pushed, " "), name+":prod "+name+":1"; got != want {
		t.Errorf("pushed %s, want %s", got, want)
	}
}
